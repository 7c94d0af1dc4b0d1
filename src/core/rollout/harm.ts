import { fine } from './alternatives.ts'
import type { Counts } from './judge-state.ts'
import { logAdd, logSum } from './log-space.ts'
import { relativeEvidence } from './relative-evidence.ts'

/**
 * Share of the capital that enters at batch `index` (from 1) of a planned `horizon`: half at once, the rest evenly, so that harm that begins late is seen
 * almost as fast as harm that begins at once. Zero after the horizon.
 */
const entering = (index: number, horizon: number): number => {
  if (index === 1) return horizon === 1 ? 1 : 0.5
  return index <= horizon ? 0.5 / (horizon - 1) : 0
}

/** Share of the capital that has not entered after `index` batches. */
const waiting = (index: number, horizon: number): number => {
  if (index === 0) return 1
  if (horizon === 1 || index >= horizon) return 0
  return 0.5 - (0.5 * (index - 1)) / (horizon - 1)
}

/**
 * The harm e-process of release 0.1, which their records are replayed with. Carries it over one batch:
 * M_t(r) = (M_{t-1}(r) + w_t) inc_t(r), all as natural logarithms.
 *
 * @param state logarithms after the batches before; empty before the first
 * @param index number of this batch, from 1
 * @param tolerate psi0, the ratio of canary to stable that is no harm
 */
export const harmAfter = (state: readonly number[], index: number, batch: Counts, tolerate: number, horizon: number): number[] => {
  const fresh = Math.log(entering(index, horizon))
  return fine.factors.map(
    (excess, at) => logAdd(state[at] ?? Number.NEGATIVE_INFINITY, fresh) + relativeEvidence(batch, tolerate * excess, tolerate),
  )
}

/**
 * Natural logarithm of the harm e-value after `batches` batches. For any weights, any number of looks and any base rate that changes with time:
 * P(it ever reaches ln(1/alpha)) <= alpha where the canary never errs more than `tolerate` times as often as stable (Ville).
 */
export const harmEvidence = (state: readonly number[], batches: number, horizon: number): number => {
  const idle = Math.log(waiting(batches, horizon))
  if (state.length === 0) return idle
  return logAdd(idle, logSum(state.map((value, at) => value + (fine.logPrior[at] ?? 0))))
}
