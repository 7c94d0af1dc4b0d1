import type { Estimate } from '../comparison/assessment.ts'
import type { RateName } from './fairness.ts'
import type { Group } from './groups.ts'
import { estimateOf, type Method, type Metric } from './metrics/metric.ts'
import { metricOf } from './metrics.ts'
import { derived, partOf, type Sample } from './sample.ts'

/** The rows of a group. */
export interface GroupRows {
  readonly value: string
  readonly rows: number
  readonly sample: Sample
}

/** The rows of each group, without the columns that rates do not need. */
export const groupRows = (sample: Sample, groups: readonly Group[]): GroupRows[] => {
  const lean: Sample = { ...sample, scores: null, probabilities: null }
  return groups.map(({ value, rows }) => ({ value, rows: rows.length, sample: partOf(lean, rows) }))
}

/** The same rows with every label positive: their accuracy is the share that is predicted positive. */
const allPositive = derived((sample): Sample => ({ ...sample, labels: new Uint8Array(sample.rows).fill(1) }))

/** The same rows with the answers turned round: their specificity is the share of negatives that is predicted positive. */
const turned = derived(
  (sample): Sample => ({ ...sample, predicted: sample.predicted && Uint8Array.from(sample.predicted, code => 1 - code) }),
)

const sources: Record<RateName, readonly [metric: string, form: (sample: Sample) => Sample]> = {
  selection_rate: ['accuracy', allPositive],
  true_positive_rate: ['recall', sample => sample],
  false_positive_rate: ['specificity', turned],
  positive_predictive_value: ['precision', sample => sample],
  accuracy: ['accuracy', sample => sample],
}

/** A rate of a group of a binary model, measured as the metric that it is: with weights and clusters where there are any, and undefined where its denominator is empty. */
export const rateOf = (name: RateName, group: GroupRows, method: Method): Estimate => {
  const [metric, form] = sources[name]
  return estimateOf(metricOf(metric, 'binary') as Metric, form(group.sample), method)
}
