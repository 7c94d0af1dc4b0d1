import type { Difference, Estimate } from '../../comparison/assessment.ts'
import type { Resampling } from '../../statistics/bootstrap.ts'
import { normalTwoSided } from '../../statistics/distributions.ts'
import { type Interval, waldInterval } from '../../statistics/interval.ts'
import { type Limits, moverDifference } from '../../statistics/mover.ts'
import { detectableDifference } from '../../statistics/power.ts'
import type { Task } from '../predictions.ts'
import { type Sample, unnoticed, weighing } from '../sample.ts'

/** How uncertainty is to be computed: the two-sided confidence, and the resampling of metrics that need it. */
export interface Method extends Resampling {
  readonly confidence: number
}

/** A point and its interval, or why there is none. */
export type Measured =
  | {
      readonly value: number
      readonly interval: Interval | null
      readonly method: string
      /** Standard error, for the report's arithmetic and for two independent samples. */
      readonly error?: number
      /** Why there is no interval, where it is not that the rows are few or do not vary. */
      readonly reason?: string
    }
  | { readonly undefined: string }

/** A paired difference with its interval and its test. */
export interface Compared {
  readonly interval: Interval | null
  readonly method: string
  readonly test: string
  readonly statistic: number | null
  readonly p: number | null
  readonly error: number | null
  /** As in {@link Measured}. */
  readonly reason?: string
  /** Smallest true difference that the interval shows in 4 of 5 cases, where the error alone does not tell it; null where no difference would be. */
  readonly detectable?: number | null
}

/** A comparison that gave nothing. */
export const notCompared = (test: string, reason?: string): Compared => ({
  interval: null,
  method: test,
  test,
  statistic: null,
  p: null,
  error: null,
  ...(reason === undefined ? {} : { reason }),
})

/**
 * One metric: what it needs, how it is measured on rows and how two models are compared on the same rows. `measure` and `compare` are only called where
 * the sample has what is needed, at least one row and no problem; `compare` only where both values are defined.
 */
export interface Metric {
  readonly name: string
  /** As shown in reports. */
  readonly title: string
  readonly tasks: readonly Task[]
  readonly direction: 'higher' | 'lower'
  readonly needs: 'score' | 'prediction' | 'probabilities'
  /** Rows in the metric's own denominator: positives for recall. */
  support(sample: Sample): number
  measure(sample: Sample, method: Method): Measured
  /** `challenger` and `champion` have the same rows in the same order, with the same labels and classes. */
  compare(challenger: Sample, champion: Sample, method: Method): Compared
}

/** An estimate that is undefined, with the reason. */
export const undefinedEstimate = (reason: string, support: number | null = null): Estimate => ({
  value: null,
  low: null,
  high: null,
  support,
  method: null,
  reason,
})

const unmet = (metric: Metric, sample: Sample): string | null => {
  if (sample.problem !== null) return sample.problem
  if (sample.rows === 0) return 'there are no rows'
  if (metric.needs === 'prediction' && sample.predicted === null)
    return sample.task === 'binary'
      ? 'the predictions have no prediction column and refline.yml names no threshold'
      : 'the predictions have no prediction column'
  if (metric.needs === 'score' && sample.scores === null) return 'the predictions have no score column'
  if (metric.needs === 'probabilities' && sample.probabilities === null)
    return 'the predictions have no probability column for every class (`score_<class>` or `p_<class>`)'
  return null
}

/** The metric on a sample. Anything that is not a finite number is undefined, with a reason. */
export const estimateOf = (metric: Metric, given: Sample, method: Method): Estimate => {
  const sample = weighing(given)
  const missing = unmet(metric, sample) ?? unnoticed(given)
  if (missing !== null) return undefinedEstimate(missing)
  const support = metric.support(sample)
  const measured = metric.measure(sample, method)
  if ('undefined' in measured) return undefinedEstimate(measured.undefined, support)
  if (!Number.isFinite(measured.value)) return undefinedEstimate('its value is not a finite number', support)
  const interval = usable(measured.interval)
  return {
    value: measured.value,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
    support,
    method: interval ? measured.method : null,
    reason: interval ? null : (measured.reason ?? whyNone(measured.interval, 'an interval')),
  }
}

/**
 * An interval that says something. One of no width comes from rows that do not vary, such as a perfect order of four rows against a constant one: that is no certainty.
 * Only 0 is believed: two models that are alike on every row.
 */
const usable = (interval: Interval | null): Interval | null => {
  if (interval === null || !Number.isFinite(interval.low) || !Number.isFinite(interval.high)) return null
  return isWithoutWidth(interval) && Math.max(Math.abs(interval.low), Math.abs(interval.high)) > roundedZero ? null : interval
}

const roundedZero = 1e-15

/** Up to what double arithmetic loses. */
const isWithoutWidth = ({ low, high }: Interval): boolean => high - low <= 1e-12 * Math.max(Math.abs(low), Math.abs(high))

const whyNone = (interval: Interval | null, what: string): string =>
  interval !== null && isWithoutWidth(interval)
    ? `these rows do not vary, so they give no ${what.replace(/^an /, '')}`
    : `these rows are too few for ${what}`

const untested = { test: null, statistic: null, p: null, detectable: null } as const

const weighAlike = ({ weights: ours }: Sample, { weights: theirs }: Sample): boolean =>
  ours === theirs || (ours !== null && theirs !== null && ours.every((weight, row) => weight === theirs[row]))

const noDifference = (ours: Estimate, theirs: Estimate): Difference => ({
  ...undefinedEstimate(ours.value === null ? `of this run: ${ours.reason}` : `of the champion: ${theirs.reason}`),
  ...untested,
})

/** The paired difference, challenger minus champion; undefined where either value is. */
export const differenceOf = (
  metric: Metric,
  challenger: { readonly sample: Sample; readonly estimate: Estimate },
  champion: { readonly sample: Sample; readonly estimate: Estimate },
  method: Method,
): Difference => {
  const [ours, theirs] = [challenger.estimate, champion.estimate]
  if (ours.value === null || theirs.value === null) return noDifference(ours, theirs)
  if (!weighAlike(challenger.sample, champion.sample)) {
    return { ...undefinedEstimate('the rows weigh one thing for this run and another for the champion'), ...untested }
  }
  const compared = metric.compare(weighing(challenger.sample), weighing(champion.sample), method)
  return told(ours.value - theirs.value, ours.support, compared, method)
}

const told = (value: number, support: number | null, compared: Compared, method: Method): Difference => {
  const interval = usable(compared.interval)
  const finite = (figure: number | null): number | null => (figure !== null && Number.isFinite(figure) ? figure : null)
  const error = finite(compared.error)
  return {
    value,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
    support,
    method: interval ? compared.method : null,
    reason: interval ? null : (compared.reason ?? whyNone(compared.interval, 'an interval of the difference')),
    test: compared.test,
    statistic: finite(compared.statistic),
    p: finite(compared.p),
    detectable:
      error === null || !(error > 0)
        ? null
        : finite(compared.detectable === undefined ? detectableDifference(error, method.confidence) : compared.detectable),
  }
}

const limitsOf = ({ value, low, high }: Estimate): Limits | null =>
  value === null || low === null || high === null ? null : { value, low, high }

/**
 * The difference of two independent samples, challenger minus champion: rows that are not the same ones. Shares combine their two Wilson intervals (method 10 of
 * Newcombe 1998), so that it has a width even where nothing failed; everything else adds up the squares of the standard errors.
 */
export const independentDifferenceOf = (
  metric: Metric,
  challenger: { readonly sample: Sample; readonly estimate: Estimate },
  champion: { readonly sample: Sample; readonly estimate: Estimate },
  method: Method,
): Difference => {
  const [ours, theirs] = [challenger.estimate, champion.estimate]
  if (ours.value === null || theirs.value === null) return noDifference(ours, theirs)
  const gap = ours.value - theirs.value
  const test = 'two independent samples'
  const [mine, other] = [limitsOf(ours), limitsOf(theirs)]
  if (mine === null || other === null) {
    const reason = mine === null ? `of this run: ${ours.reason}` : `of the champion: ${theirs.reason}`
    return told(gap, ours.support, notCompared(test, reason), method)
  }
  const errorOf = (sample: Sample): number => {
    const measured = metric.measure(weighing(sample), method)
    return ('error' in measured ? measured.error : null) ?? Number.NaN
  }
  const error = Math.hypot(errorOf(challenger.sample), errorOf(champion.sample))
  const statistic = error > 0 ? gap / error : null
  const byLimits = [ours, theirs].some(estimate => estimate.method?.startsWith('wilson'))
  const compared = {
    interval: byLimits ? moverDifference(mine, other) : waldInterval(gap, error, method.confidence),
    method: byLimits ? 'newcombe' : 'wald',
    test,
    statistic,
    p: statistic === null ? null : normalTwoSided(statistic),
    error,
  }
  return told(gap, ours.support, compared, method)
}
