import { acceptanceAfter, acceptanceEvidence } from './acceptance.ts'
import type { Counts, SignalSettings } from './judge-state.ts'

/** What a proof of acceptance is planned with. Rates are shares of bad requests of each arm, `weight` is the canary's share of traffic. */
export interface Expected {
  readonly beta: number
  readonly weight: number
  readonly canaryRate: number
  readonly stableRate: number
  readonly dispersion?: number
}

/** The acceptance evidence (natural logarithm) once the canary has had `requests`, of which `bad` were bad, and stable just what is expected of it. */
const evidenceAt = (signal: SignalSettings, { weight, stableRate, dispersion }: Expected, requests: number, bad: number): number => {
  const stable = weight < 1 ? (requests * (1 - weight)) / weight : 0
  const counts: Counts = { canary: requests, canaryBad: bad, stable, stableBad: stable * stableRate }
  return acceptanceEvidence(acceptanceAfter([], counts, signal.unacceptable), { requests, bad }, signal.acceptable, dispersion)
}

/** More canary requests than any rollout sees. */
const never = 1e9

/**
 * Canary requests until acceptance is proven where both arms show just what is expected of them: near the mean and above the median, since proofs that come early come with
 * fewer bad requests than expected. Null where these rates never prove it.
 */
export const requestsToProve = (signal: SignalSettings, expected: Expected): number | null => {
  const proven = (requests: number) => evidenceAt(signal, expected, requests, requests * expected.canaryRate) >= -Math.log(expected.beta)
  if (!proven(never)) return null
  let high = 1
  while (!proven(high)) high *= 2
  let low = Math.floor(high / 2)
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (proven(middle)) high = middle
    else low = middle
  }
  return high
}

/** Probabilities of 0, 1, 2 ... events by Poisson's law, up to where no more than 1e-9 is left. */
const poisson = (mean: number): readonly number[] => {
  const terms: number[] = []
  let log = -mean
  for (let count = 0; count <= mean || Math.exp(log) > 1e-12; count++) {
    terms.push(Math.exp(log))
    log += Math.log(mean / (count + 1))
  }
  return terms
}

/** Looks are put together until there are at most this many: evidence does not care where batches are cut. */
const mostLooks = 60
/** Bad requests in all beyond which nothing is added up: a proof that takes so many is far away or long there. */
const mostBad = 2000

/**
 * Share of canaries with these rates that are not proven acceptable after `looks` batches of `requests` canary requests each: exact for the canary's counts, step by step,
 * with stable's at what is expected. What is planned for a harmless canary says how many good ones would still be held.
 */
export const heldShare = (signal: SignalSettings, expected: Expected, looks: number, requests: number): number => {
  if (looks < 1 || requests <= 0) return 1
  const merged = Math.ceil(looks / mostLooks)
  const steps = Math.floor(looks / merged)
  const perStep = requests * merged
  if (steps * perStep * expected.canaryRate > mostBad) {
    const needed = requestsToProve(signal, expected)
    return needed !== null && needed <= looks * requests ? 0 : 1
  }
  const arriving = expected.canaryRate > 0 ? poisson(perStep * expected.canaryRate) : [1]
  let open: readonly number[] = [1]
  for (let step = 1; step <= steps; step++) {
    const next: number[] = Array.from({ length: open.length + arriving.length - 1 }, () => 0)
    for (const [before, likely] of open.entries())
      if (likely > 1e-12)
        for (const [more, chance] of arriving.entries()) next[before + more] = (next[before + more] ?? 0) + likely * chance
    open = next.map((likely, bad) => (evidenceAt(signal, expected, step * perStep, bad) >= -Math.log(expected.beta) ? 0 : likely))
  }
  return Math.min(
    1,
    open.reduce((sum, likely) => sum + likely, 0),
  )
}
