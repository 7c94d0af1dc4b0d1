import type { Move } from '../../core/rollout/machine.ts'
import { percent as share } from '../../core/rollout/words.ts'
import type { TrafficContext } from '../traffic/moving.ts'
import { type Ended, endingEvents, endingSubject, endOf, type Left, type Return, text } from './ending.ts'
import type { RolloutLog } from './rollout-log.ts'

/** Leaves the rollout at its weight for another runner. `at`: seconds since 1970. */
export const leave = async (log: RolloutLog, { environment, model }: TrafficContext, reason: string, at: number): Promise<Left> => {
  const { version, percent } = log.current()
  await log.append(
    'canary-leave',
    'leave',
    `leave ${model} v${version} in ${environment} at ${share(percent / 100)}: ${reason}`,
    ({ rollout }) => [{ kind: 'rollout-left', environment, rollout, reason: text(reason), at }],
  )
  return { decision: 'left', reason, quarantined: false }
}

/** The end of a rollout is one record with the last confirmed weight, the alias and the quarantine: none of them can be without the others. */
export const finish = async (
  log: RolloutLog,
  context: TrafficContext,
  wanted: Return | null,
  move: Extract<Move, { do: 'confirm' }> | null = null,
): Promise<Ended> => {
  const { environment } = context
  const rollout = log.current()
  const end = endOf(rollout, move, wanted)
  await log.append('canary-end', 'end', endingSubject(rollout, context, end), (at, head) => [
    ...(move === null
      ? []
      : [{ kind: 'weight-confirm', environment, rollout: at.rollout, step: move.step, percent: move.percent } as const]),
    ...endingEvents(at, head, context, end),
  ])
  return end
}
