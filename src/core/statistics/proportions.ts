import { binomial, normalTwoSided } from './distributions.ts'
import { type Interval, twoSidedQuantile } from './interval.ts'
import { moverDifference } from './mover.ts'

/** Wilson's score interval of `successes` in `trials` (trials > 0). */
export const wilsonInterval = (successes: number, trials: number, confidence: number): Interval => {
  const z = twoSidedQuantile(confidence)
  const share = successes / trials
  const scale = 1 + (z * z) / trials
  const centre = (share + (z * z) / (2 * trials)) / scale
  const reach = (z / scale) * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials))
  return { low: successes === 0 ? 0 : centre - reach, high: successes === trials ? 1 : centre + reach }
}

/**
 * Interval of the difference of two independent shares, first minus second (trials > 0): method 10 of Newcombe (1998), which combines the two Wilson
 * intervals and so stays in [-1, 1] and has a width even where nothing or everything succeeded.
 */
export const newcombeInterval = (
  successes1: number,
  trials1: number,
  successes2: number,
  trials2: number,
  confidence: number,
): Interval => {
  return moverDifference(
    { value: successes1 / trials1, ...wilsonInterval(successes1, trials1, confidence) },
    { value: successes2 / trials2, ...wilsonInterval(successes2, trials2, confidence) },
  )
}

/**
 * McNemar's test on discordant pairs, exact with mid-p (Fagerland, Lydersen and Laake 2013): twice the lower tail of Binomial(b + c, 1/2) at
 * min(b, c), less the probability of that point. No discordant pair: 1.
 */
export const mcnemarMidP = (b: number, c: number): number => {
  const discordant = b + c
  if (discordant === 0) return 1
  const fewer = Math.min(b, c)
  const point = binomial.pmf(fewer, discordant, 0.5)
  if (b === c) return 1 - point / 2
  return Math.min(1, 2 * binomial.cdf(fewer, discordant, 0.5) - point)
}

/** Two-sided exact p-value of McNemar's test. */
export const mcnemarExact = (b: number, c: number): number => (b + c === 0 ? 1 : Math.min(1, 2 * binomial.cdf(Math.min(b, c), b + c, 0.5)))

/**
 * McNemar's chi-squared with one degree of freedom and its p-value, with Edwards' continuity correction (1948) where that is asked for. As other programs report
 * it; {@link mcnemarMidP} keeps its level where pairs are few. No discordant pair: statistic 0, p 1.
 */
export const mcnemarChiSquared = (b: number, c: number, corrected: boolean): { readonly statistic: number; readonly p: number } => {
  if (b + c === 0) return { statistic: 0, p: 1 }
  const gap = Math.max(0, Math.abs(b - c) - (corrected ? 1 : 0))
  return { statistic: (gap * gap) / (b + c), p: normalTwoSided(gap / Math.sqrt(b + c)) }
}

/** Tango's (1998) score statistic for the paired difference (b - c) / n under a true difference `delta`. */
export const tangoStatistic = (b: number, c: number, n: number, delta: number): number => {
  const linear = -b - c + (2 * n - b + c) * delta
  const constant = -c * delta * (1 - delta)
  const nuisance = (Math.sqrt(Math.max(0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
  const variance = n * (2 * nuisance + delta * (1 - delta))
  const gap = b - c - n * delta
  if (variance <= 0) return gap === 0 ? 0 : Math.sign(gap) * Number.POSITIVE_INFINITY
  return gap / Math.sqrt(variance)
}

/** Tango's score interval for a paired difference of proportions, `b` pairs right only in the first, `c` only in the second, of `n`. */
export const tangoInterval = (b: number, c: number, n: number, confidence: number): Interval => {
  const z = twoSidedQuantile(confidence)
  const seen = (b - c) / n
  const solve = (inside: number, outside: number, target: number): number => {
    let near = inside
    let far = outside
    for (let step = 0; step < 200 && Math.abs(far - near) > 1e-15; step++) {
      const middle = (near + far) / 2
      if (middle === near || middle === far) break
      if (Math.abs(tangoStatistic(b, c, n, middle)) < target) near = middle
      else far = middle
    }
    return (near + far) / 2
  }
  return { low: c === n ? -1 : solve(seen, -1, z), high: b === n ? 1 : solve(seen, 1, z) }
}

/** Standard error of the paired difference (b - c) / n. */
export const pairedProportionError = (b: number, c: number, n: number): number => {
  const difference = (b - c) / n
  return Math.sqrt(Math.max(0, (b + c) / n - difference * difference) / n)
}
