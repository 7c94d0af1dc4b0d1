import { normalTwoSided } from '../../statistics/distributions.ts'
import { shareInterval, waldInterval } from '../../statistics/interval.ts'
import type { Sample } from '../sample.ts'
import type { Compared, Measured, Method, Metric } from './metric.ts'

/**
 * A value with each row's first-order effect on it (the derivative with respect to the row's weight, summing to 0): the infinitesimal jackknife
 * (Jaeckel 1972; Efron 1982), whose standard error is the limit of the row bootstrap's at the cost of one pass. `scale` is the size of what effects are
 * differences of. `undefined` says why there is no value.
 */
export type Influence = { readonly value: number; readonly scale: number; readonly effects: Float64Array } | { readonly undefined: string }

/** Root of the sum of squares, with the n / (n - 1) of a sample variance; 0 where it is no more than the rounding of numbers of this scale. */
const errorOf = (rows: number, scale: number, effect: (row: number) => number): number => {
  let squares = 0
  for (let row = 0; row < rows; row++) squares += effect(row) ** 2
  return varied(Math.sqrt((squares * rows) / (rows - 1)), scale)
}

const varied = (error: number, scale: number): number => (error <= 1e-12 * scale ? 0 : error)

/** What is said of a value with this standard error, where numbers of this scale are what it was made of. */
export const measuredByInfluence = (value: number, exact: number, scale: number, share: boolean, confidence: number): Measured => {
  const error = varied(exact, scale)
  // An error of 0 is a perfect fit or a single pattern: the rows say nothing of how it varies.
  const interval = error > 0 ? (share ? shareInterval : waldInterval)(value, error, confidence) : null
  return { value, interval, method: 'infinitesimal jackknife', error }
}

/** `measure` and `compare` of a metric by its influence. A share keeps its interval inside [0, 1]. */
export const byInfluence = (influence: (sample: Sample) => Influence, share: boolean): Pick<Metric, 'measure' | 'compare'> => ({
  measure: (sample: Sample, { confidence }: Method): Measured => {
    const found = influence(sample)
    if ('undefined' in found) return found
    const error = errorOf(sample.rows, found.scale, row => found.effects[row] as number)
    return measuredByInfluence(found.value, error, found.scale, share, confidence)
  },
  compare: (challenger: Sample, champion: Sample, { confidence }: Method): Compared => {
    const [ours, theirs] = [influence(challenger), influence(champion)]
    const test = 'paired infinitesimal jackknife'
    if ('undefined' in ours || 'undefined' in theirs) {
      return { interval: null, method: test, test, statistic: null, p: null, error: null }
    }
    const gap = ours.value - theirs.value
    const error = errorOf(
      challenger.rows,
      ours.scale + theirs.scale,
      row => (ours.effects[row] as number) - (theirs.effects[row] as number),
    )
    return {
      interval: waldInterval(gap, error, confidence),
      method: 'infinitesimal jackknife',
      test,
      statistic: error > 0 ? gap / error : null,
      p: error > 0 ? normalTwoSided(gap / error) : null,
      error,
    }
  },
})
