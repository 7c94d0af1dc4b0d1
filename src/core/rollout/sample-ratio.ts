import betaln from '@stdlib/math-base-special-betaln'
import { deflated } from './dispersion.ts'
import type { JudgeState } from './judge-state.ts'

/** Above this e-value the arms did not get the shares of traffic that were set. */
export const sampleRatioAlarm = 1000

/**
 * Natural logarithm of the sample-ratio e-value: did the canary get the share `weight` of all requests since that weight was set?
 * E = B(a + n_c, b + n_s) / (B(a, b) w^n_c (1-w)^n_s) with a = 100 w and b = 100 (1-w). 0 where the weight leaves nothing to compare.
 */
export const sampleRatioEvidence = (weight: number, canary: number, stable: number): number => {
  if (weight <= 0 || weight >= 1) return 0
  const a = 100 * weight
  const b = 100 - a
  return betaln(a + canary, b + stable) - betaln(a, b) - canary * Math.log(weight) - stable * Math.log1p(-weight)
}

/** The same of a state, divided by a dispersion above 1 where whole connections and not single requests are balanced. */
export const ratioEvidence = ({ weight, canary, stable }: JudgeState['sampleRatio'], dispersion: number): number =>
  deflated(sampleRatioEvidence(weight, canary, stable), dispersion)
