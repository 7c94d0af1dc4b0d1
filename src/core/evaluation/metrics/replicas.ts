import type { Sample } from '../sample.ts'
import { type Grouping, rowsByCluster } from './clusters.ts'

/** A metric's value as clusters are drawn: each row weighs its own weight times how often its cluster is. NaN where undefined. */
export interface Replicas {
  /** Steps that one value costs. */
  readonly cost: number
  value(multiplicity: Float64Array): number
}

/** Adds to one of the totals of a row's cluster. */
export type AddTotal = (total: number, amount: number) => void

/** Totals of one unit, a row or a cluster, of which few are not 0. */
export const sparseTotals = (width: number) => {
  const amounts = new Float64Array(width)
  const isTouched = new Uint8Array(width)
  const touched = new Uint32Array(width)
  let count = 0
  const add: AddTotal = (total, amount) => {
    if (isTouched[total] === 0) {
      isTouched[total] = 1
      touched[count++] = total
    }
    amounts[total] = (amounts[total] as number) + amount
  }
  return {
    add,
    amounts,
    /** Hands out the totals that were added to, and starts again. */
    take: (use: (touched: Uint32Array) => void): void => {
      use(touched.subarray(0, count))
      for (let index = 0; index < count; index++) {
        const total = touched[index] as number
        amounts[total] = 0
        isTouched[total] = 0
      }
      count = 0
    },
  }
}

/**
 * Replicas of a statistic that depends on rows only through a few totals: each cluster's totals are added up once, so that a replica costs the clusters
 * and their totals that are not 0.
 */
export const totalsReplicas = (
  sample: Sample,
  grouping: Grouping,
  width: number,
  contribute: (row: number, weight: number, add: AddTotal) => void,
  statistic: (totals: Float64Array) => number,
): Replicas => {
  const { starts, rows } = rowsByCluster(grouping)
  const keys: number[] = []
  const amounts: number[] = []
  const ends = new Uint32Array(grouping.count)
  const unit = sparseTotals(width)
  const take = (touched: Uint32Array): void => {
    for (const total of touched) {
      keys.push(total)
      amounts.push(unit.amounts[total] as number)
    }
  }
  for (let cluster = 0; cluster < grouping.count; cluster++) {
    for (let place = starts[cluster] as number; place < (starts[cluster + 1] as number); place++) {
      const row = rows[place] as number
      contribute(row, sample.weights?.[row] ?? 1, unit.add)
    }
    unit.take(take)
    ends[cluster] = keys.length
  }
  const totals = new Float64Array(width)
  const [allKeys, allAmounts] = [Uint32Array.from(keys), Float64Array.from(amounts)]
  return {
    cost: grouping.count + allKeys.length + width,
    value: multiplicity => {
      totals.fill(0)
      let entry = 0
      for (let cluster = 0; cluster < grouping.count; cluster++) {
        const end = ends[cluster] as number
        const times = multiplicity[cluster] as number
        if (times > 0) {
          for (; entry < end; entry++) {
            const total = allKeys[entry] as number
            totals[total] = (totals[total] as number) + times * (allAmounts[entry] as number)
          }
        } else entry = end
      }
      return statistic(totals)
    },
  }
}

/** Replicas of a statistic of all rows' weights. `passes` is how often it goes through the rows. */
export const rowsReplicas = (
  sample: Sample,
  grouping: Grouping,
  passes: number,
  statistic: (weights: Float64Array) => number,
): Replicas => {
  const weights = new Float64Array(sample.rows)
  return {
    cost: (passes + 1) * sample.rows + grouping.count,
    value: multiplicity => {
      for (let row = 0; row < sample.rows; row++) {
        weights[row] = (sample.weights?.[row] ?? 1) * (multiplicity[grouping.of[row] as number] as number)
      }
      return statistic(weights)
    },
  }
}
