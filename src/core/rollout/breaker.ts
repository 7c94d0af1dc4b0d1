import type { Counts, SignalSettings, SignalState } from './judge-state.ts'

/** What the hard limit says. `shared`: stable is beyond it too, so it is no fault of this version and nothing is quarantined. */
export type Breaker = 'closed' | 'open' | 'shared'

/** Times more requests that the hard limit asks for at most, however bursty errors were: with hundreds of times more it would be no limit any more. */
const mostPatience = 10

// A quotient of whole numbers is the very number that is written in refline.yml where they are equal; a product need not be.
const beyond = (requests: number, bad: number, settings: SignalSettings, dispersion: number): boolean =>
  requests >= settings.breakerRequests * Math.min(dispersion, mostPatience) && bad / requests >= settings.breaker

const judge = (batch: Counts, settings: SignalSettings, dispersion: number): Breaker => {
  if (!beyond(batch.canary, batch.canaryBad, settings, dispersion)) return 'closed'
  return batch.stable > 0 && batch.stableBad / batch.stable >= settings.breaker ? 'shared' : 'open'
}

/**
 * The hard limit, in the newest batch or over all of the rollout: an absolute share of bad requests that rolls back at once, without statistics. Where bad requests come in
 * clusters, one cluster among few requests would reach it, so it needs as many times more requests as the dispersion says, ten times as many at most.
 */
export const breakerOf = (state: SignalState, settings: SignalSettings, dispersion = 1): Breaker => {
  const newest = judge(state.last, settings, dispersion)
  return newest === 'closed' ? judge(state.total, settings, dispersion) : newest
}
