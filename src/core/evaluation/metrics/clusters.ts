import { uniform } from '../../statistics/random.ts'
import { derived, type Sample } from '../sample.ts'

/** The cluster of each row, numbered from 0. */
export interface Grouping {
  readonly of: Uint32Array
  readonly count: number
}

/** The clusters of a sample; null where its rows are independent. */
export const groupingOf = derived((sample): Grouping | null => {
  if (sample.clusters === null) return null
  const numbers = new Map<number, number>()
  const of = new Uint32Array(sample.rows)
  for (let row = 0; row < sample.rows; row++) {
    const name = sample.clusters[row] as number
    let number = numbers.get(name)
    if (number === undefined) {
      number = numbers.size
      numbers.set(name, number)
    }
    of[row] = number
  }
  return { of, count: numbers.size }
})

/**
 * How many rows of equal weight, or clusters, the counted rows are worth: Kish's (sum of w) squared by the sum of w squared, w being the weight of a row or of a
 * cluster's counted rows.
 */
export const effectiveCount = (sample: Sample, counts: (row: number) => boolean): number => {
  const grouping = groupingOf(sample)
  const sums = new Float64Array(grouping?.count ?? sample.rows)
  let total = 0
  for (let row = 0; row < sample.rows; row++) {
    if (!counts(row)) continue
    const weight = sample.weights?.[row] ?? 1
    const unit = grouping ? (grouping.of[row] as number) : row
    sums[unit] = (sums[unit] as number) + weight
    total += weight
  }
  let squares = 0
  for (const one of sums) squares += one * one
  return squares > 0 ? (total * total) / squares : 0
}

/** The standard error of a sum of effects, and what it rests on. */
export interface EffectsError {
  readonly error: number
  /** Degrees of freedom: clusters that take part, less one; of independent rows their effective number, less one. */
  readonly freedom: number
  /** Clusters that take part; null where rows are independent. */
  readonly clusters: number | null
}

/** Is a row's effect more than the rounding of numbers of this scale? A row that says nothing need not come out as exactly 0. */
export const isEffect = (effect: number, scale: number, rows: number): boolean => Math.abs(effect) > (1e-12 * scale) / rows

/**
 * Root of the sum of squared effects with the n / (n - 1) of a sample variance, effects being added up within clusters first (the cluster-robust error of Liang
 * and Zeger 1986). Clusters without an effect in any of `involved` say nothing and are not counted. 0 where it is no more than the rounding of numbers of this `scale`.
 */
export const effectsError = (
  sample: Sample,
  scale: number,
  effect: (row: number) => number,
  involved: readonly Float64Array[],
): EffectsError => {
  const grouping = groupingOf(sample)
  if (grouping === null) {
    let squares = 0
    for (let row = 0; row < sample.rows; row++) squares += effect(row) ** 2
    const { rows } = sample
    const freedom = sample.weights === null ? rows - 1 : effectiveCount(sample, () => true) - 1
    return { error: rounded(Math.sqrt((squares * rows) / (rows - 1)), scale), freedom, clusters: null }
  }
  const sums = new Float64Array(grouping.count)
  const takesPart = new Uint8Array(grouping.count)
  for (let row = 0; row < sample.rows; row++) {
    const cluster = grouping.of[row] as number
    sums[cluster] = (sums[cluster] as number) + effect(row)
    for (const effects of involved) if (isEffect(effects[row] as number, scale, sample.rows)) takesPart[cluster] = 1
  }
  let squares = 0
  let clusters = 0
  for (let cluster = 0; cluster < grouping.count; cluster++) {
    squares += (sums[cluster] as number) ** 2
    clusters += takesPart[cluster] as number
  }
  const error = clusters > 1 ? rounded(Math.sqrt((squares * clusters) / (clusters - 1)), scale) : Number.NaN
  return { error, freedom: clusters - 1, clusters }
}

const rounded = (error: number, scale: number): number => (error <= 1e-12 * scale ? 0 : error)

const mix = (state: number, word: number): number => {
  const next = Math.imul(state ^ word, 0x9e3779b1)
  return next ^ (next >>> 15)
}

const number = new Float64Array(1)
const words = new Uint32Array(number.buffer)
const mixNumber = (state: number, value: number): number => {
  // -0 is 0.
  number[0] = value + 0
  return mix(mix(state, words[0] as number), words[1] as number)
}

const answerHash = ({ predicted, scores, probabilities }: Sample, row: number): number => {
  let state = 0x2545f491
  if (predicted) state = mixNumber(state, predicted[row] as number)
  if (scores) state = mixNumber(state, scores[row] as number)
  if (probabilities) for (const column of probabilities) state = mixNumber(state, column[row] as number)
  return state
}

/**
 * The clusters in an order that follows from what is in them alone: neither the order of the rows, nor how clusters are numbered, nor which model is
 * the first one, changes what is drawn. (Clusters alike in all of it can change places, which changes nothing.)
 */
const canonicalOrder = (samples: readonly Sample[], grouping: Grouping): Uint32Array => {
  const first = samples[0] as Sample
  const keys = new Float64Array(grouping.count)
  const sums = new Int32Array(2 * grouping.count)
  for (let row = 0; row < first.rows; row++) {
    let answers = 0
    for (const sample of samples) answers = (answers + answerHash(sample, row)) | 0
    const state = mix(mixNumber(mixNumber(answers, first.labels[row] as number), first.weights?.[row] ?? 1), 0x5bd1e995)
    const cluster = grouping.of[row] as number
    sums[2 * cluster] = (sums[2 * cluster] as number) + state
    sums[2 * cluster + 1] = (sums[2 * cluster + 1] as number) + mix(state, 0x27d4eb2f)
  }
  for (let cluster = 0; cluster < grouping.count; cluster++) {
    keys[cluster] = (sums[2 * cluster] as number) * 1048576 + ((sums[2 * cluster + 1] as number) >>> 12)
  }
  return Uint32Array.from({ length: grouping.count }, (_, cluster) => cluster).sort((a, b) => (keys[a] as number) - (keys[b] as number))
}

/** The rows of each cluster: those at places `starts[cluster]` to before `starts[cluster + 1]` of `rows`. */
export const rowsByCluster = ({ of, count }: Grouping): { readonly starts: Uint32Array; readonly rows: Uint32Array } => {
  const starts = new Uint32Array(count + 1)
  for (const cluster of of) starts[cluster + 1] = (starts[cluster + 1] as number) + 1
  for (let cluster = 0; cluster < count; cluster++) starts[cluster + 1] = (starts[cluster + 1] as number) + (starts[cluster] as number)
  const places = starts.slice()
  const rows = new Uint32Array(of.length)
  of.forEach((cluster, row) => {
    rows[places[cluster] as number] = row
    places[cluster] = (places[cluster] as number) + 1
  })
  return { starts, rows }
}

/** Fills its argument with how often each cluster is drawn, of as many draws as there are clusters. Samples have the same rows. */
export const clusterDraws = (samples: readonly Sample[], grouping: Grouping, seed: number): ((into: Float64Array) => void) => {
  const order = canonicalOrder(samples, grouping)
  const random = uniform(seed)
  return into => {
    into.fill(0)
    for (let draw = 0; draw < grouping.count; draw++) {
      const cluster = order[Math.floor(random() * grouping.count)] as number
      into[cluster] = (into[cluster] as number) + 1
    }
  }
}
