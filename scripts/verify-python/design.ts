import type { Task } from '../../src/core/evaluation/predictions.ts'
import { singlePrecisionColumn } from '../../src/core/evaluation/stored-predictions.ts'
import { drawNormal, type Uniform, uniform } from '../../src/core/statistics/random.ts'

export type Cell = string | number

/** Columns of one model's file, without id, label and slice. */
export type Columns = Readonly<Record<string, readonly Cell[]>>

export const pick = <T>(random: Uniform, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
export const times = <T>(count: number, of: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => of(index))

/** How the rows of a set are drawn. */
export interface Design {
  /** Is there a column `weight`? */
  readonly weighted: boolean
  /** Is there a column `customer` of clusters? */
  readonly clustered: boolean
  /** Clusters by their robust errors, as where a bootstrap would cost too much. */
  readonly robust: boolean
  /** Scores and probabilities of 32 bits. */
  readonly single: boolean
}

/** How fairness between groups is judged. */
export interface Fairness {
  readonly min_support: number
  readonly reference: string | null
}

type Seeded = Design & { readonly seed: number }

export const plainDesign: Design = { weighted: false, clustered: false, robust: false, single: false }

/** What is new is drawn from a stream of its own, so that the sets of before stay what they were. */
const ownStream = (seed: number): Uniform => uniform(1_000_000 + seed)

const weightKinds: Readonly<Record<string, (random: Uniform) => number>> = {
  uniform: random => random(),
  whole: random => 1 + Math.floor(5 * random()),
  'some zero': random => (random() < 0.3 ? 0 : 0.5 + random()),
  'zero or one': random => Math.round(random()),
  'heavy tails': random => Math.exp(2.5 * drawNormal(random)),
  'all equal': () => 0.7,
}

const weightKindOf = (random: Uniform): string => pick(random, Object.keys(weightKinds))
/** From 30 on clusters are drawn, with fewer the robust error tells. */
const clusterCounts = [1, 2, 8, 20, 40, 60, 60, 100, 1000] as const

/** Weights and clusters, the same for both models. */
export const designColumns = ({ seed, weighted, clustered }: Seeded, rows: number): Columns => {
  const random = ownStream(seed)
  const weight = weightKinds[weightKindOf(random)] as (random: Uniform) => number
  const clusters = pick(random, clusterCounts)
  return {
    ...(weighted ? { weight: times(rows, () => weight(random)) } : {}),
    // Some clusters are larger than others.
    ...(clustered ? { customer: times(rows, () => `c${Math.floor(random() ** 1.5 * clusters)}`) } : {}),
  }
}

/** The columns as they are in 32 bits, with the one that says so. */
export const singleColumns = (columns: Columns): Columns => ({
  ...Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, column.map(cell => (typeof cell === 'number' ? Math.fround(cell) : cell))]),
  ),
  [singlePrecisionColumn]: times(Object.values(columns)[0]?.length ?? 0, () => 1),
})

export const designTraits = ({ seed, weighted, clustered, robust, single }: Seeded): string[] => [
  ...(weighted ? [`weights: ${weightKindOf(ownStream(seed))}`] : []),
  ...(single ? ['32-bit scores'] : []),
  ...(clustered ? [robust ? 'clusters, robust' : 'clusters'] : []),
]

export const fairnessOf = (seed: number, task: Task, { clustered }: Design): Fairness | null => {
  if (task !== 'binary' || clustered || seed % 2 === 1) return null
  const random = uniform(2_000_000 + seed)
  return { min_support: pick(random, [1, 1, 5, 30]), reference: random() < 0.25 ? pick(random, ['EU', 'Zürich']) : null }
}

/** Mostly small, up to 5,000; fewer where Python differentiates or resamples by all rows, and mostly enough for some clusters. */
export const sizeOf = (random: Uniform, { weighted, clustered }: Design): number => {
  const drawn = random()
  if (clustered) return Math.min(300, Math.floor(5 * 10 ** (2 * drawn ** 0.5)))
  return Math.min(weighted ? 800 : 5000, Math.floor(5 * 10 ** (3 * drawn ** 1.5)))
}

/** Row numbers in random order. */
export const shuffled = (random: Uniform, count: number): number[] => {
  const order = times(count, index => index)
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[order[last], order[other]] = [order[other] as number, order[last] as number]
  }
  return order
}
