import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Comparison, chanceGap, disparity, pairsAmong, type RateComparison } from '../../../src/core/evaluation/fairness.ts'
import { wilsonInterval } from '../../../src/core/statistics/proportions.ts'
import { drawBinomial, uniform } from '../../../src/core/statistics/random.ts'

type Counts = readonly (readonly [number, number])[]

/** A rate of groups given as [right, of]. */
const rateOf = (counts: Counts, reference: number | null = null, confidence = 0.95): RateComparison => {
  const strict = 1 - (1 - confidence) / pairsAmong(counts.length, reference !== null)
  return {
    reference,
    groups: counts.map(([right, of]) => ({
      value: right / of,
      limits: wilsonInterval(right, of, confidence),
      wide: wilsonInterval(right, of, strict),
    })),
  }
}
const kinds = ['difference', 'ratio'] as const

describe('the gap between groups', () => {
  // Questions and answers on the Uniform Guidelines (EEOC 1979): the rates .60, .45, .48, .51, each against the highest.
  it.each([
    [45, 0.75],
    [48, 0.8],
    [51, 0.85],
  ])('of 60 and %i of 100 is a ratio of %f', (fewer, ratio) => {
    expect(
      disparity('ratio', [
        rateOf([
          [60, 100],
          [fewer, 100],
        ]),
      ]).value,
    ).toBeCloseTo(ratio, 12)
    expect(
      disparity('difference', [
        rateOf([
          [60, 100],
          [fewer, 100],
        ]),
      ]).value,
    ).toBeCloseTo(0.6 - fewer / 100, 12)
  })
  it('is that of the extremes, or of the group furthest from the reference', () => {
    const counts: Counts = [
      [50, 100],
      [80, 100],
      [65, 100],
    ]
    expect(disparity('difference', [rateOf(counts)]).value).toBeCloseTo(0.3, 12)
    expect(disparity('difference', [rateOf(counts, 2)]).value).toBeCloseTo(0.15, 12)
    expect(disparity('ratio', [rateOf(counts, 2)]).value).toBeCloseTo(50 / 65, 12)
  })
  it('is the worse of two rates', () => {
    const [close, far] = [
      rateOf([
        [50, 100],
        [55, 100],
      ]),
      rateOf([
        [10, 100],
        [40, 100],
      ]),
    ]
    expect(disparity('difference', [close, far])).toEqual(disparity('difference', [far, close]))
    expect(disparity('difference', [close, far]).value).toBeCloseTo(0.3, 12)
    expect(disparity('ratio', [close, far]).value).toBeCloseTo(0.25, 12)
  })
  it('0 / 0 is nothing, neither 0 nor 1; 0 by something is 0', () => {
    expect(
      disparity('ratio', [
        rateOf([
          [0, 50],
          [0, 60],
        ]),
      ]),
    ).toEqual({ value: Number.NaN, interval: null })
    expect(
      disparity('ratio', [
        rateOf([
          [5, 50],
          [0, 60],
          [0, 60],
        ]),
      ]).value,
    ).toBe(0)
    expect(
      disparity('ratio', [
        rateOf(
          [
            [5, 50],
            [0, 60],
            [0, 60],
          ],
          1,
        ),
      ]).value,
    ).toBeNaN()
    expect(
      disparity('difference', [
        rateOf([
          [0, 50],
          [0, 60],
        ]),
      ]).value,
    ).toBe(0)
  })
  it('has an interval with a width even where every row of every group is right', () => {
    expect(
      disparity('difference', [
        rateOf([
          [30, 30],
          [30, 30],
        ]),
      ]).interval?.high,
    ).toBeGreaterThan(0.1)
    expect(
      disparity('ratio', [
        rateOf([
          [30, 30],
          [30, 30],
        ]),
      ]).interval?.low,
    ).toBeLessThan(0.9)
  })
  it('has no interval where a group has none', () => {
    const rate = rateOf([
      [5, 10],
      [7, 10],
    ])
    const [first, second] = rate.groups
    if (!first || !second) throw new Error('two groups')
    expect(disparity('difference', [{ ...rate, groups: [first, { ...second, limits: null }] }])).toMatchObject({ interval: null })
  })
  it('lies in its interval, within 0 and 1, whatever the order of the groups', () => {
    const count = fc.integer({ min: 1, max: 400 }).chain(of => fc.tuple(fc.integer({ min: 0, max: of }), fc.constant(of)))
    fc.assert(
      fc.property(fc.array(count, { minLength: 2, maxLength: 8 }), fc.constantFrom(...kinds), (counts, kind) => {
        const { value, interval } = disparity(kind, [rateOf(counts)])
        const turned = disparity(kind, [rateOf(counts.toReversed())])
        expect(turned.value).toEqual(value)
        if (interval === null) return expect(counts.every(([right]) => right === 0)).toBe(true)
        expect(turned.interval?.low).toBeCloseTo(interval.low, 12)
        expect(turned.interval?.high).toBeCloseTo(interval.high, 12)
        expect(interval.low).toBeGreaterThanOrEqual(0)
        expect(interval.high).toBeLessThanOrEqual(1)
        expect(interval.low).toBeLessThanOrEqual(value + 1e-12)
        expect(interval.high).toBeGreaterThanOrEqual(value - 1e-12)
      }),
      { seed: 20240601 },
    )
  })
})

describe('chance', () => {
  const random = uniform(20240601)
  const trials = 1000
  const share = (
    kind: Comparison['kind'],
    truth: readonly number[],
    rows: number,
    wrong: (low: number, high: number) => boolean,
  ): number => {
    let found = 0
    for (let trial = 0; trial < trials; trial++) {
      const { interval } = disparity(kind, [rateOf(truth.map(p => [drawBinomial(random, rows, p), rows] as const))])
      if (interval === null || wrong(interval.low, interval.high)) found++
    }
    return found / trials
  }
  /** Four standard errors above 5 % in 1,000 trials. */
  const most = 0.05 + 4 * Math.sqrt((0.05 * 0.95) / trials)

  it.each([
    [2, 0.26],
    [5, 0.76],
    [10, 0.97],
  ])('%i equal groups of 30 rows are not proven to differ by 0.1, although the seen gap is larger in %f of cases', (groups, often) => {
    let larger = 0
    for (let trial = 0; trial < 5000; trial++) {
      const right = Array.from({ length: groups }, () => drawBinomial(random, 30, 0.8))
      if (Math.max(...right) - Math.min(...right) > 3) larger++
    }
    expect(larger / 5000).toBeCloseTo(often, 1)
    expect(share('difference', Array(groups).fill(0.8), 30, low => low > 0.1)).toBeLessThan(0.01)
    const median = chanceGap('difference', Array(groups).fill(30), 0.8, { seed: 1, resamples: 2000 })
    expect(median > 0.1).toBe(often > 0.5)
  })
  it.each([
    ['difference', [0.8, 0.7], 300],
    ['difference', [0.8, 0.8, 0.8, 0.8, 0.7], 300],
    ['difference', [0.8, 0.775, 0.75, 0.725, 0.7], 300],
    ['ratio', [0.5, 0.4], 300],
    ['ratio', [0.1, 0.1, 0.08, 0.05], 300],
  ] as const)('the interval of a %s holds the true one of %j in 95 %% of cases', (kind, truth, rows) => {
    const [least, largest] = [Math.min(...truth), Math.max(...truth)]
    const gap = kind === 'difference' ? largest - least : least / largest
    expect(share(kind, truth, rows, (low, high) => low > gap || high < gap)).toBeLessThan(most)
  })
})
