import { describe, expect, it } from 'vitest'
import { calibrationError } from '../../../src/core/evaluation/metrics/calibration.ts'
import { estimateOf } from '../../../src/core/evaluation/metrics/metric.ts'
import { metricOf } from '../../../src/core/evaluation/metrics.ts'
import { confusion } from '../../../src/core/evaluation/sample.ts'
import { areaOf, delongDifferenceError, placements } from '../../../src/core/statistics/auc.ts'
import { bootstrapCells, percentileInterval } from '../../../src/core/statistics/bootstrap.ts'
import { binomial, normalQuantile, normalTwoSided } from '../../../src/core/statistics/distributions.ts'
import { equivalenceP, meanInterval, meanTest, moments, sum } from '../../../src/core/statistics/means.ts'
import {
  mcnemarChiSquared,
  mcnemarExact,
  mcnemarMidP,
  newcombeInterval,
  pairedProportionError,
  tangoInterval,
  tangoStatistic,
  wilsonInterval,
} from '../../../src/core/statistics/proportions.ts'
import { drawBinomial, uniform } from '../../../src/core/statistics/random.ts'
import { ascending, ascendingOrder } from '../../../src/core/statistics/ranking.ts'
import { binaryOf, otherOf } from '../evaluation/fixtures.ts'

// Published reference values. More examples of scikit-learn are in ../evaluation/metrics.test.ts.

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

describe('difference of two independent shares (Newcombe 1998, table II, method 10)', () => {
  it.each([
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [6, 7, 2, 7, 0.0582, 0.8062],
    [5, 56, 0, 29, -0.0381, 0.1926],
    [0, 10, 0, 20, -0.1611, 0.2775],
    [0, 10, 0, 10, -0.2775, 0.2775],
    [10, 10, 0, 20, 0.6791, 1],
    [10, 10, 0, 10, 0.6075, 1],
  ])('%i of %i, %i of %i', (successes1, trials1, successes2, trials2, low, high) => {
    const found = newcombeInterval(successes1, trials1, successes2, trials2, 0.95)
    expect(Math.abs(found.low - low)).toBeLessThanOrEqual(5e-5)
    expect(Math.abs(found.high - high)).toBeLessThanOrEqual(5e-5)
    const mirrored = newcombeInterval(successes2, trials2, successes1, trials1, 0.95)
    expect(mirrored.low).toBeCloseTo(-found.high, 14)
    expect(mirrored.high).toBeCloseTo(-found.low, 14)
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

describe("McNemar's chi-squared, as mlxtend, statsmodels, Fagerland (2013) and Agresti give it", () => {
  it.each([
    [121, 59, 21.355555555555554, 3.8151358651125936e-6, 20.672222222222221, 5.4500948254271171e-6],
    [15, 19, 0.470588235294118, 0.492716677227088, null, 0.606905427217951],
    [1, 7, 4.5, 0.0338948535, null, 0.0770998717],
    [150, 86, 17.3559322034, 3.0993e-5, null, null],
  ])('(%i, %i)', (b, c, statistic, p, correctedStatistic, correctedP) => {
    const [plain, corrected] = [mcnemarChiSquared(b, c, false), mcnemarChiSquared(b, c, true)]
    expect(plain.statistic).toBeCloseTo(statistic, 10)
    expect(Math.abs(plain.p / p - 1)).toBeLessThan(1e-5)
    // At a difference of 0 Tango's statistic is the root of it.
    expect(tangoStatistic(b, c, 5000, 0) ** 2).toBeCloseTo(statistic, 10)
    if (correctedStatistic !== null) expect(corrected.statistic).toBeCloseTo(correctedStatistic, 12)
    if (correctedP !== null) expect(Math.abs(corrected.p / correctedP - 1)).toBeLessThan(1e-8)
  })
  it('is nothing where nothing differs', () => {
    for (const corrected of [false, true]) expect(mcnemarChiSquared(0, 0, corrected)).toEqual({ statistic: 0, p: 1 })
    expect(mcnemarChiSquared(3, 3, true)).toEqual({ statistic: 0, p: 1 })
  })
})

describe('Tango', () => {
  it('gives the published statistic and interval', () => {
    const statistic = tangoStatistic(0, 1, 44, -0.1)
    expect(statistic).toBeCloseTo(1.70856428594, 9)
    expect(normalTwoSided(statistic) / 2).toBeCloseTo(0.04376584, 8)
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
    // Their own standard error, from the area alone.
    const { auc, positives, negatives } = found
    const [twoPositives, twoNegatives] = [auc / (2 - auc), (2 * auc * auc) / (1 + auc)]
    const variance = auc * (1 - auc) + (positives - 1) * (twoPositives - auc * auc) + (negatives - 1) * (twoNegatives - auc * auc)
    expect(Math.sqrt(variance / positives / negatives)).toBeCloseTo(0.0324865796, 9)
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
  it('two one-sided t tests', () => {
    const found = moments([1.2, -0.3, 0.5, 0.8, -0.1, 0.4, 0.6, 0.2])
    expect(equivalenceP(found, 1)).toBeCloseTo(0.005382837174, 11)
    const mirrored = moments([-1.2, 0.3, -0.5, -0.8, 0.1, -0.4, -0.6, -0.2])
    expect(equivalenceP(mirrored, 1)).toBeCloseTo(0.005382837174, 11)
    // Equivalent at alpha exactly where the interval of 1 - 2 alpha lies within the margin.
    const { low, high } = meanInterval(found, 0.9) ?? { low: Number.NaN, high: Number.NaN }
    expect(equivalenceP(found, Math.max(-low, high))).toBeCloseTo(0.05, 12)
    expect(equivalenceP(found, 0)).toBeGreaterThan(0.5)
    expect(equivalenceP(moments([2, 2, 2]), 3)).toBeNull()
    expect(equivalenceP(moments([2]), 3)).toBeNull()
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

describe('binomial tails', () => {
  it("are 2.5 % at Clopper and Pearson's limits of 81 of 263", () => {
    expect(1 - binomial.cdf(80, 263, 0.2527367456)).toBeCloseTo(0.025, 8)
    expect(binomial.cdf(81, 263, 0.3676219226)).toBeCloseTo(0.025, 8)
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

describe("scikit-learn's documented examples", () => {
  it('confusion counts at each threshold', () => {
    const rows = [0, 0, 1, 1].map((label, row) => ({ id: `${row}`, label, score: [0.1, 0.4, 0.35, 0.8][row] as number }))
    const at = (threshold: number) => [
      ...confusion({ ...binaryOf(rows), predicted: Uint16Array.from(rows, ({ score }) => (score >= threshold ? 1 : 0)) }),
    ]
    // True negatives, false positives, false negatives, true positives.
    expect([0.8, 0.4, 0.35, 0.1].map(at)).toEqual([
      [2, 0, 1, 1],
      [1, 1, 1, 1],
      [1, 1, 0, 2],
      [0, 2, 0, 2],
    ])
  })
  it.each([
    ['precision_macro', 0.2222],
    ['recall_macro', 0.3333],
    ['f1_macro', 0.2667],
    ['precision_micro', 0.3333],
    ['recall_micro', 0.3333],
    ['f1_micro', 0.3333],
  ])('%s', (name, value) => {
    const three = otherOf({
      task: 'multiclass',
      classes: ['0', '1', '2'],
      labels: Uint16Array.of(0, 1, 2, 0, 1, 2),
      predicted: Uint16Array.of(0, 2, 1, 0, 0, 1),
    })
    const metric = metricOf(name, 'multiclass')
    expect(metric && estimateOf(metric, three, { confidence: 0.95, seed: 1, resamples: 100 }).value).toBeCloseTo(value, 4)
  })
})

describe('expected calibration error (the documented examples of torchmetrics)', () => {
  const binary = binaryOf(
    [0, 0, 1, 1, 1].map((label, row) => ({ id: `${row}`, label, score: [0.25, 0.25, 0.55, 0.75, 0.75][row] as number })),
  )
  const columns = [
    [0.25, 0.55, 0.1, 0.9],
    [0.2, 0.05, 0.3, 0.05],
    [0.55, 0.4, 0.6, 0.05],
  ]
  const multiclass = otherOf({
    task: 'multiclass',
    classes: ['0', '1', '2'],
    labels: Uint16Array.of(0, 1, 2, 0),
    predicted: null,
    probabilities: columns.map(column => Float64Array.from(column)),
  })
  it('of two classes in 2 bins, and of three by the likeliest one in 3', () => {
    expect(calibrationError(binary, 2)).toBeCloseTo(0.29, 12)
    expect(calibrationError(multiclass, 3)).toBeCloseTo(0.2, 12)
  })
  it('by default in 15 bins', () => {
    // Here every bin of 15 has a gap of the same sign as its half.
    expect(calibrationError(binary)).toBeCloseTo(0.29, 12)
    // Bins: two of .55 that are wrong, one of .6 and one of .9 that are right.
    expect(calibrationError(multiclass)).toBeCloseTo((0.55 + 0.55 + 0.4 + 0.1) / 4, 12)
  })
})
