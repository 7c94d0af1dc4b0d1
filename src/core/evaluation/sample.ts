import { sum } from '../statistics/means.ts'
import { ascending } from '../statistics/ranking.ts'
import type { Codes, Task } from './predictions.ts'

/** Rows that metrics are computed on: all of the predictions or a part of them. `Predictions` is one itself. */
export interface Sample {
  readonly task: Task
  readonly rows: number
  readonly classes: readonly string[]
  readonly labels: Codes | Float64Array
  readonly predicted: Codes | Float64Array | null
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

type Column = Codes | Uint32Array | Float64Array

const gather = <C extends Column>(column: C, rows: Uint32Array): C => {
  const part = new (column.constructor as new (length: number) => C)(rows.length)
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

/** Something derived from rows, which is remembered until it is told to `forget` it or the rows are gone. */
interface Derived<S, T> {
  (sample: S): T
  forget(sample: S): void
}

/** Remembers what is derived from rows that do not change, so that metrics of one family share one pass and one sort. */
export const derived = <T, S extends object = Sample>(derive: (sample: S) => T): Derived<S, T> => {
  const known = new WeakMap<S, { readonly value: T }>()
  const remembered = (sample: S): T => {
    const found = known.get(sample)
    if (found) return found.value
    const value = derive(sample)
    known.set(sample, { value })
    return value
  }
  return Object.assign(remembered, { forget: (sample: S): void => void known.delete(sample) })
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
/** The power of two that brings a positive number into [1, 2), so that scaling by it loses nothing. */
const towardsOne = (value: number): number => 2 ** -Math.floor(Math.log2(value))

/**
 * The rows that weigh anything, with their weights on a common scale: only ratios of weights mean something. Weights that are all equal are none. The
 * sample itself where there is nothing to do; with a `problem` where a weight is none.
 */
export const weighing = derived((sample): Sample => {
  const { weights } = sample
  if (weights === null) return sample
  let least = Number.POSITIVE_INFINITY
  let largest = 0
  let isNone = false
  for (const weight of weights) {
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      return { ...sample, problem: sample.problem ?? 'a weight is not a finite number of at least 0' }
    }
    if (weight === 0) isNone = true
    else least = Math.min(least, weight)
    largest = Math.max(largest, weight)
  }
  if (largest === 0)
    return { ...partOf(sample, new Uint32Array(0)), problem: sample.problem ?? (sample.rows > 0 ? 'every row weighs 0' : null) }
  const part = isNone
    ? partOf(
        sample,
        Uint32Array.from({ length: sample.rows }, (_, row) => row).filter(row => (weights[row] as number) > 0),
      )
    : sample
  if (least === largest) return { ...part, weights: null }
  const scale = towardsOne(largest)
  return scale === 1 ? part : { ...part, weights: part.weights?.map(weight => weight * scale) ?? null }
})

/** The weights, 1 for every row where there are none. */
export const weightsOf = derived((sample): Float64Array => sample.weights ?? new Float64Array(sample.rows).fill(1))

/** Sum of the weights. */
export const totalWeight = derived((sample): number => (sample.weights === null ? sample.rows : sum(sample.weights)))

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

/** Weights in the place of counts of label * classes + predicted class. */
export const weighedConfusion = derived((sample): Float64Array => {
  const { labels, predicted, weights } = sample
  if (weights === null || predicted === null) return confusion(sample)
  const width = sample.classes.length
  const sums = new Float64Array(width * width)
  for (let row = 0; row < sample.rows; row++) {
    const cell = (labels[row] as number) * width + (predicted[row] as number)
    sums[cell] = (sums[cell] as number) + (weights[row] as number)
  }
  return sums
})

/** Rows of each class. */
export const classRows = derived((sample): Float64Array => {
  const counts = new Float64Array(sample.classes.length)
  const { labels, rows } = sample
  if (sample.task === 'regression') return counts
  for (let row = 0; row < rows; row++) counts[labels[row] as number] = (counts[labels[row] as number] as number) + 1
  return counts
})

/** The order of the scores and where each score begins in it. */
export const ascendingScores = derived(sample => ascending(sample.scores ?? new Float64Array(0)))

/** Ascending order of the scores. */
export const scoreOrder = (sample: Sample): Uint32Array => ascendingScores(sample).order

/** 1 for each row of the positive class of a binary sample. */
export const positiveFlags = derived(({ labels }): Uint8Array => (labels instanceof Uint8Array ? labels : Uint8Array.from(labels)))

/** Labels of a binary sample in ascending order of the scores: what all that is made of the order is read from, one place after the other. */
export const labelsByScore = derived((sample): Uint8Array => {
  const order = scoreOrder(sample)
  const flags = positiveFlags(sample)
  const sorted = new Uint8Array(order.length)
  for (let place = 0; place < order.length; place++) sorted[place] = flags[order[place] as number] as number
  return sorted
})

/** Forgets the order of the scores, six bytes for each row, once all that needs it is done; whoever asks again sorts again. */
export const forgetOrder = (sample: Sample): void => {
  ascendingScores.forget(sample)
  labelsByScore.forget(sample)
}
