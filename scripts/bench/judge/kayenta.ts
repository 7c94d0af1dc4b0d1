import { normalQuantile } from '../../../src/core/statistics/distributions.ts'
import { errorsOf, type Rule } from './rule.ts'

/** 98 %, two-sided. */
const z = normalQuantile(0.99)
const weight = 0.05
const minutes = 60

/** Hodges and Lehmann's shift of `ours` against `theirs` (the median of all differences) and the lower end of its interval, from the order of the differences. */
const shiftOf = (ours: readonly number[], theirs: readonly number[]): { readonly low: number; readonly estimate: number } => {
  const differences = new Float64Array(ours.length * theirs.length)
  for (const [row, value] of ours.entries())
    for (const [column, other] of theirs.entries()) differences[row * theirs.length + column] = value - other
  differences.sort()
  const middle = differences.length / 2
  const reach = z * Math.sqrt((differences.length * (ours.length + theirs.length + 1)) / 12)
  const at = (index: number): number => differences[Math.max(0, Math.min(differences.length - 1, Math.floor(index)))] as number
  return { low: at(middle - reach), estimate: (at(middle - 0.5) + at(middle)) / 2 }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/**
 * Like the judge of Kayenta (Spinnaker): shares of errors by minute, both arms, compared by the Mann-Whitney interval of the shift at 98 %; too high where its lower end is
 * above a quarter of the estimate and the canary's mean is above. An hour at 5 %, looked at `looks` times on all that was seen. Simplified: one metric, no removal of outliers.
 */
export const kayenta = (looks: number): Rule => ({
  name: `like Kayenta, ${looks} ${looks === 1 ? 'look' : 'looks'} in an hour`,
  begin: () => {
    const ours: number[] = []
    const theirs: number[] = []
    return {
      weight: () => weight,
      look: minute => {
        const counts = errorsOf(minute)
        if (counts.canary > 0) ours.push(counts.canaryBad / counts.canary)
        theirs.push(counts.stableBad / counts.stable)
        if (theirs.length % (minutes / looks) !== 0) return null
        if (ours.length > 0) {
          const { low, estimate } = shiftOf(ours, theirs)
          if (low > 0.25 * Math.abs(estimate) && mean(ours) > mean(theirs)) return 'rollback'
        }
        return theirs.length >= minutes ? 'promote' : null
      },
    }
  },
})
