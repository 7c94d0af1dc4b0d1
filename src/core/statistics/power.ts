import { binomial, normalCdf, normalQuantile, tQuantile } from './distributions.ts'
import { twoSidedQuantile } from './interval.ts'

/** Share of repetitions in which a difference is shown that counts as detectable: 4 of 5. */
export const detectablePower = 0.8

/**
 * Smallest true difference whose two-sided interval, value +- z * error, lies on its side of 0 in 4 of 5 repetitions: (z of the confidence + z .8) errors.
 * For comparisons by a normal interval, and for bootstraps, whose percentiles lie as far out.
 */
export const detectableDifference = (error: number, confidence: number): number =>
  (twoSidedQuantile(confidence) + normalQuantile(detectablePower)) * error

/**
 * The same for Student's t interval of the mean of n >= 2 values: a noncentral t exceeds the critical value in 4 of 5 cases. By the normal approximation to
 * the noncentral t of Johnson and Welch (1940), within 0.4 % from 6 values, 2 % for 3 and 5 % for 2.
 */
export const detectableMean = (error: number, n: number, confidence: number): number => {
  const freedom = n - 1
  const critical = tQuantile(0.5 + confidence / 2, freedom)
  const shift = critical * (1 - 1 / (4 * freedom)) + normalQuantile(detectablePower) * Math.sqrt(1 + (critical * critical) / (2 * freedom))
  return shift * error
}

/**
 * From this many expected discordant pairs on the sum over binomials and its normal approximation agree within 0.5 % where at most nine tenths of the pairs are
 * discordant, and within 3 % where all are: then their number does not vary, and nothing evens out its steps.
 */
const manyPairs = 300

/** The sums leave out what lies further from the middle than this many standard deviations. */
const farOut = 5.5

/** Power at a true difference. */
type Power = (difference: number) => number

/**
 * How often Tango's lower limit lies above 0 with n pairs, of which a share `discordance` is discordant: the sum over how many pairs are discordant and how many
 * of those are right only in the first. At 0 Tango's statistic is McNemar's, so of m discordant pairs the b right only in the first must have
 * (2 b - m)² > z² m.
 */
export const pairedSharePower = (n: number, discordance: number, confidence: number): Power => {
  const z = twoSidedQuantile(confidence)
  const reach = farOut * (Math.sqrt(n * discordance * (1 - discordance)) + 1)
  const last = Math.min(n, Math.ceil(n * discordance + reach))
  const counts: { readonly m: number; readonly mostOthers: number; readonly probability: number }[] = []
  for (let m = Math.max(1, Math.floor(n * discordance - reach)); m <= last; m++) {
    const mostOthers = m - Math.floor((m + z * Math.sqrt(m)) / 2) - 1
    if (mostOthers >= 0) counts.push({ m, mostOthers, probability: binomial.pmf(m, n, discordance) })
  }
  return difference => {
    const others = Math.max(0, (1 - difference / discordance) / 2)
    return counts.reduce((total, { m, mostOthers, probability }) => total + probability * binomial.cdf(mostOthers, m, others), 0)
  }
}

/** Connor's (1987) normal approximation to the same. */
const pairedShareNormalPower = (n: number, discordance: number, confidence: number): Power => {
  const reach = twoSidedQuantile(confidence) * Math.sqrt(discordance)
  return difference =>
    normalCdf((difference * Math.sqrt(n) - reach) / Math.sqrt(Math.max(Number.MIN_VALUE, discordance - difference * difference)))
}

/**
 * Smallest true difference of two shares on the same n rows that Tango's interval shows in 4 of 5 repetitions, at the discordance that was seen: b rows right
 * only in the first and c only in the second. Null where it would not show even a difference of the whole discordance.
 */
export const detectablePairedShare = (b: number, c: number, n: number, confidence: number): number | null => {
  const discordance = (b + c) / n
  if (!(discordance > 0)) return null
  const power = (b + c < manyPairs ? pairedSharePower : pairedShareNormalPower)(n, discordance, confidence)
  let [low, high] = [0, discordance]
  let [short, over] = [power(low) - detectablePower, power(high) - detectablePower]
  if (over < 0) return null
  // False position, Illinois: an end that stays twice counts half. A bisection would need three times as many of the sums, which are dear.
  let moved = 0
  while (high - low > 1e-6 * high) {
    const middle = low + ((high - low) * short) / (short - over)
    const gap = power(middle) - detectablePower
    if (Math.abs(gap) < 1e-6) return middle
    const side = Math.sign(gap)
    if (side === moved && side < 0) over /= 2
    if (side === moved && side > 0) short /= 2
    if (side < 0) [low, short] = [middle, gap]
    else [high, over] = [middle, gap]
    moved = side
  }
  return high
}
