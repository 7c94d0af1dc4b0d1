import type { Counts } from './judge-state.ts'

/**
 * What a batch adds to the log likelihood ratio of "the canary errs `ratio` times as often as stable" against "`boundary` times as often", given how many
 * requests each arm had: which arm did each error come from? (Poisson bound of Lindon and Malek, NeurIPS 2022.) With q(r) = rho r / (rho r + 1 - rho) it is
 * e_c ln(q(r)/q(boundary)) + e_s ln((1-q(r))/(1-q(boundary))). A batch in which an arm had no request says nothing: 0.
 */
export const relativeEvidence = (batch: Counts, ratio: number, boundary: number): number => {
  if (batch.canary === 0 || batch.stable === 0) return 0
  const share = batch.canary / (batch.canary + batch.stable)
  const scale = Math.log((share * boundary + 1 - share) / (share * ratio + 1 - share))
  return batch.canaryBad * (Math.log(ratio / boundary) + scale) + batch.stableBad * scale
}

/** Whether a batch can compare the arms at all. */
export const comparable = (batch: Counts): boolean => batch.canary > 0 && batch.stable > 0
