import type { LedgerState, RolloutState } from '../lineage/events.ts'

/** An approval that a rollout waits for at the step it is at. Times in seconds, `since` since 1970. */
export interface AwaitedApproval {
  readonly environment: string
  readonly rollout: RolloutState
  readonly within: number
  readonly otherwise: 'withdraw' | 'rollback'
  /** When its weight was confirmed; null in records of releases that did not say. */
  readonly since: number | null
}

/** The approval that a rollout waits for at its present step, or null: there is none, or it was given. */
export const awaitedApproval = (environment: string, rollout: RolloutState): AwaitedApproval | null => {
  const { step, waits = [], approved, reached } = rollout
  const approval = waits.find(wait => wait.step === step && wait.approval !== undefined)?.approval
  return approval === undefined || approved === step ? null : { environment, rollout, ...approval, since: reached ?? null }
}

/** Every rollout of a model that waits for an approval, by environment. */
export const awaitedApprovals = (state: LedgerState): readonly AwaitedApproval[] =>
  Object.entries(state.environments)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([environment, { rollout }]) => (rollout === null ? [] : [awaitedApproval(environment, rollout)]))
    .filter(awaited => awaited !== null)
