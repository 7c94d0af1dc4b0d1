import { acceptanceEvidence } from './acceptance.ts'
import type { JudgeSettings, SignalSettings } from './judge-state.ts'
import { count, duration, percent } from './words.ts'

/**
 * How many clean canary requests prove acceptance while stable is clean too: the smallest n with an acceptance e-value of 1/beta.
 */
export const cleanRequests = (signal: SignalSettings, beta: number): number => {
  const proven = (requests: number) => acceptanceEvidence([], { requests, bad: 0 }, signal.acceptable) >= -Math.log(beta)
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

/**
 * Canary requests until a rise from `from` to `to` (shares of bad requests) is proven harm, on average, at a canary share `weight`:
 * errors needed = (ln(1/alpha) + 1) / KL(q(r) || weight), with q(r) the share of the errors that the canary makes.
 */
export const requestsToSee = (alpha: number, weight: number, from: number, to: number): number => {
  const q = (weight * to) / (weight * to + (1 - weight) * from)
  const divergence = q * Math.log(q / weight) + (1 - q) * Math.log((1 - q) / (1 - weight))
  const errors = (-Math.log(alpha) + 1) / divergence
  return Math.ceil((errors / ((1 - weight) * from + weight * to)) * weight)
}

/** The plan in words for the first step, and how long it takes at `perSecond` requests of both arms together (null where it is not known). */
export const planLines = (settings: JudgeSettings, steps: readonly number[], perSecond: number | null): readonly string[] => {
  const share = (steps[0] ?? 100) / 100
  const time = (canaryRequests: number) =>
    perSecond !== null && perSecond > 0 && share > 0
      ? `, about ${duration(canaryRequests / (perSecond * share))} at ${count(Math.round(perSecond))} requests/s`
      : ''
  return Object.entries(settings.signals).flatMap(([name, signal]) => {
    const lines: string[] = []
    if (share < 1) {
      const seen = requestsToSee(settings.alpha, share, 0.01, 0.02)
      lines.push(`${name}: 1 % -> 2 % is seen after about ${count(seen)} canary requests at ${percent(share)}${time(seen)}`)
    }
    if (!signal.required) return [...lines, `${name}: need not be proven, may roll back`]
    const clean = cleanRequests(signal, settings.beta)
    return [
      ...lines,
      `${name}: proven acceptable (below ${percent(signal.acceptable)}) after ${count(clean)} canary requests without a bad one${time(clean)}`,
    ]
  })
}
