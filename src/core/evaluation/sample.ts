import { ascendingOrder } from '../statistics/ranking.ts'
import type { Task } from './predictions.ts'

/** Rows that metrics are computed on: all of the predictions or a part of them. `Predictions` is one itself. */
export interface Sample {
  readonly task: Task
  readonly rows: number
  readonly classes: readonly string[]
  readonly labels: Uint16Array | Float64Array
  readonly predicted: Uint16Array | Float64Array | null
  readonly scores: Float64Array | null
  readonly probabilities: readonly Float64Array[] | null
  /** One per row; null where every row counts as one. */
  readonly weights: Float64Array | null
  /** Number of each row's cluster; null where rows are independent. Numbers need not be dense in a part. */
  readonly clusters: Uint32Array | null
  readonly singlePrecision: boolean
  readonly threshold: number | null
  readonly problem: string | null
}

type Column = Uint16Array | Uint32Array | Float64Array

const gather = <C extends Column>(column: C, rows: Uint32Array): C => {
  const part = (
    column instanceof Float64Array
      ? new Float64Array(rows.length)
      : column instanceof Uint32Array
        ? new Uint32Array(rows.length)
        : new Uint16Array(rows.length)
  ) as C
  for (let place = 0; place < rows.length; place++) part[place] = column[rows[place] as number] as number
  return part
}

/** The named rows, in that order. */
export const partOf = (sample: Sample, rows: Uint32Array): Sample => ({
  task: sample.task,
  rows: rows.length,
  classes: sample.classes,
  labels: gather(sample.labels, rows),
  predicted: sample.predicted && gather(sample.predicted, rows),
  scores: sample.scores && gather(sample.scores, rows),
  probabilities: sample.probabilities?.map(column => gather(column, rows)) ?? null,
  weights: sample.weights && gather(sample.weights, rows),
  clusters: sample.clusters && gather(sample.clusters, rows),
  singlePrecision: sample.singlePrecision,
  threshold: sample.threshold,
  problem: sample.problem,
})

/** Remembers what is derived from rows that do not change, so that metrics of one family share one pass and one sort. */
export const derived = <T, S extends object = Sample>(derive: (sample: S) => T): ((sample: S) => T) => {
  const known = new WeakMap<S, { readonly value: T }>()
  return sample => {
    const found = known.get(sample)
    if (found) return found.value
    const value = derive(sample)
    known.set(sample, { value })
    return value
  }
}

const allFinite = derived(({ labels, predicted, scores, probabilities, weights }: Sample): boolean =>
  [labels, predicted, scores, weights, ...(probabilities ?? [])].every(column => {
    if (!(column instanceof Float64Array)) return true
    // A finite number less itself is 0, anything else NaN: one sum decides.
    let rest = 0
    for (let row = 0; row < column.length; row++) rest += (column[row] as number) - (column[row] as number)
    return rest === 0
  }),
)

/**
 * Why the rows give no metric although their `problem` is null: a number that is none. Readers say so in `problem`, with the line; this is for what got past them, since
 * a NaN could sort or compare as anything and give a value that looks sound.
 */
export const unnoticed = (sample: Sample): string | null => (allFinite(sample) ? null : 'a number in the rows is NaN or infinite')

/** Counts of label * classes + predicted class. */
export const confusion = derived((sample): Float64Array => {
  const width = sample.classes.length
  const counts = new Float64Array(width * width)
  const { labels, predicted } = sample
  if (predicted === null) return counts
  for (let row = 0; row < sample.rows; row++) {
    const cell = (labels[row] as number) * width + (predicted[row] as number)
    counts[cell] = (counts[cell] as number) + 1
  }
  return counts
})

/** Rows of each class. */
export const classRows = derived((sample): Float64Array => {
  const counts = new Float64Array(sample.classes.length)
  if (sample.task !== 'regression') for (const label of sample.labels) counts[label] = (counts[label] as number) + 1
  return counts
})

/** Ascending order of the scores. */
export const scoreOrder = derived(sample => ascendingOrder(sample.scores ?? new Float64Array(0)))
