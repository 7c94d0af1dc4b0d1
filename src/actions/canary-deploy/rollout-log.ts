import type { LedgerEvent, LedgerState, RolloutState } from '../../core/lineage/events.ts'
import { isQuarantined } from '../../core/lineage/preconditions.ts'
import { type Boundary, within } from '../../kernel/failpoint.ts'
import { appendToRollout, assertHeld, type RolloutPorts, type TrafficContext } from '../traffic/moving.ts'

/** What is written of a rollout under way, and its newest state. Every method throws Overtaken where somebody else has it now. */
export interface RolloutLog {
  current(): RolloutState
  /** Why the version may not go live any more, where it was quarantined since: in another environment, or by hand. */
  quarantined(): string | null
  seq(): number
  /** Reads the ledger again: somebody may have approved, or taken over. */
  refresh(): Promise<void>
  append(
    step: Extract<Boundary, `canary-${string}`>,
    verb: string,
    subject: string,
    events: (rollout: RolloutState, head: LedgerState) => readonly LedgerEvent[],
    evidence?: string,
  ): Promise<void>
  /** When anything was written last, in milliseconds since 1970. */
  written(): number
}

/** Opens the log of the rollout that was begun or taken over. */
export const rolloutLog = (
  ports: RolloutPorts,
  context: TrafficContext,
  started: { readonly state: LedgerState; readonly rollout: string },
): RolloutLog => {
  let state = started.state
  let written = ports.clock.now()
  return {
    current: () => assertHeld(state, context, started.rollout),
    quarantined: () => {
      const { version } = assertHeld(state, context, started.rollout)
      return isQuarantined(state, version) ? (state.quarantine[String(version)] ?? 'the reason is in the ledger') : null
    },
    seq: () => state.seq,
    refresh: async () => {
      state = await ports.ledger.read(context.model)
    },
    append: async (step, verb, subject, events, evidence) => {
      state = await within(ports.boundary, step, () =>
        appendToRollout(ports, context, { rollout: started.rollout, seq: state.seq, verb, subject }, (rollout, head) => ({
          events: events(rollout, head),
          ...(evidence === undefined ? {} : { evidence }),
        })),
      )
      written = ports.clock.now()
    },
    written: () => written,
  }
}
