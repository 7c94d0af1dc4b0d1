import { quantile } from '../../statistics/bootstrap.ts'
import { normalTwoSided } from '../../statistics/distributions.ts'
import { twoSidedQuantile, waldInterval } from '../../statistics/interval.ts'
import { moments, sum } from '../../statistics/means.ts'
import { ascendingOrder } from '../../statistics/ranking.ts'
import { derived, type Sample, weightsOf } from '../sample.ts'
import { effectsError, type Grouping } from './clusters.ts'
import { designed } from './design.ts'
import type { Influence } from './influence.ts'
import { absoluteErrors } from './losses.ts'
import type { Method, Metric } from './metric.ts'
import { type Replicas, rowsReplicas } from './replicas.ts'

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

const plain: Metric = {
  name: 'median_ae',
  title: 'median absolute error',
  tasks: ['regression'],
  direction: 'lower',
  needs: 'prediction',
  support: sample => sample.rows,
  measure: (sample, method) => {
    const { value, interval, error } = median(sample, method)
    return { value, interval, method: 'order statistics', ...(error === null ? {} : { error }) }
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

const errorOrder = derived((sample): Uint32Array => ascendingOrder(absoluteErrors(sample)))

/**
 * The value at a share of the weight, the mean of two where the share falls between them: the averaged inverse of the distribution function, as
 * scikit-learn's weighted percentile is and with its tolerance, the spacing of doubles at 1.
 */
const weighedQuantile = (values: Float64Array, order: Uint32Array, weights: Float64Array, share: number): number => {
  let all = 0
  for (const row of order) all += weights[row] as number
  const target = share * all
  let below = 0
  for (let place = 0; place < order.length; place++) {
    const row = order[place] as number
    below += weights[row] as number
    if (below < target || weights[row] === 0) continue
    if (below - target > Number.EPSILON) return values[row] as number
    let next = place + 1
    while (next < order.length && weights[order[next] as number] === 0) next++
    return next < order.length ? ((values[row] as number) + (values[order[next] as number] as number)) / 2 : (values[row] as number)
  }
  return Number.NaN
}

const sorted = (sample: Sample, share: number, weights = weightsOf(sample)): number =>
  weighedQuantile(absoluteErrors(sample), errorOrder(sample), weights, share)

/** What each row's weight changes in the share of errors at or below a value. */
const shareEffects = (sample: Sample, value: number): Float64Array => {
  const weights = weightsOf(sample)
  const all = sum(weights)
  const errors = absoluteErrors(sample)
  let below = 0
  for (let row = 0; row < sample.rows; row++) if ((errors[row] as number) <= value) below += weights[row] as number
  return errors.map((error, row) => ((weights[row] as number) * ((error <= value ? 1 : 0) - below / all)) / all)
}

/** Woodruff's (1952) interval: the quantiles at the ends of the interval of the share below the median. */
const woodruff = (sample: Sample, error: number, confidence: number) => {
  const reach = twoSidedQuantile(confidence) * error
  return reach < 0.5 ? { low: sorted(sample, 0.5 - reach), high: sorted(sample, 0.5 + reach) } : null
}

/** Effects on the median: those on the share below it, by how far the median moves with the share, which Woodruff's interval tells. */
const medianInfluence = derived((sample): Influence => {
  const value = sorted(sample, 0.5)
  const effects = shareEffects(sample, value)
  const { error } = effectsError(sample, 1, row => effects[row] as number, [effects])
  const around = error > 0 ? woodruff(sample, error, 0.95) : null
  const slope = around ? (around.high - around.low) / (2 * twoSidedQuantile(0.95) * error) : 0
  return { value, scale: value, effects: effects.map(effect => -effect * slope) }
})

const replicas = (sample: Sample, grouping: Grouping): Replicas =>
  rowsReplicas(sample, grouping, 2, weights => sorted(sample, 0.5, weights))

/** The median absolute error: order statistics, and Woodruff's interval where rows weigh differently. */
export const medianAbsoluteError: Metric = designed(plain, {
  range: 'free',
  influence: medianInfluence,
  replicas,
  interval: (sample, value, stretch, confidence) => {
    const effects = shareEffects(sample, value)
    const share = effectsError(sample, 1, row => effects[row] as number, [effects])
    return woodruff(sample, share.error * stretch, confidence)
  },
})
