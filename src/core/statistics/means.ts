import { tCdf, tQuantile, tTwoSided } from './distributions.ts'
import type { Interval } from './interval.ts'

/** Sum with Neumaier's compensation: its error does not grow with the number of terms. */
export const sum = (values: ArrayLike<number>): number => {
  let total = 0
  let lost = 0
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number
    const next = total + value
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total
    total = next
  }
  return total + lost
}

export interface Moments {
  readonly n: number
  readonly mean: number
  /** Standard error of the mean; NaN for one value. */
  readonly error: number
}

/** Deviations of this share of the mean are what doubles lose, not variation: without it equal values would have an error, and an interval of no width. */
const rounding = 1e-12

/** Mean and its standard error, in two passes. Values that are equal up to rounding have the error 0. */
export const moments = (values: ArrayLike<number>): Moments => {
  const n = values.length
  const mean = sum(values) / n
  let squares = 0
  let largest = 0
  for (let index = 0; index < n; index++) {
    const gap = (values[index] as number) - mean
    squares += gap * gap
    largest = Math.max(largest, Math.abs(gap))
  }
  if (n > 1 && largest <= rounding * Math.abs(mean)) return { n, mean, error: 0 }
  return { n, mean, error: Math.sqrt(squares / (n - 1) / n) }
}

/** Rows that show roughly where the mean is. */
const glance = 1024

/**
 * The same of `at(row)` for the rows below n, in one pass and without keeping them: squares are summed around a mean of the first rows, which is near enough that
 * nothing of weight is lost.
 */
export const momentsOf = (n: number, at: (row: number) => number): Moments => {
  let centre = 0
  const few = Math.min(n, glance)
  for (let row = 0; row < few; row++) centre += at(row) / few
  let total = 0
  let lost = 0
  let squares = 0
  let smallest = Number.POSITIVE_INFINITY
  let largest = Number.NEGATIVE_INFINITY
  for (let row = 0; row < n; row++) {
    const value = at(row)
    const next = total + value
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total
    total = next
    const gap = value - centre
    squares += gap * gap
    if (value < smallest) smallest = value
    if (value > largest) largest = value
  }
  const mean = (total + lost) / n
  if (n > 1 && Math.max(largest - mean, mean - smallest) <= rounding * Math.abs(mean)) return { n, mean, error: 0 }
  const around = Math.max(0, squares - n * (mean - centre) ** 2)
  return { n, mean, error: Math.sqrt(around / (n - 1) / n) }
}

/** Student's t interval of a mean; null for fewer than two values. */
export const meanInterval = ({ n, mean, error }: Moments, confidence: number): Interval | null => {
  if (n < 2) return null
  const reach = error === 0 ? 0 : tQuantile(0.5 + confidence / 2, n - 1) * error
  return { low: mean - reach, high: mean + reach }
}

/** Student's t test of a mean against 0 (paired t when the values are differences); null where the values do not vary. */
export const meanTest = ({ n, mean, error }: Moments): { readonly statistic: number; readonly p: number } | null => {
  if (n < 2 || error === 0) return null
  const statistic = mean / error
  return { statistic, p: tTwoSided(statistic, n - 1) }
}

/**
 * p-value of "the mean is outside of +-margin" by two one-sided t tests (Schuirmann 1987; paired where the values are differences): the larger of the two. At most
 * alpha exactly where the interval of confidence 1 - 2 alpha lies within the margin. Null where the values do not vary.
 */
export const equivalenceP = ({ n, mean, error }: Moments, margin: number): number | null =>
  n < 2 || error === 0 ? null : Math.max(tCdf((mean - margin) / error, n - 1), tCdf(-(mean + margin) / error, n - 1))
