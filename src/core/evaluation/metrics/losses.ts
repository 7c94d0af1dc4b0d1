import { meanInterval, meanTest, moments } from '../../statistics/means.ts'
import { detectableMean } from '../../statistics/power.ts'
import { classRows, derived, type Sample } from '../sample.ts'
import type { Metric } from './metric.ts'

/** The loss of every row, or why there is none. */
type Losses = Float64Array | { readonly undefined: string }

/** Smallest probability that a logarithm is taken of: the spacing of doubles at 1, as scikit-learn clips. */
const clip = Number.EPSILON

const outside = (columns: readonly Float64Array[]): string | null => {
  for (const column of columns)
    for (const value of column) if (value < 0 || value > 1) return 'scores are outside [0, 1], so they are not probabilities'
  return null
}

const clipped = (probability: number): number => Math.min(1 - clip, Math.max(clip, probability))

const logLosses = derived((sample): Losses => {
  const { labels } = sample
  if (sample.task === 'binary') {
    const scores = sample.scores as Float64Array
    const problem = outside([scores])
    if (problem) return { undefined: problem }
    if (classRows(sample).some(count => count === 0)) return { undefined: 'every row has the same label' }
    return Float64Array.from(scores, (score, row) => -Math.log(labels[row] === 1 ? clipped(score) : 1 - clipped(score)))
  }
  const columns = sample.probabilities as readonly Float64Array[]
  const problem = outside(columns)
  if (problem) return { undefined: problem }
  const losses = new Float64Array(sample.rows)
  for (let row = 0; row < sample.rows; row++) {
    let total = 0
    for (const column of columns) total += column[row] as number
    if (Math.abs(total - 1) > 1e-5) return { undefined: `the probabilities of a row sum to ${total.toPrecision(6)} and not to 1` }
    losses[row] = -Math.log(clipped(columns[labels[row] as number]?.[row] as number))
  }
  return losses
})

const brierLosses = derived((sample): Losses => {
  const scores = sample.scores as Float64Array
  const problem = outside([scores])
  if (problem) return { undefined: problem }
  return Float64Array.from(scores, (score, row) => (score - (sample.labels[row] as number)) ** 2)
})

/** |label - prediction| of every row. */
export const absoluteErrors = derived(sample =>
  Float64Array.from(sample.labels, (label, row) => Math.abs(label - (sample.predicted?.[row] as number))),
)

const relativeErrors = derived(sample =>
  absoluteErrors(sample).map((error, row) => error / Math.max(Math.abs(sample.labels[row] as number), Number.EPSILON)),
)

interface Loss extends Pick<Metric, 'name' | 'title' | 'tasks' | 'needs'> {
  readonly losses: (sample: Sample) => Losses
}

const meanOf = ({ losses, ...rest }: Loss): Metric => ({
  ...rest,
  direction: 'lower',
  support: sample => sample.rows,
  measure: (sample, { confidence }) => {
    const values = losses(sample)
    if ('undefined' in values) return values
    const found = moments(values)
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
  meanOf({ name: 'log_loss', title: 'log loss', tasks: ['binary'], needs: 'score', losses: logLosses }),
  meanOf({ name: 'log_loss', title: 'log loss', tasks: ['multiclass'], needs: 'probabilities', losses: logLosses }),
  meanOf({ name: 'brier', title: 'Brier score', tasks: ['binary'], needs: 'score', losses: brierLosses }),
  meanOf({ name: 'mae', title: 'MAE', tasks: ['regression'], needs: 'prediction', losses: absoluteErrors }),
  meanOf({ name: 'mape', title: 'MAPE', tasks: ['regression'], needs: 'prediction', losses: relativeErrors }),
]
