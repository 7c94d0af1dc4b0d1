import type { FairnessMeasure } from '../configuration/rules-schema.ts'
import type { Interval } from '../statistics/interval.ts'
import { type Limits, moverDifference, moverRatio } from '../statistics/mover.ts'
import { drawBinomial, uniform } from '../statistics/random.ts'

/** The rates that groups are compared by. */
export type RateName = 'selection_rate' | 'true_positive_rate' | 'false_positive_rate' | 'positive_predictive_value' | 'accuracy'

/** What a measure of fairness compares, and how: by the largest difference between two groups or by the smallest ratio. */
export interface Comparison {
  readonly rates: readonly RateName[]
  readonly kind: 'difference' | 'ratio'
}

const ratesOfMeasure = {
  demographic_parity: ['selection_rate'],
  equalized_odds: ['true_positive_rate', 'false_positive_rate'],
  equal_opportunity: ['true_positive_rate'],
  predictive_parity: ['positive_predictive_value'],
  accuracy: ['accuracy'],
} as const satisfies Record<string, readonly RateName[]>

/** What a measure compares. Equalized odds is the worse of its two rates. */
export const comparisonOf = (measure: FairnessMeasure): Comparison => {
  const kind = measure.endsWith('_ratio') ? 'ratio' : 'difference'
  return { kind, rates: ratesOfMeasure[measure.slice(0, -kind.length - 1) as keyof typeof ratesOfMeasure] }
}

/** A group's rate; the limits are null where its rows give no interval. */
export interface GroupRate {
  readonly value: number
  readonly limits: Interval | null
  /** The limits at the stricter level that holds for all comparisons at once. */
  readonly wide: Interval | null
}

/** Two or more groups by one rate; `reference` is the place of the group that all others are compared with, null to compare all with all. */
export interface RateComparison {
  readonly groups: readonly GroupRate[]
  readonly reference: number | null
}

/** How many pairs of groups a rate is compared in: all intervals hold at once when each has this part of the error. */
export const pairsAmong = (groups: number, reference: boolean): number => (reference ? groups - 1 : (groups * (groups - 1)) / 2)

const eachPair = ({ groups, reference }: RateComparison, see: (one: GroupRate, other: GroupRate) => void): void => {
  const to = reference === null ? null : (groups[reference] as GroupRate)
  for (let i = 0; i < groups.length; i++) {
    if (to !== null) {
      if (i !== reference) see(groups[i] as GroupRate, to)
    } else for (let j = i + 1; j < groups.length; j++) see(groups[i] as GroupRate, groups[j] as GroupRate)
  }
}

/** How unequal two rates are: 0 or more for differences, 0 to 1 for ratios, NaN for 0 / 0. */
const gapOf = (kind: Comparison['kind'], a: number, b: number): number =>
  kind === 'difference' ? Math.abs(a - b) : Math.min(a, b) / Math.max(a, b)

const absolute = ({ low, high }: Interval): Interval => ({
  low: Math.max(0, low, -high),
  high: Math.min(1, Math.max(-low, high)),
})

const belowOne = ({ low, high }: Interval): Interval => ({
  low: Math.min(low, 1 / high),
  high: low > 1 ? 1 / low : Math.min(1, high),
})

const gapInterval = (kind: Comparison['kind'], a: Limits, b: Limits): Interval => {
  if (kind === 'difference') return absolute(moverDifference(a, b))
  return a.value === 0 && b.value === 0 ? { low: 0, high: 1 } : belowOne(moverRatio(a, b))
}

/** The worst gap between groups and its interval; null where some rate has none. */
export interface Disparity {
  readonly value: number
  readonly interval: Interval | null
}

/**
 * The largest difference or smallest ratio between groups, by the worst of the rates. NaN where it is 0 / 0, which nothing can be said of.
 *
 * The largest of several noisy gaps is larger than the largest true one, so that its interval is not that of one pair. The end on the side of "unequal" is the worst pair's at the
 * level that holds for all pairs at once (Bonferroni), so that equal groups are rarely proven unequal however many they are. The end on the side of "equal" is the worst of all pairs'
 * limits, each at the plain level: it cannot be better than the limit of the pair that is truly worst, so it needs no correction.
 */
export const disparity = (kind: Comparison['kind'], rates: readonly RateComparison[]): Disparity => {
  const worse = kind === 'difference' ? Math.max : Math.min
  const best = kind === 'difference' ? 0 : 1
  let value = best
  let near = best
  let far = best
  let known = true
  for (const rate of rates) {
    const extremes = rate.groups.map(group => group.value)
    if (rate.reference === null) value = worse(value, gapOf(kind, Math.max(...extremes), Math.min(...extremes)))
    eachPair(rate, (a, b) => {
      if (rate.reference !== null) value = worse(value, gapOf(kind, a.value, b.value))
      if (a.limits === null || b.limits === null || a.wide === null || b.wide === null) {
        known = false
        return
      }
      const plain = gapInterval(kind, { value: a.value, ...a.limits }, { value: b.value, ...b.limits })
      const wide = gapInterval(kind, { value: a.value, ...a.wide }, { value: b.value, ...b.wide })
      near = worse(near, kind === 'difference' ? wide.low : wide.high)
      far = worse(far, kind === 'difference' ? plain.high : plain.low)
    })
  }
  if (!known || Number.isNaN(value)) return { value, interval: null }
  return { value, interval: kind === 'difference' ? { low: near, high: far } : { low: far, high: near } }
}

/**
 * The gap that equal groups would show by chance alone, in half of all cases: the median over seeded draws in which every group has the same rate. `supports` are the groups' rows in
 * the denominator of the rate.
 */
export const chanceGap = (
  kind: Comparison['kind'],
  supports: readonly number[],
  share: number,
  { seed, resamples }: { readonly seed: number; readonly resamples: number },
): number => {
  const random = uniform(seed)
  const gaps = Float64Array.from({ length: resamples }, () => {
    let [low, high] = [1, 0]
    for (const support of supports) {
      const drawn = drawBinomial(random, support, share) / support
      low = Math.min(low, drawn)
      high = Math.max(high, drawn)
    }
    const gap = gapOf(kind, low, high)
    return Number.isNaN(gap) ? 1 : gap
  }).sort()
  return gaps[resamples >> 1] as number
}
