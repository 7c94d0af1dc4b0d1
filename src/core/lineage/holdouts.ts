import type { HoldoutUse, LedgerState } from './events.ts'

const mostHoldouts = 20

const short = (digest: string): string => digest.slice(0, 16)

/**
 * How often a holdout, by its full digest, has decided whether a run became a version. Only the last 20 holdouts are remembered; one that is not among them has
 * decided 0 times as far as the ledger's state knows.
 */
export const decidedBy = (state: LedgerState, digest: string): number =>
  state.holdouts?.find(use => use.digest === short(digest))?.decided ?? 0

/** The state after a holdout has decided once more, in the record that follows it. */
export const withHoldout = (state: LedgerState, digest: string): LedgerState => {
  const use: HoldoutUse = { digest: short(digest), decided: decidedBy(state, digest) + 1, seq: state.seq + 1 }
  const others = (state.holdouts ?? []).filter(other => other.digest !== use.digest)
  return { ...state, holdouts: [...others, use].slice(-mostHoldouts) }
}
