import { meanInterval, meanTest, moments, momentsOf, sum } from '../../statistics/means.ts'
import { detectableMean } from '../../statistics/power.ts'
import { classRows, derived, type Sample, totalWeight, weightsOf } from '../sample.ts'
import { type Design, designed } from './design.ts'
import type { Metric } from './metric.ts'
import { totalsReplicas } from './replicas.ts'

/** The loss of every row, or why there is none. */
type Losses = Float64Array | { readonly undefined: string }

/** The loss of a row, or why there is none: for losses of which millions are summed and none is kept. */
type LossAt = ((row: number) => number) | { readonly undefined: string }

const filled = (sample: Sample, at: LossAt): Losses => {
  if ('undefined' in at) return at
  const losses = new Float64Array(sample.rows)
  for (let row = 0; row < sample.rows; row++) losses[row] = at(row)
  return losses
}

/** Smallest probability that a logarithm is taken of: the spacing at 1 of the numbers that the scores came as, as scikit-learn clips. */
const clipOf = (sample: Sample): number => (sample.singlePrecision ? 2 ** -23 : Number.EPSILON)

/** Why these are no probabilities; null where they may be. */
export const outside = (columns: readonly Float64Array[]): string | null => {
  for (const column of columns)
    for (let row = 0; row < column.length; row++)
      if ((column[row] as number) < 0 || (column[row] as number) > 1) return 'scores are outside [0, 1], so they are not probabilities'
  return null
}

/** Why the probabilities of a row are none together, by the tolerance of scikit-learn's np.allclose(1, sum); null where they are. */
export const unevenSum = derived((sample): string | null => {
  const columns = sample.probabilities as readonly Float64Array[]
  for (let row = 0; row < sample.rows; row++) {
    let total = 0
    for (const column of columns) total += column[row] as number
    if (Math.abs(total - 1) > 1e-8 + 1e-5 * Math.abs(total)) return `the probabilities of a row sum to ${total.toPrecision(6)} and not to 1`
  }
  return null
})

const clipped = (probability: number, clip: number): number => Math.min(1 - clip, Math.max(clip, probability))

const logLossAt = (sample: Sample): LossAt => {
  const scores = sample.scores as Float64Array
  const problem = outside([scores])
  if (problem) return { undefined: problem }
  if (classRows(sample).some(count => count === 0)) return { undefined: 'every row has the same label' }
  const { labels } = sample
  const clip = clipOf(sample)
  return row => {
    const score = clipped(scores[row] as number, clip)
    return -Math.log(labels[row] === 1 ? score : 1 - score)
  }
}

const logLosses = derived((sample): Losses => {
  const { labels } = sample
  const clip = clipOf(sample)
  if (sample.task === 'binary') return filled(sample, logLossAt(sample))
  const columns = sample.probabilities as readonly Float64Array[]
  const problem = outside(columns) ?? unevenSum(sample)
  if (problem) return { undefined: problem }
  return Float64Array.from(labels, (label, row) => -Math.log(clipped(columns[label]?.[row] as number, clip)))
})

const brierLossAt = (sample: Sample): LossAt => {
  const scores = sample.scores as Float64Array
  const problem = outside([scores])
  if (problem) return { undefined: problem }
  const { labels } = sample
  return row => ((scores[row] as number) - (labels[row] as number)) ** 2
}

const brierLosses = derived((sample): Losses => {
  if (sample.task === 'binary') return filled(sample, brierLossAt(sample))
  const columns = sample.probabilities as readonly Float64Array[]
  const problem = outside(columns) ?? unevenSum(sample)
  if (problem) return { undefined: problem }
  const losses = new Float64Array(sample.rows)
  columns.forEach((column, index) => {
    for (let row = 0; row < sample.rows; row++) {
      losses[row] = (losses[row] as number) + ((column[row] as number) - (sample.labels[row] === index ? 1 : 0)) ** 2
    }
  })
  // Of two classes it is halved, so that it is what the binary one is (scikit-learn's scale_by_half="auto").
  return columns.length === 2 ? losses.map(loss => loss / 2) : losses
})

/** |label - prediction| of every row. */
export const absoluteErrors = derived(sample =>
  Float64Array.from(sample.labels, (label, row) => Math.abs(label - (sample.predicted?.[row] as number))),
)

const relativeErrors = derived(sample =>
  absoluteErrors(sample).map((error, row) => error / Math.max(Math.abs(sample.labels[row] as number), Number.EPSILON)),
)

const squaredErrors = derived(sample => absoluteErrors(sample).map(error => error * error))

interface Loss extends Pick<Metric, 'name' | 'title' | 'tasks' | 'needs'> {
  readonly losses: (sample: Sample) => Losses
  /** The same row by row, where it need not be kept to be measured. */
  readonly at?: (sample: Sample) => LossAt
}

const designOf = ({ losses }: Loss): Design => ({
  range: 'loss',
  influence: sample => {
    const values = losses(sample)
    if ('undefined' in values) return values
    const weights = weightsOf(sample)
    const all = totalWeight(sample)
    const value = sum(values.map((loss, row) => loss * (weights[row] as number))) / all
    return { value, scale: Math.abs(value), effects: values.map((loss, row) => ((weights[row] as number) * (loss - value)) / all) }
  },
  replicas: (sample, grouping) => {
    const values = losses(sample) as Float64Array
    return totalsReplicas(
      sample,
      grouping,
      2,
      (row, weight, add) => {
        add(0, weight * (values[row] as number))
        add(1, weight)
      },
      totals => (totals[0] as number) / (totals[1] as number),
    )
  },
})

const meanOf = (loss: Loss): Metric => designed(plainMeanOf(loss), designOf(loss))

const plainMeanOf = ({ losses, at, ...rest }: Loss): Metric => ({
  ...rest,
  direction: 'lower',
  support: sample => sample.rows,
  measure: (sample, { confidence }) => {
    const values = (at ?? losses)(sample)
    if ('undefined' in values) return values
    const found = values instanceof Float64Array ? moments(values) : momentsOf(sample.rows, values)
    const interval = found.error > 0 ? meanInterval(found, confidence) : null
    return {
      value: found.mean,
      interval: interval && { low: Math.max(0, interval.low), high: interval.high },
      method: 't',
      error: found.error,
    }
  },
  compare: (challenger, champion, { confidence }) => {
    const [ours, theirs] = [losses(challenger) as Float64Array, losses(champion) as Float64Array]
    const found = moments(ours.map((loss, row) => loss - (theirs[row] as number)))
    const test = meanTest(found)
    return {
      interval: meanInterval(found, confidence),
      method: 't',
      test: 'paired t',
      statistic: test?.statistic ?? null,
      p: test?.p ?? null,
      error: found.error,
      detectable: detectableMean(found.error, found.n, confidence),
    }
  },
})

/** Metrics that are the mean of a loss of each row: Student's t, paired on the same rows. */
export const lossMetrics: readonly Metric[] = [
  meanOf({ name: 'log_loss', title: 'log loss', tasks: ['binary'], needs: 'score', losses: logLosses, at: logLossAt }),
  meanOf({ name: 'log_loss', title: 'log loss', tasks: ['multiclass'], needs: 'probabilities', losses: logLosses }),
  meanOf({ name: 'brier', title: 'Brier score', tasks: ['binary'], needs: 'score', losses: brierLosses, at: brierLossAt }),
  meanOf({ name: 'brier', title: 'Brier score', tasks: ['multiclass'], needs: 'probabilities', losses: brierLosses }),
  meanOf({ name: 'mse', title: 'MSE', tasks: ['regression'], needs: 'prediction', losses: squaredErrors }),
  meanOf({ name: 'mae', title: 'MAE', tasks: ['regression'], needs: 'prediction', losses: absoluteErrors }),
  meanOf({ name: 'mape', title: 'MAPE', tasks: ['regression'], needs: 'prediction', losses: relativeErrors }),
]
