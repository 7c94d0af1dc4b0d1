import { normalQuantile } from './distributions.ts'

/** A two-sided interval. */
export interface Interval {
  readonly low: number
  readonly high: number
}

/** The normal quantile of a two-sided interval: 1.96 for 0.95. */
export const twoSidedQuantile = (confidence: number): number => normalQuantile(0.5 + confidence / 2)

/** value +- z * error. */
export const waldInterval = (value: number, error: number, confidence: number): Interval => {
  const reach = twoSidedQuantile(confidence) * error
  return { low: value - reach, high: value + reach }
}

/** The same on the logit scale, for values strictly between 0 and 1 near an end, where the plain one would leave [0, 1]. */
const logitInterval = (value: number, error: number, confidence: number): Interval => {
  const centre = Math.log(value / (1 - value))
  const reach = (twoSidedQuantile(confidence) * error) / (value * (1 - value))
  return { low: 1 / (1 + Math.exp(reach - centre)), high: 1 / (1 + Math.exp(-reach - centre)) }
}

/** For values in [0, 1]: on the logit scale above 0.95, below 0.05 and wherever the plain interval leaves [0, 1]. */
export const shareInterval = (value: number, error: number, confidence: number): Interval => {
  const plain = waldInterval(value, error, confidence)
  const tight = value > 0.95 || value < 0.05 || plain.low < 0 || plain.high > 1
  if (tight && value > 0 && value < 1) return logitInterval(value, error, confidence)
  return { low: Math.max(0, plain.low), high: Math.min(1, plain.high) }
}
