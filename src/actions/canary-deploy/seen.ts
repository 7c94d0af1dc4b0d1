import type { LedgerRecord, LedgerState, VersionRecord } from '../../core/lineage/events.ts'
import { environmentOf } from '../../core/lineage/preconditions.ts'
import { otherSlot } from '../../core/rollout/batch.ts'
import { dispersionOf, handedOn } from '../../core/rollout/dispersion.ts'
import type { DispersionState } from '../../core/rollout/judge-state.ts'
import { messageOf, type RolloutPorts, type TrafficContext } from '../traffic/moving.ts'

/** What is known of each signal before a rollout: how bursty its bad requests are, and their share in the live version now. */
export interface SeenBefore {
  readonly dispersion: Readonly<Record<string, DispersionState>>
  readonly rates: Readonly<Record<string, number>>
}

/** Minutes of the past that are looked at. */
const minutesBack = 60

/**
 * Asks the past of the live version where a signal keeps one, else takes what the last rollout in this environment handed on. A signal that cannot tell is one that nothing is
 * known of; nothing is decided from it but how careful the judge is.
 */
export const seenBefore = async (
  ports: RolloutPorts,
  context: TrafficContext,
  state: LedgerState,
  records: readonly LedgerRecord[],
): Promise<SeenBefore> => {
  const dispersion: Record<string, DispersionState> = {}
  const rates: Record<string, number> = {}
  const { live } = environmentOf(state, context.environment)
  if (live === null) return { dispersion, rates }
  const last = records
    .flatMap(record => record.events)
    .findLast(event => event.kind === 'evidence' && event.environment === context.environment)
  for (const signal of ports.signals) {
    try {
      const past = (await signal.history?.(live.slot, minutesBack)) ?? []
      const total = past.reduce((sum, minute) => sum + minute.total, 0)
      if (total > 0) {
        dispersion[signal.name] = dispersionOf(past.map(minute => ({ requests: minute.total, events: minute.bad })))
        rates[signal.name] = past.reduce((sum, minute) => sum + minute.bad, 0) / total
        continue
      }
    } catch (error) {
      ports.log.warning(`the past of signal ${signal.name} is not known: ${messageOf(error)}`)
    }
    const known = last?.kind === 'evidence' ? last.judge.signals[signal.name]?.dispersion : undefined
    if (known !== undefined) dispersion[signal.name] = handedOn(known)
  }
  return { dispersion, rates }
}

/** Tells every signal that cares which versions would be in the slots, before anything is asked of it. */
export const followPlanned = (ports: RolloutPorts, context: TrafficContext, state: LedgerState, record: VersionRecord): void => {
  const { live } = environmentOf(state, context.environment)
  const canary = live === null ? 'blue' : otherSlot(live.slot)
  const versions = { [canary]: record.version, [otherSlot(canary)]: live?.version ?? null } as Record<'blue' | 'green', number | null>
  for (const signal of ports.signals) signal.follow?.({ versions, since: ports.clock.now() / 1000 })
}
