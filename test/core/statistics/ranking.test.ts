import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { areaOf, placements } from '../../../src/core/statistics/auc.ts'
import { averagePrecisionOf } from '../../../src/core/statistics/average-precision.ts'
import { moments, momentsOf } from '../../../src/core/statistics/means.ts'
import { orderByKey } from '../../../src/core/statistics/radix.ts'
import { uniform } from '../../../src/core/statistics/random.ts'
import { ascending, boundsOf, tieBounds } from '../../../src/core/statistics/ranking.ts'

const near = fc.integer({ min: 0, max: 5 }).map(steps => 0.7 + steps * 2 ** -53)
const number = fc.oneof(fc.double({ noNaN: true }), near, fc.constantFrom(0, -0, 1, -1, Number.MIN_VALUE, -Number.MIN_VALUE, 1e300, 0.5))

describe('the ascending order', () => {
  it('is that of a comparator, with the places where larger values begin', () => {
    fc.assert(
      fc.property(fc.array(number, { maxLength: 200 }), list => {
        const values = Float64Array.from(list)
        const { order, starts } = ascending(values)
        const expected = [...values.keys()].sort((a, b) => {
          const [one, other] = [values[a] as number, values[b] as number]
          return one < other ? -1 : one > other ? 1 : a - b
        })
        expect([...order]).toEqual(expected)
        const sorted = expected.map(row => values[row] as number)
        expect([...starts]).toEqual(sorted.map((value, place) => (place === 0 || value > (sorted[place - 1] as number) ? 1 : 0)))
        expect(boundsOf(starts)).toEqual(tieBounds(values, order))
      }),
      { numRuns: 1000, seed: 20240601 },
    )
  })
  it('of 32-bit keys is stable', () => {
    const random = uniform(3)
    const keys = Uint32Array.from({ length: 20_000 }, () => Math.floor(random() * 500) * 8_000_000)
    const before = keys.slice()
    const { order, sorted } = orderByKey(keys)
    expect([...order]).toEqual([...before.keys()].sort((a, b) => (before[a] as number) - (before[b] as number) || a - b))
    expect([...sorted]).toEqual(Array.from(order, row => before[row]))
    expect([...orderByKey(new Uint32Array(5)).order]).toEqual([0, 1, 2, 3, 4])
    expect([...orderByKey(new Uint32Array(0)).order]).toEqual([])
  })
})

describe('what is read from the order alone is what the rows give', () => {
  const random = uniform(11)
  const scores = Float64Array.from({ length: 400 }, () => Math.round(random() * 60) / 60)
  const labels = Uint8Array.from(scores, score => (random() < score ? 1 : 0))
  const ranks = ascending(scores)
  const inOrder = Uint8Array.from(ranks.order, row => labels[row] as number)

  it("area and DeLong's error", () => {
    const found = areaOf(inOrder, ranks.starts)
    const { auc, values, positives, negatives } = placements(labels, ranks)
    expect(found).toMatchObject({ auc, positives, negatives })
    let [ofPositives, ofNegatives] = [0, 0]
    values.forEach((value, row) => {
      if (labels[row] === 1) ofPositives += (value - auc) ** 2 / (positives - 1) / positives
      else ofNegatives += (value - auc) ** 2 / (negatives - 1) / negatives
    })
    expect(found.error).toBeCloseTo(Math.sqrt(ofPositives + ofNegatives), 14)
  })
  it('average precision and the error that leaving rows out gives', () => {
    const { value, error } = averagePrecisionOf(inOrder, ranks.starts)
    const weighed = (weights: Float64Array): number => {
      let [total, all] = [0, 0]
      for (const threshold of new Set(scores)) {
        let [hits, above, tied] = [0, 0, 0]
        for (let row = 0; row < scores.length; row++) {
          const weight = weights[row] as number
          const hit = labels[row] === 1 ? weight : 0
          if ((scores[row] as number) >= threshold) {
            hits += hit
            above += weight
          }
          if (scores[row] === threshold) tied += hit
        }
        all += tied
        total += (tied * hits) / above
      }
      return total / all
    }
    const ones = new Float64Array(scores.length).fill(1)
    expect(value).toBeCloseTo(weighed(ones), 12)
    let squares = 0
    for (let row = 0; row < scores.length; row++) {
      const less = ones.slice()
      const step = 1e-5
      less[row] = 1 - step
      const more = ones.slice()
      more[row] = 1 + step
      squares += ((weighed(more) - weighed(less)) / (2 * step)) ** 2
    }
    expect(error).toBeCloseTo(Math.sqrt((squares * 400) / 399), 7)
  })
  it('moments in one pass', () => {
    for (const values of [scores, scores.map(score => 1e6 + score), Float64Array.of(3), Float64Array.of(0.1, 0.1, 0.1)]) {
      const [one, two] = [momentsOf(values.length, row => values[row] as number), moments(values)]
      expect(one.mean).toBe(two.mean)
      if (Number.isNaN(two.error)) expect(one.error).toBeNaN()
      else expect(Math.abs(one.error - two.error)).toBeLessThanOrEqual(1e-12 * two.error)
    }
  })
})
