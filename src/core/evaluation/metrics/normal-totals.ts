import { type BootstrapDistribution, distribution } from '../../statistics/bootstrap.ts'
import { drawNormal, uniform } from '../../statistics/random.ts'
import type { Sample } from '../sample.ts'
import { type Grouping, rowsByCluster } from './clusters.ts'
import type { Method } from './metric.ts'
import { type AddTotal, sparseTotals } from './replicas.ts'

/** A statistic of sums over rows. */
export interface Totals {
  readonly width: number
  /** Adds a row's part to the sums. */
  readonly contribution: (sample: Sample) => (row: number, weight: number, add: AddTotal) => void
  /** By the slope from `observed`, as far as `totals` are divisors: a normal divisor comes near 0. */
  readonly value: (totals: Float64Array, observed: Float64Array) => number
}

/** Below this share of a sum's own size, a variance is rounding: with fewer rows than sums, some follow from the others. */
const rounding = 1e-9

/** Lower triangle with the matrix as its square (Cholesky); a column without variance of its own is 0. */
const rootOf = (matrix: Float64Array, size: number, sizes: Float64Array): Float64Array => {
  const root = new Float64Array(size * size)
  const at = (row: number, column: number): number => root[row * size + column] as number
  for (let column = 0; column < size; column++) {
    let pivot = matrix[column * size + column] as number
    for (let before = 0; before < column; before++) pivot -= at(column, before) ** 2
    if (!(pivot > rounding * (sizes[column] as number))) continue
    const diagonal = Math.sqrt(pivot)
    root[column * size + column] = diagonal
    for (let row = column + 1; row < size; row++) {
      let rest = matrix[row * size + column] as number
      for (let before = 0; before < column; before++) rest -= at(row, before) * at(column, before)
      root[row * size + column] = rest / diagonal
    }
  }
  return root
}

/**
 * The distribution of what `of` makes of one or two models' statistics where their sums are drawn together as normal, with the mean and the covariance that rows, or
 * clusters, give them: the limit of the bootstrap of rows or clusters, at a cost that does not depend on them.
 */
export const normalTotals = (
  samples: readonly Sample[],
  grouping: Grouping | null,
  { width, contribution, value }: Totals,
  { seed, resamples }: Method,
  of: (values: readonly number[]) => number,
): BootstrapDistribution => {
  const size = width * samples.length
  const products = new Float64Array(size * size)
  const sums = new Float64Array(size)
  const unit = sparseTotals(size)
  const take = (touched: Uint32Array): void => {
    for (const one of touched) {
      const amount = unit.amounts[one] as number
      sums[one] = (sums[one] as number) + amount
      for (const other of touched) {
        const place = one * size + other
        products[place] = (products[place] as number) + amount * (unit.amounts[other] as number)
      }
    }
  }
  const parts = samples.map((sample, model) => {
    const part = contribution(sample)
    const add: AddTotal = (total, amount) => unit.add(model * width + total, amount)
    return (row: number, weight: number): void => part(row, weight, add)
  })
  const first = samples[0] as Sample
  const add = (row: number): void => {
    for (const part of parts) part(row, first.weights?.[row] ?? 1)
  }
  const count = grouping?.count ?? first.rows
  const { starts, rows } = grouping ? rowsByCluster(grouping) : { starts: null, rows: null }
  for (let index = 0; index < count; index++) {
    if (starts && rows) for (let place = starts[index] as number; place < (starts[index + 1] as number); place++) add(rows[place] as number)
    else add(index)
    unit.take(take)
  }
  const sizes = sums.map((_, index) => products[index * size + index] as number)
  const covariance = products.map((product, index) => {
    const expected = ((sums[Math.floor(index / size)] as number) * (sums[index % size] as number)) / count
    return ((product - expected) * count) / (count - 1)
  })
  const root = rootOf(covariance, size, sizes)
  const random = uniform(seed)
  const noise = new Float64Array(size)
  const totals = new Float64Array(size)
  return distribution(resamples, () => {
    for (let index = 0; index < size; index++) noise[index] = drawNormal(random)
    for (let index = 0; index < size; index++) {
      let total = sums[index] as number
      for (let before = 0; before <= index; before++) total += (root[index * size + before] as number) * (noise[before] as number)
      totals[index] = total
    }
    const part = (all: Float64Array, model: number): Float64Array => all.subarray(model * width, (model + 1) * width)
    return of(samples.map((_, model) => value(part(totals, model), part(sums, model))))
  })
}
