import { describe, expect, it } from 'vitest'
import { areaOf, delongDifferenceError, placements } from '../../../src/core/statistics/auc.ts'
import { bootstrapCells, percentileInterval } from '../../../src/core/statistics/bootstrap.ts'
import { normalQuantile } from '../../../src/core/statistics/distributions.ts'
import { meanInterval, meanTest, moments, sum } from '../../../src/core/statistics/means.ts'
import {
  mcnemarExact,
  mcnemarMidP,
  pairedProportionError,
  tangoInterval,
  tangoStatistic,
  wilsonInterval,
} from '../../../src/core/statistics/proportions.ts'
import { drawBinomial, uniform } from '../../../src/core/statistics/random.ts'
import { ascending, ascendingOrder } from '../../../src/core/statistics/ranking.ts'

describe('Wilson interval (Newcombe 1998)', () => {
  it.each([
    [81, 263, 0.2552885199, 0.366209577],
    [15, 148, 0.0623863995, 0.1604872417],
    [0, 20, 0, 0.1611251581],
    [1, 29, 0.0061132143, 0.1717552188],
  ])('%i of %i', (successes, trials, low, high) => {
    const interval = wilsonInterval(successes, trials, 0.95)
    expect(interval.low).toBeCloseTo(low, 9)
    expect(interval.high).toBeCloseTo(high, 9)
  })
})

describe('McNemar', () => {
  it.each([
    [121, 59, 4.4344492637555101e-6, 3.26664679577457e-6],
    [15, 19, 0.60759136127308, 0.499559833202511],
    [1, 7, 0.0703125, 0.0390625],
    [150, 86, 3.71593614e-5, 2.89338952e-5],
    [0, 1, 1, 0.5],
    [5, 5, 1, 0.876953125],
    [0, 0, 1, 1],
  ])('(%i, %i): exact and mid-p', (b, c, exact, mid) => {
    expect(Math.abs(mcnemarExact(b, c) / exact - 1)).toBeLessThan(1e-8)
    expect(Math.abs(mcnemarMidP(b, c) / mid - 1)).toBeLessThan(1e-8)
  })
})

describe('Tango', () => {
  it('gives the published statistic and interval', () => {
    expect(tangoStatistic(0, 1, 44, -0.1)).toBeCloseTo(1.70856428594, 9)
    const { low, high } = tangoInterval(150, 86, 1600, 0.95)
    expect(low).toBeCloseTo(0.0213615648, 8)
    expect(high).toBeCloseTo(0.0589980333, 8)
    expect(pairedProportionError(150, 86, 1600)).toBeCloseTo(0.00954921, 7)
  })
  it('stays inside [-1, 1] and holds 0 where nothing differs', () => {
    const same = tangoInterval(0, 0, 30, 0.95)
    expect(same.low).toBeLessThan(0)
    expect(same.high).toBeGreaterThan(0)
    expect(tangoInterval(30, 0, 30, 0.95).high).toBe(1)
    expect(tangoInterval(0, 30, 30, 0.95).low).toBe(-1)
  })
})

describe('ROC AUC', () => {
  it('equals Hanley and McNeil (1982) with heavy ties', () => {
    const normal = [33, 6, 6, 11, 2]
    const abnormal = [3, 2, 2, 11, 33]
    const rows = [normal, abnormal].flatMap((counts, label) =>
      counts.flatMap((count, rating) => Array.from({ length: count }, () => [label, rating])),
    )
    const labels = Uint8Array.from(rows, ([label]) => label as number)
    const scores = Float64Array.from(rows, ([, rating]) => rating as number)
    const ranks = ascending(scores)
    const found = placements(labels, ranks)
    expect(found.auc).toBeCloseTo(0.893171061528, 11)
    const inOrder = Uint8Array.from(ranks.order, row => labels[row] as number)
    const area = areaOf(inOrder, ranks.starts)
    expect(area.auc).toBe(found.auc)
    expect(area.error).toBeCloseTo(0.0307244084, 9)
    expect(delongDifferenceError(found, found)).toBe(0)
  })
})

describe('means', () => {
  it('paired t', () => {
    const found = moments([1.2, -0.3, 0.5, 0.8, -0.1, 0.4, 0.6, 0.2])
    const test = meanTest(found)
    expect(test?.statistic).toBeCloseTo(2.418748717181834, 12)
    expect(test?.p).toBeCloseTo(0.04617692725904937, 10)
    expect(meanInterval(found, 0.95)?.low).toBeGreaterThan(0)
    expect(meanInterval(moments([1]), 0.95)).toBeNull()
  })
  it('equal values up to rounding have no error, and no test', () => {
    for (const values of [
      new Float64Array(7).fill(0.1),
      Float64Array.from({ length: 9 }, (_, row) => Math.abs(row / 7 - (row / 7 + 0.1))),
    ]) {
      const found = moments(values)
      expect(found.error).toBe(0)
      expect(meanTest(found)).toBeNull()
    }
    expect(moments([1, 1 + 1e-9]).error).toBeGreaterThan(0)
  })
  it('sums with compensation', () => {
    expect(sum([1e16, 1, -1e16])).toBe(1)
    expect(sum(new Float64Array(1_000_000).fill(0.1))).toBe(100_000)
  })
})

describe('normal quantile', () => {
  // scipy.stats.norm.ppf
  it.each([
    [0.975, 1.959963984540054],
    [0.1, -1.2815515655446004],
    [1e-6, -4.753424308822899],
    [1e-12, -7.034483825301131],
  ])('of %f', (p, z) => {
    expect(Math.abs(normalQuantile(p) / z - 1)).toBeLessThan(1e-12)
  })
})

describe('sorting', () => {
  it('orders as a comparator does, in both of its ways', () => {
    const random = uniform(7)
    for (const size of [100, 5000]) {
      const values = Float64Array.from({ length: size }, () => Math.round((random() - 0.5) * 400) / 100)
      values[3] = -0
      values[4] = 0
      const expected = Uint32Array.from(values.keys()).sort((a, b) => (values[a] as number) - (values[b] as number) || a - b)
      expect(ascendingOrder(values)).toEqual(expected)
    }
  })
})

describe('resampling', () => {
  it('draws binomials with the right mean and variance in both of its ways', () => {
    const random = uniform(1)
    for (const [n, p] of [
      [30, 0.1],
      [1000, 0.3],
      [5000, 0.9],
    ] as const) {
      const draws = Float64Array.from({ length: 20000 }, () => drawBinomial(random, n, p))
      const { mean, error } = moments(draws)
      expect(Math.abs(mean - n * p)).toBeLessThan(5 * error)
      const variance = error * error * draws.length
      expect(Math.abs(variance / (n * p * (1 - p)) - 1)).toBeLessThan(0.06)
    }
  })
  it('has the exact variance of an accuracy difference, and repeats itself', () => {
    const counts = Float64Array.of(700, 150, 90, 60)
    const draw = () =>
      bootstrapCells(counts, { seed: 20240601, resamples: 4000 }, drawn => ((drawn[1] as number) - (drawn[2] as number)) / 1000)
    const exact = pairedProportionError(150, 90, 1000)
    expect(Math.abs(draw().error / exact - 1)).toBeLessThan(4 / Math.sqrt(8000))
    expect(percentileInterval(draw(), 0.95)).toEqual(percentileInterval(draw(), 0.95))
  })
})
