import type { RolloutState } from '../lineage/events.ts'
import type { StepWait } from './waits.ts'

/** What a rollout waits for at its present step besides proof: until then (seconds since 1970) at most. `otherwise`: what follows where no approval comes. */
export type Waiting =
  | { readonly for: 'pause'; readonly until: number }
  | { readonly for: 'approval'; readonly until: number; readonly otherwise: 'withdraw' | 'rollback' }

const reachedAt = (rollout: Pick<RolloutState, 'reached' | 'begun'>): number => rollout.reached ?? rollout.begun ?? 0

const waitsOf = (rollout: RolloutState, step: number): readonly StepWait[] => (rollout.waits ?? []).filter(wait => wait.step === step)

/** The first wait of the present step that is not over at `now` (seconds since 1970), or null. A weight that is not confirmed yet waits for nothing. */
export const waitingOf = (rollout: RolloutState, now: number): Waiting | null => {
  if (rollout.intent !== null || rollout.step < 0) return null
  for (const { pause, approval } of waitsOf(rollout, rollout.step)) {
    if (pause !== undefined && now < reachedAt(rollout) + pause) return { for: 'pause', until: reachedAt(rollout) + pause }
    if (approval !== undefined && rollout.approved !== rollout.step)
      return { for: 'approval', until: reachedAt(rollout) + approval.within, otherwise: approval.otherwise }
  }
  return null
}

/**
 * Whether somebody looked at a rollout after its bake: the newest look ended then, had an answer of every required signal, and with all traffic the canary was seen to have
 * requests. Time that passes while nobody looks, or nothing is heard, shows nothing.
 */
const isWatched = ({ judge, settings, until, ...rollout }: RolloutState): boolean => {
  if (judge === null || until === null || until < reachedAt(rollout) + (rollout.bake ?? 0)) return false
  const signals = Object.entries(settings.signals)
  const counts = signals.some(([, { late }]) => late !== true)
  return (
    signals.every(([name, { required }]) => !required || judge.signals[name]?.unanswered === undefined) &&
    (!counts || judge.sampleRatio.canary > 0)
  )
}

/** Whether a rollout that has all traffic was watched there long enough. */
export const isBaked = (rollout: RolloutState, now: number): boolean => {
  const { bake = 0, intent, percent } = rollout
  if (percent !== 100 || intent !== null || now < reachedAt(rollout) + bake) return false
  return bake === 0 || isWatched(rollout)
}

/**
 * When a rollout may stay undecided no longer (seconds since 1970): `longest` seconds from its beginning and what it had to wait for by its plan; once it has
 * all traffic, `longest` seconds after its bake should have ended it. `now` stands for a beginning that the ledger does not know, in rollouts of release 0.1.
 */
export const deadlineOf = (rollout: RolloutState, longest: number, now: number): number => {
  if (rollout.percent === 100) return reachedAt(rollout) + (rollout.bake ?? 0) + longest
  const waits = (rollout.waits ?? []).filter(({ step }) => step <= rollout.step)
  return waits.reduce((sum, { pause, approval }) => sum + (pause ?? 0) + (approval?.within ?? 0), (rollout.begun ?? now) + longest)
}
