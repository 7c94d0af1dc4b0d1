import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countsBetween } from '../../../src/core/rollout/batch.ts'
import { type SeriesCounters, seriesGrowth, summed } from '../../../src/core/rollout/series.ts'

const reading = (blue: SeriesCounters, green: SeriesCounters, edges?: readonly number[]) => ({
  slots: { blue: summed(Object.values(blue)), green: summed(Object.values(green)) },
  series: { blue, green },
  ...(edges ? { edges } : {}),
})

describe('differences series by series', () => {
  it('begin from 0, end with nothing, and count all that is shown after a new beginning', () => {
    const before = { on: { total: 100, bad: 3 }, gone: { total: 50, bad: 5 }, again: { total: 900, bad: 9 } }
    const after = { on: { total: 130, bad: 4 }, again: { total: 20, bad: 2 }, begins: { total: 7, bad: 1 } }
    expect(seriesGrowth(before, after)).toEqual({ total: 57, bad: 4 })
    // A sum would have gone down, and been no window at all.
    expect(countsBetween(reading(before, { g: { total: 5, bad: 0 } }), reading(after, { g: { total: 9, bad: 1 } }), 'green')).toEqual({
      counts: { canary: 4, canaryBad: 1, stable: 57, stableBad: 4 },
    })
  })

  it('one counter of a series that goes down says that all of them began again', () => {
    expect(seriesGrowth({ a: { total: 100, bad: 9 } }, { a: { total: 120, bad: 1 } })).toEqual({ total: 120, bad: 1 })
  })

  it('take no difference to a reading without any counter: what kept them may itself have begun again', () => {
    const full = reading({ a: { total: 70_000, bad: 70 } }, {})
    expect(countsBetween(reading({}, {}), full, 'green')).toEqual({
      counts: null,
      reason: 'there was no counter at the reading before; it is counted from this one on',
      restarted: false,
    })
    expect(countsBetween(reading({}, {}), reading({}, {}), 'green')).toMatchObject({ counts: { canary: 0, stable: 0 } })
    // One slot that has had no request yet has no series, and its first ones count.
    expect(countsBetween(full, reading({ a: { total: 70_000, bad: 70 } }, { b: { total: 3, bad: 3 } }), 'green')).toMatchObject({
      counts: { canary: 3, canaryBad: 3, stable: 0 },
    })
  })

  it('are taken at the edges that both readings have', () => {
    const before = reading({ a: { total: 100, bad: 10, slower: [50, 10, 1] } }, {}, [0.1, 0.25, 1])
    const after = reading({ a: { total: 130, bad: 15, slower: [15, 4] } }, { b: { total: 8, bad: 2, slower: [2, 1] } }, [0.25, 1])
    expect(countsBetween(before, after, 'green')).toEqual({
      counts: {
        canary: 8,
        canaryBad: 2,
        stable: 30,
        stableBad: 5,
        slower: [
          { edge: 0.25, canary: 2, stable: 5 },
          { edge: 1, canary: 1, stable: 3 },
        ],
      },
    })
    expect(countsBetween(before, reading({ a: { total: 130, bad: 15, slower: [15] } }, {}, [0.5]), 'green')).toMatchObject({
      counts: null,
      reason: 'the two readings have no bucket edge in common',
    })
  })

  it('never count more than was served, whatever begins again: sums over looks are at most what every process served', () => {
    const step = fc.record({
      process: fc.integer({ min: 0, max: 3 }),
      requests: fc.integer({ min: 0, max: 50 }),
      restarts: fc.boolean(),
      seen: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const shows = [0, 0, 0, 0]
        let [served, counted] = [0, 0]
        let before: SeriesCounters = {}
        for (const { process, requests, restarts, seen } of steps) {
          if (restarts) shows[process] = 0
          shows[process] = (shows[process] ?? 0) + requests
          served += requests
          if (!seen) continue
          const after = Object.fromEntries(shows.map((total, index) => [String(index), { total, bad: 0 }]))
          counted += seriesGrowth(before, after).total
          before = after
        }
        expect(counted).toBeLessThanOrEqual(served)
      }),
    )
  })
})
