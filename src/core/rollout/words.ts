import type { Counts } from './judge-state.ts'

const grouped = new Intl.NumberFormat('en-US')

/** A count with thousands separated: 6,287. */
export const count = (value: number): string => grouped.format(value)

/** An e-value from its natural logarithm: 5.2, 1,234, 1.8e26. */
export const evidence = (log: number): string => {
  if (log < Math.log(0.05)) return 'almost 0'
  if (log < Math.log(999.5)) return Math.exp(log).toFixed(1)
  const decimal = log / Math.LN10
  if (decimal < 6) return count(Math.round(Math.exp(log)))
  const exponent = Math.floor(decimal)
  const mantissa = (10 ** (decimal - exponent)).toFixed(1)
  return mantissa === '10.0' ? `1.0e${exponent + 1}` : `${mantissa}e${exponent}`
}

/** The e-value that an error bound asks for: 1/0.01 is 100. */
export const bar = (bound: number): string => count(Number((1 / bound).toPrecision(3)))

/** A share as a percentage with at most two digits after the point: "0.5 %", "5 %". */
export const percent = (share: number): string => `${Number((share * 100).toFixed(2))} %`

/** A share of bad requests, or that there were none. */
export const rate = (bad: number, total: number): string => (total === 0 ? 'no requests' : `${((100 * bad) / total).toFixed(1)} %`)

/** Both arms in words: `canary 27/331 errors, stable 0/6287`. */
export const arms = (name: string, counts: Counts): string =>
  `canary ${counts.canaryBad}/${counts.canary} ${name}, stable ${counts.stableBad}/${counts.stable}`

/** Seconds for people: 40 s, 29 min, 3.5 h. */
export const duration = (seconds: number): string => {
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${Math.round(seconds / 86_400)} days`
}

/** That evidence was divided, or nothing where it was not. */
export const dispersed = (dispersion: number): string =>
  dispersion > 1 ? ` (requests come in clusters: both divided by a dispersion of ${dispersion.toFixed(1)})` : ''
