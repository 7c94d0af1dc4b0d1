import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeReadings, type Reading } from '../../../src/core/reported/merge.ts'

const reading = (file: string, rank: number, metrics: Reading['metrics']): Reading => ({ file, rank, metrics })

describe('readings put together', () => {
  it('take each metric from the file that counts most, and others fill in what it lacks', () => {
    const merged = mergeReadings([
      reading('low', 2, { auc: 0.99, f1: 0.8, '__proto__ ': 1 }),
      reading('high', 1, { auc: 'NaN', loss: 0.1 }),
    ])
    expect(merged.reported).toEqual({ auc: 'NaN', loss: 0.1, f1: 0.8, '__proto__ ': 1 })
    expect(merged.from).toEqual({ auc: 'high', loss: 'high', f1: 'low', '__proto__ ': 'low' })
    expect(merged.disputed).toEqual([])
    expect(merged.overruled).toEqual(['low holds other values of auc than high: those of high count'])
  })
  it('leave out what files of one rank disagree on, for good', () => {
    const merged = mergeReadings([
      reading('train.json', 1, { auc: 0.99, same: 'NaN' }),
      reading('test.json', 1, { auc: 0.8, same: 'NaN', f1: 0.7 }),
      reading('again.json', 1, { auc: 0.99 }),
      reading('low', 2, { auc: 0.99 }),
    ])
    expect(merged.reported).toEqual({ same: 'NaN', f1: 0.7 })
    expect(merged.disputed).toEqual([
      'train.json and test.json and again.json hold different values of auc, so none is taken: name the file that counts in train.metrics',
    ])
  })
  it('say nothing of a file that agrees, and no more than five names', () => {
    const many = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`m${n}`, n]))
    const others = Object.fromEntries(Object.entries(many).map(([name, value]) => [name, value + 1]))
    expect(mergeReadings([reading('a', 1, many), reading('b', 2, many)]).overruled).toEqual([])
    expect(mergeReadings([reading('a', 1, many), reading('b', 2, others)]).overruled).toEqual([
      'b holds other values of m0, m1, m2, m3, m4 and 3 more than a: those of a count',
    ])
  })
  it('never put another number in the place of one that counts more', () => {
    const value = fc.constantFrom<Reading['metrics'][string]>('NaN', 'Infinity', 0.5, 0.9)
    const metrics = fc.dictionary(fc.constantFrom('auc', 'f1', '__proto__', 'constructor'), value)
    const readings = fc.array(fc.record({ file: fc.constantFrom('a', 'b', 'c'), rank: fc.integer({ min: 0, max: 3 }), metrics }))
    fc.assert(
      fc.property(readings, list => {
        const { reported, from } = mergeReadings(list)
        for (const name of ['auc', 'f1', '__proto__', 'constructor']) {
          const holders = list.filter(one => Object.hasOwn(one.metrics, name))
          const first = Math.min(...holders.map(one => one.rank))
          const words = new Set(holders.filter(one => one.rank === first).map(one => one.metrics[name]))
          const expected = words.size === 1 ? [...words][0] : undefined
          expect(Object.hasOwn(reported, name) ? reported[name] : undefined).toBe(expected)
          expect(Object.hasOwn(from, name)).toBe(expected !== undefined)
        }
      }),
      { numRuns: 500 },
    )
  })
})
