import { type Alternatives, coarse } from './alternatives.ts'
import { deflated } from './dispersion.ts'
import type { Counts } from './judge-state.ts'
import { kept, logAdd, logSum } from './log-space.ts'
import { relativeEvidence } from './relative-evidence.ts'

/** The harm e-process: of harm that is there from the first batch on, and of harm that begins later. Natural logarithms, one per alternative. */
export interface HarmProcess {
  readonly harm: readonly number[]
  readonly late?: readonly number[] | undefined
}

/** The first batch at which harm may begin late: before it, it is as good as there from the start. */
const firstLate = 6

/** Share of the capital for harm that is there from the start: with four fifths it is seen almost as fast as if nothing began late. */
const atOnce = (horizon: number): number => (horizon < firstLate ? 1 : 0.8)

/** Share of the capital that enters at batch `index` (from 1) of a planned `horizon`, for harm that begins there. */
const entering = (index: number, horizon: number): number =>
  index < firstLate || index > horizon ? 0 : (1 - atOnce(horizon)) / (horizon - firstLate + 1)

/** Share of the capital that has not entered after `index` batches. */
const waiting = (index: number, horizon: number): number =>
  1 - atOnce(horizon) - entering(firstLate, horizon) * Math.min(Math.max(0, index - firstLate + 1), Math.max(0, horizon - firstLate + 1))

/**
 * Carries the harm e-process over one batch. What is there from the start is kept as it is and divided by the dispersion when it is read; what begins late,
 * M_t(r) = (M_{t-1}(r) + w_t) inc_t(r)^(1/phi), is divided by what was known of the dispersion *before* this batch.
 *
 * @param index number of this batch, from 1, among those with requests in both arms
 * @param tolerate psi0, the ratio of canary to stable that is no harm
 * @param dispersion of the batches before this one
 */
export const harmProcessAfter = (
  state: HarmProcess,
  alternatives: Alternatives,
  index: number,
  batch: Counts,
  settings: { readonly tolerate: number; readonly horizon: number; readonly dispersion: number },
): { harm: number[]; late?: number[] } => {
  const { tolerate, horizon, dispersion } = settings
  const harm = alternatives.factors.map((factor, at) => kept((state.harm[at] ?? 0) + relativeEvidence(batch, tolerate * factor, tolerate)))
  if (index < firstLate || (index > horizon && state.late === undefined)) return { harm }
  const fresh = Math.log(entering(index, horizon))
  const late = coarse.factors.map((factor, at) =>
    kept(logAdd(state.late?.[at] ?? Number.NEGATIVE_INFINITY, fresh) + relativeEvidence(batch, tolerate * factor, tolerate) / dispersion),
  )
  return { harm, late }
}

/**
 * Natural logarithm of the harm e-value after `batches` batches with requests in both arms. For independent requests, any weights, any number of looks and any base
 * rate that changes with time: P(it ever reaches ln(1/alpha)) <= alpha where the canary never errs more than `tolerate` times as often as stable.
 */
export const harmProcessEvidence = (
  state: HarmProcess,
  alternatives: Alternatives,
  batches: number,
  horizon: number,
  dispersion: number,
): number => {
  const start = Math.log(atOnce(horizon))
  const begun = alternatives.logPrior.map((prior, at) => start + prior + deflated(state.harm[at] ?? 0, dispersion))
  const later = (state.late ?? []).map((value, at) => value + (coarse.logPrior[at] ?? 0))
  return logSum([Math.log(Math.max(0, waiting(batches, horizon))), ...begun, ...later])
}
