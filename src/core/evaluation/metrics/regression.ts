import { quantile } from '../../statistics/bootstrap.ts'
import { normalTwoSided } from '../../statistics/distributions.ts'
import { twoSidedQuantile, waldInterval } from '../../statistics/interval.ts'
import { moments, sum } from '../../statistics/means.ts'
import { derived, type Sample } from '../sample.ts'
import { byInfluence, type Influence } from './influence.ts'
import { absoluteErrors } from './losses.ts'
import type { Method, Metric } from './metric.ts'

const rootMeanSquare = derived((sample): Influence => {
  const squares = absoluteErrors(sample).map(error => error * error)
  const mean = sum(squares) / sample.rows
  const value = Math.sqrt(mean)
  return { value, scale: value, effects: squares.map(square => (value === 0 ? 0 : (square - mean) / (2 * value * sample.rows))) }
})

const explained = derived((sample): Influence => {
  // By the labels themselves: their sum of squares around a rounded mean need not be 0.
  if (sample.labels.every(label => label === sample.labels[0])) return { undefined: 'every row has the same label' }
  // From the first label on: the mean of large labels that are close together would lose the digits in which they differ.
  const shifted = Float64Array.from(sample.labels, label => label - (sample.labels[0] as number))
  const mean = sum(shifted) / sample.rows
  const spread = shifted.map(label => (label - mean) ** 2)
  const total = sum(spread)
  const squares = absoluteErrors(sample).map(error => error * error)
  const ratio = sum(squares) / total
  return {
    value: 1 - ratio,
    scale: 1 + Math.abs(1 - ratio),
    effects: squares.map((square, row) => -(square - ratio * (spread[row] as number)) / total),
  }
})

/** The median absolute error with the interval between order statistics, and what that says of its standard error. */
const median = (sample: Sample, { confidence }: Pick<Method, 'confidence'>) => {
  const sorted = absoluteErrors(sample).slice().sort()
  const n = sorted.length
  const z = twoSidedQuantile(confidence)
  const reach = (z * Math.sqrt(n)) / 2
  const below = Math.floor(n / 2 - reach) - 1
  const above = Math.ceil(n / 2 + reach)
  const value = quantile(sorted, 0.5)
  const interval = below < 0 || above >= n ? null : { low: sorted[below] as number, high: sorted[above] as number }
  return { value, interval, error: interval ? (interval.high - interval.low) / (2 * z) : null }
}

const medianAbsoluteError: Metric = {
  name: 'median_ae',
  title: 'median absolute error',
  tasks: ['regression'],
  direction: 'lower',
  needs: 'prediction',
  support: sample => sample.rows,
  measure: (sample, method) => {
    const { value, interval } = median(sample, method)
    return { value, interval, method: 'order statistics' }
  },
  compare: (challenger, champion, method) => {
    const [ours, theirs] = [median(challenger, method), median(champion, method)]
    const test = 'paired medians by their order statistics'
    if (ours.error === null || theirs.error === null) {
      return { interval: null, method: test, test, statistic: null, p: null, error: null }
    }
    // The two medians move together as far as the same rows lie below both.
    const sides = (sample: Sample, value: number): Float64Array => absoluteErrors(sample).map(error => (error <= value ? 1 : -1))
    const [a, b] = [sides(challenger, ours.value), sides(champion, theirs.value)]
    const [meanA, meanB] = [moments(a).mean, moments(b).mean]
    const scale = Math.sqrt((1 - meanA ** 2) * (1 - meanB ** 2))
    const together = scale > 0 ? (sum(a.map((side, row) => side * (b[row] as number))) / a.length - meanA * meanB) / scale : 0
    const gap = ours.value - theirs.value
    const same = absoluteErrors(challenger).every((error, row) => error === absoluteErrors(champion)[row])
    const error = same ? 0 : Math.sqrt(Math.max(0, ours.error ** 2 + theirs.error ** 2 - 2 * together * ours.error * theirs.error))
    const statistic = error > 0 ? gap / error : null
    return {
      interval: waldInterval(gap, error, method.confidence),
      method: 'order statistics',
      test,
      statistic,
      p: statistic === null ? null : normalTwoSided(statistic),
      error,
    }
  },
}

/** Regression metrics that are not plain means. */
export const regressionMetrics: readonly Metric[] = [
  {
    name: 'rmse',
    title: 'RMSE',
    tasks: ['regression'],
    direction: 'lower',
    needs: 'prediction',
    support: sample => sample.rows,
    ...byInfluence(rootMeanSquare, false),
  },
  {
    name: 'r2',
    title: 'R²',
    tasks: ['regression'],
    direction: 'higher',
    needs: 'prediction',
    support: sample => sample.rows,
    ...byInfluence(explained, false),
  },
  medianAbsoluteError,
]
