import type { RolloutState } from '../lineage/events.ts'
import { isWithinProof } from './bake-harm.ts'
import { judgementOf } from './judge.ts'
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
 * Whether a rollout that has all traffic was watched there long enough: the time is over, what was judged last reaches beyond it, and by that it would still take
 * its next step and was as good as it had been proven to be. Time alone proves nothing: signals may have been silent all the while.
 */
export const isBaked = (rollout: RolloutState, now: number): boolean => {
  const { percent, intent, bake = 0, until, judge, settings } = rollout
  if (percent !== 100 || intent !== null) return false
  const over = reachedAt(rollout) + bake
  if (now < over || bake === 0) return now >= over
  if (until === null || until < over || judge === null) return false
  return judgementOf(settings, judge).verdict === 'promote' && isWithinProof(settings, judge)
}

/** Seconds that a rollout may have waited at a step by its plan; at a step that it has left, no more than it was there. */
const waitedAt = (rollout: RolloutState, step: number): number => {
  const planned = waitsOf(rollout, step).reduce((sum, { pause, approval }) => sum + (pause ?? 0) + (approval?.within ?? 0), 0)
  const { changes = [] } = rollout
  const [from, to] = [changes[step], changes[step + 1]]
  return step === rollout.step || from === undefined || to === undefined ? planned : Math.min(planned, Math.max(0, to - from))
}

/**
 * When a rollout may stay undecided no longer (seconds since 1970): `longest` seconds from its beginning and what it had to wait for by its plan; once it has
 * all traffic, `longest` seconds after its bake should have ended it. `began` is when the runner that asks began to watch, by its own clock: it stands for instants
 * that the ledger does not know, and for those that lie ahead of `now` because another runner's clock was wrong.
 */
export const deadlineOf = (
  rollout: RolloutState,
  longest: number,
  { began, now }: { readonly began: number; readonly now: number },
): number => {
  const instant = (recorded: number | undefined): number => (recorded === undefined || recorded > now ? began : recorded)
  if (rollout.percent === 100) return instant(rollout.reached ?? rollout.begun) + (rollout.bake ?? 0) + longest
  let deadline = instant(rollout.begun) + longest
  for (let step = 0; step <= rollout.step; step++) deadline += waitedAt(rollout, step)
  return deadline
}
