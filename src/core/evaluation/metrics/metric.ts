import type { Difference, Estimate } from '../../comparison/assessment.ts'
import type { Resampling } from '../../statistics/bootstrap.ts'
import type { Interval } from '../../statistics/interval.ts'
import { detectableDifference } from '../../statistics/power.ts'
import type { Task } from '../predictions.ts'
import { type Sample, unnoticed } from '../sample.ts'

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
      /** Standard error, for the report's arithmetic. */
      readonly error?: number
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
  /** Smallest true difference that the interval shows in 4 of 5 cases, where the error alone does not tell it; null where no difference would be. */
  readonly detectable?: number | null
}

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
export const estimateOf = (metric: Metric, sample: Sample, method: Method): Estimate => {
  const missing = unmet(metric, sample) ?? unnoticed(sample)
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
    reason: interval ? null : whyNone(measured.interval, 'an interval'),
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

/** The paired difference, challenger minus champion; undefined where either value is. */
export const differenceOf = (
  metric: Metric,
  challenger: { readonly sample: Sample; readonly estimate: Estimate },
  champion: { readonly sample: Sample; readonly estimate: Estimate },
  method: Method,
): Difference => {
  const [ours, theirs] = [challenger.estimate, champion.estimate]
  if (ours.value === null || theirs.value === null) {
    const reason = ours.value === null ? `of this run: ${ours.reason}` : `of the champion: ${theirs.reason}`
    return { ...undefinedEstimate(reason), test: null, statistic: null, p: null, detectable: null }
  }
  const compared = metric.compare(challenger.sample, champion.sample, method)
  const interval = usable(compared.interval)
  const finite = (value: number | null): number | null => (value !== null && Number.isFinite(value) ? value : null)
  const error = finite(compared.error)
  return {
    value: ours.value - theirs.value,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
    support: ours.support,
    method: interval ? compared.method : null,
    reason: interval ? null : whyNone(compared.interval, 'an interval of the difference'),
    test: compared.test,
    statistic: finite(compared.statistic),
    p: finite(compared.p),
    detectable:
      error === null || !(error > 0)
        ? null
        : finite(compared.detectable === undefined ? detectableDifference(error, method.confidence) : compared.detectable),
  }
}
