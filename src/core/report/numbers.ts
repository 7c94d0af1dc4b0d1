import type { Estimate } from '../comparison/assessment.ts'

const minus = '\u2212'
const grouped = new Intl.NumberFormat('en-US')

/** A count with thousands separated: 12,480. */
export const formatCount = (count: number): string => grouped.format(count)

/** How many digits after the point suit numbers of this size. */
const digitsFor = (magnitude: number): number => {
  if (magnitude >= 1000) return 1
  if (magnitude >= 100) return 2
  return magnitude >= 10 ? 3 : 4
}

const unsigned = (value: number, digits: number): string => {
  const magnitude = Math.abs(value)
  if (magnitude !== 0 && magnitude < 0.0005) return exponent(magnitude.toExponential(2))
  if (magnitude >= 1e15) return exponent(magnitude.toExponential(4))
  return new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(magnitude)
}

const exponent = (text: string): string => text.replace('e+', 'e').replace('e-', `e${minus}`)

/** A value of a metric: 0.9288, 12.345, 1,234.5. Numbers without a fraction stay without one. */
export const formatValue = (value: number): string => {
  if (!Number.isFinite(value)) return 'undefined'
  const sign = value < 0 ? minus : ''
  if (Number.isInteger(value) && Math.abs(value) >= 2) return sign + unsigned(value, 0)
  return sign + unsigned(value, digitsFor(Math.abs(value)))
}

/** A difference with its sign, the minus a real one: +0.0110, −0.0151, 0.0000. */
export const formatDifference = (value: number): string => {
  if (!Number.isFinite(value)) return 'undefined'
  if (value === 0) return '0.0000'
  return (value < 0 ? minus : '+') + unsigned(value, digitsFor(Math.abs(value)))
}

/** A number that has no rows behind it and so no precision of ours, such as a size: 4.2, +0.6 where it is a difference. */
export const formatPoint = (value: number, signed = false): string => {
  if (!Number.isFinite(value)) return 'undefined'
  const sign = value < 0 ? minus : signed && value > 0 ? '+' : ''
  const magnitude = Math.abs(value)
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e15)) return sign + exponent(magnitude.toExponential(2))
  return sign + new Intl.NumberFormat('en-US', { maximumSignificantDigits: 6 }).format(magnitude)
}

/** The interval of an estimate with a leading blank, ` [0.9229, 0.9348]`; empty where there is none. */
export const formatInterval = (estimate: Pick<Estimate, 'low' | 'high'>, format: (value: number) => string = formatValue): string =>
  estimate.low === null || estimate.high === null ? '' : ` [${format(estimate.low)}, ${format(estimate.high)}]`

/** A bound as it was written in the rules: 0.9, 50; relative ones as 2 %. */
export const formatBound = (bound: number, relative: boolean): string =>
  relative ? formatPercent(bound) : `${bound < 0 ? minus : ''}${String(Math.abs(bound))}`

/** A share as a percentage with at most two digits after the point: 2 %. */
export const formatPercent = (share: number): string => `${Number((share * 100).toFixed(2))} %`

/** A p-value: 0.019, 2e-6, below 1e-16. */
export const formatP = (p: number): string => {
  if (p < 1e-16) return 'below 1e-16'
  return p < 0.0001 ? p.toExponential(0) : String(Number(p.toPrecision(2)))
}

/** Bytes in decimal units: 218 kB, 4.2 MB. */
export const formatBytes = (bytes: number): string => {
  if (bytes < 1000) return `${bytes} bytes`
  const units = ['kB', 'MB', 'GB', 'TB']
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), units.length)
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${units[power - 1]}`
}

/** Seconds for people: 40 s, 3 min 41 s, 2 h 5 min. */
export const formatSeconds = (seconds: number): string => {
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}
