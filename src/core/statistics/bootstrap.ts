import type { Interval } from './interval.ts'
import { drawMultinomial, uniform } from './random.ts'

export interface Resampling {
  readonly seed: number
  readonly resamples: number
}

/** Quantile of sorted values by linear interpolation (type 7). */
export const quantile = (sorted: Float64Array, p: number): number => {
  const place = (sorted.length - 1) * p
  const below = Math.floor(place)
  const low = sorted[below] as number
  return low + (place - below) * ((sorted[Math.min(below + 1, sorted.length - 1)] as number) - low)
}

/** The distribution of a statistic over resamples. `undefinedShare` is the share of resamples in which it was undefined (NaN). */
export interface BootstrapDistribution {
  readonly sorted: Float64Array
  readonly error: number
  readonly undefinedShare: number
}

/** Gathers `resamples` values of `draw`; NaN counts as undefined and is left out. */
export const distribution = (resamples: number, draw: () => number): BootstrapDistribution => {
  const values = new Float64Array(resamples)
  let kept = 0
  for (let index = 0; index < resamples; index++) {
    const value = draw()
    if (!Number.isNaN(value)) values[kept++] = value
  }
  const sorted = values.slice(0, kept).sort()
  let mean = 0
  for (const value of sorted) mean += value / kept
  let squares = 0
  for (const value of sorted) squares += (value - mean) ** 2
  return { sorted, error: Math.sqrt(squares / (kept - 1)), undefinedShare: 1 - kept / resamples }
}

/**
 * Bootstrap of a statistic that depends on rows only through counts of cells: drawing n rows with replacement is exactly one draw from
 * Multinomial(n, counts / n), so the cost does not depend on n. `statistic` sees the drawn counts, in the order of `counts`.
 */
export const bootstrapCells = (
  counts: Float64Array,
  { seed, resamples }: Resampling,
  statistic: (drawn: Float64Array) => number,
): BootstrapDistribution => {
  const random = uniform(seed)
  const drawn = new Float64Array(counts.length)
  return distribution(resamples, () => {
    drawMultinomial(random, counts, drawn)
    return statistic(drawn)
  })
}

/** The percentile interval; null where more than a twentieth of the resamples left the statistic undefined. */
export const percentileInterval = ({ sorted, undefinedShare }: BootstrapDistribution, confidence: number): Interval | null => {
  if (undefinedShare > 0.05 || sorted.length < 2) return null
  const tail = (1 - confidence) / 2
  return { low: quantile(sorted, tail), high: quantile(sorted, 1 - tail) }
}

/** Two-sided bootstrap p-value of "the statistic is 0": twice the smaller share of resamples on one side, never below 2 / (resamples + 1). */
export const bootstrapP = ({ sorted }: BootstrapDistribution): number => {
  let below = 0
  let above = 0
  for (const value of sorted) {
    if (value <= 0) below++
    if (value >= 0) above++
  }
  return Math.min(1, (2 * (Math.min(below, above) + 1)) / (sorted.length + 1))
}
