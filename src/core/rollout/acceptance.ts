import { deflated } from './dispersion.ts'
import type { Counts } from './judge-state.ts'
import { logAdd, logMean, logSpaced, logSum, normalised } from './log-space.ts'
import { relativeEvidence } from './relative-evidence.ts'

const relativeFactors = logSpaced(1.1, 8, 24)

/**
 * How far below the ceiling the canary's share of errors may lie, as factors. Three quarters of the weight are on an almost error-free canary, which
 * is what is met most often; the rest serves those that err a little.
 */
const absoluteFactors = [...logSpaced(1.2, 64, 12), 4096]
const absoluteLogPrior = normalised([...Array.from({ length: 12 }, () => Math.log(0.25 / 12)), Math.log(0.75)])

/**
 * Carries the relative acceptance e-process over one batch (natural logarithms, one per alternative; empty before the first).
 *
 * @param unacceptable psi1: the null hypothesis is that the canary errs at least this many times as often as stable
 */
export const acceptanceAfter = (state: readonly number[], batch: Counts, unacceptable: number): number[] =>
  relativeFactors.map((factor, at) => (state[at] ?? 0) + relativeEvidence(batch, unacceptable / factor, unacceptable))

/**
 * Natural logarithm of the relative acceptance e-value: a uniform mixture, each part divided by the dispersion where it is evidence. 0 (an e-value of 1) before the
 * first batch.
 */
export const relativeAcceptance = (state: readonly number[], dispersion = 1): number =>
  logMean(state.map(value => deflated(value, dispersion)))

/**
 * Natural logarithm of the absolute acceptance e-value, against "at least `ceiling` of the canary's requests are bad":
 * the mixture over g > 1 of g^-e ((1 - c/g)/(1 - c))^(n - e) with e bad ones in n requests. Bad requests that come in clusters leave longer clean stretches between
 * them, which is why it is divided by the dispersion as well.
 */
export const absoluteAcceptance = (requests: number, bad: number, ceiling: number, dispersion = 1): number =>
  logSum(
    absoluteFactors.map((factor, at) => {
      const good = Math.log1p(-ceiling / factor) - Math.log1p(-ceiling)
      return (absoluteLogPrior[at] ?? 0) + deflated((requests - bad) * good - bad * Math.log(factor), dispersion)
    }),
  )

/**
 * Natural logarithm of the acceptance e-value against "unacceptable relatively *and* absolutely": the mean of both, which is an e-value whenever each
 * of them is. Without the absolute part a service that never errs could never be promoted.
 */
export const acceptanceEvidence = (
  state: readonly number[],
  canary: { readonly requests: number; readonly bad: number },
  ceiling: number,
  dispersion = 1,
): number => logAdd(relativeAcceptance(state, dispersion), absoluteAcceptance(canary.requests, canary.bad, ceiling, dispersion)) - Math.LN2
