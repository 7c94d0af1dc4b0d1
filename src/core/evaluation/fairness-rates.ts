import type { Estimate } from '../comparison/assessment.ts'
import type { RateName } from './fairness.ts'
import type { Group } from './groups.ts'
import { estimateOf, type Method, type Metric } from './metrics/metric.ts'
import { metricOf } from './metrics.ts'
import { partOf, type Sample } from './sample.ts'

/** The rows of a group, in the forms that its rates are metrics of. */
export interface GroupRows {
  readonly value: string
  readonly rows: number
  readonly sample: Sample
  /** The same with every label positive: its accuracy is the share that is predicted positive. */
  readonly selected: Sample
  /** The same with the answers turned round: its specificity is the share of negatives that is predicted positive. */
  readonly turned: Sample
}

/** The rows of each group, without the columns that rates do not need. */
export const groupRows = (sample: Sample, groups: readonly Group[]): GroupRows[] => {
  const lean: Sample = { ...sample, scores: null, probabilities: null }
  return groups.map(({ value, rows }) => {
    const part = partOf(lean, rows)
    return {
      value,
      rows: part.rows,
      sample: part,
      selected: { ...part, labels: new Uint16Array(part.rows).fill(1) },
      turned: { ...part, predicted: part.predicted && Uint16Array.from(part.predicted, code => 1 - code) },
    }
  })
}

const sources = {
  selection_rate: ['accuracy', 'selected'],
  true_positive_rate: ['recall', 'sample'],
  false_positive_rate: ['specificity', 'turned'],
  positive_predictive_value: ['precision', 'sample'],
  accuracy: ['accuracy', 'sample'],
} as const satisfies Record<RateName, readonly [string, keyof GroupRows]>

/** A rate of a group of a binary model, measured as the metric that it is: with weights and clusters where there are any, and undefined where its denominator is empty. */
export const rateOf = (name: RateName, group: GroupRows, method: Method): Estimate => {
  const [metric, form] = sources[name]
  return estimateOf(metricOf(metric, 'binary') as Metric, group[form], method)
}
