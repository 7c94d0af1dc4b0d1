import type { Interval } from './interval.ts'

/** A share with the limits of its own interval. */
export interface Limits extends Interval {
  readonly value: number
}

/**
 * The interval of `one - other` for two independent shares from their own limits: Newcombe's (1998) method 10 where these are Wilson's, and in general the "method of variance estimates
 * recovery" of Zou and Donner (2008). It keeps a width where every row of both is right.
 */
export const moverDifference = (one: Limits, other: Limits): Interval => {
  const difference = one.value - other.value
  return {
    low: difference - Math.sqrt((one.value - one.low) ** 2 + (other.high - other.value) ** 2),
    high: difference + Math.sqrt((one.high - one.value) ** 2 + (other.value - other.low) ** 2),
  }
}

/**
 * The interval of `one / other` for two independent shares, not both 0, from their own limits (Donner and Zou 2012). Written so that nothing cancels: the lower limit of a ratio is 1 by
 * the upper one of its inverse. The upper limit is infinite where the second share may be 0.
 */
export const moverRatio = (one: Limits, other: Limits): Interval => ({ low: lowestRatio(one, other), high: 1 / lowestRatio(other, one) })

const lowestRatio = (one: Limits, other: Limits): number => {
  const product = one.value * other.value
  const above = one.low * (2 * one.value - one.low)
  const below = other.high * (2 * other.value - other.high)
  if (above <= 0) return 0
  return above / (product + Math.sqrt(Math.max(0, product * product - above * below)))
}
