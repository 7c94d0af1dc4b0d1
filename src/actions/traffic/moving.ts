import type { EnvironmentConfiguration } from '../../core/configuration/schema.ts'
import type { LedgerEvent, LedgerState, RolloutState, Slot } from '../../core/lineage/events.ts'
import { requestId } from '../../core/lineage/keys.ts'
import { environmentOf } from '../../core/lineage/preconditions.ts'
import { type Failpoint, within } from '../../kernel/failpoint.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Ledger } from '../../ports/ledger.ts'
import type { Log } from '../../ports/report.ts'
import type { Signal } from '../../ports/signals.ts'
import type { Target } from '../../ports/target.ts'

/** What moving an environment needs of the world. */
export interface TrafficPorts {
  readonly ledger: Ledger
  readonly target: Target
  readonly clock: Clock
  readonly log: Log
  /** Called around each step: where the crash matrix stops the process. */
  readonly boundary: Failpoint
}

/** Of which environment and model, and in whose name. */
export interface TrafficContext {
  readonly model: string
  readonly environment: string
  readonly settings: EnvironmentConfiguration
  /** The workflow run: a re-run is the same request. */
  readonly request: string
  /** Whether the alias `champion` follows this environment: the last one of refline.yml that the model lives in. */
  readonly ownsChampion: boolean
}

export interface RolloutPorts extends TrafficPorts {
  readonly signals: readonly Signal[]
}

/** Somebody else decided meanwhile: a rollback, or another rollout. Nothing more is done to the traffic. */
export class Overtaken extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'Overtaken'
  }
}

/**
 * Appends events of a rollout under way, computed for the head at that moment. Throws Overtaken where the rollout is over or a rollback was begun. The
 * request names the seq it was decided at, so that a repeat of the same push is found again and a later one is not.
 */
export const appendToRollout = async (
  ports: TrafficPorts,
  context: TrafficContext,
  at: { readonly rollout: string; readonly seq: number; readonly verb: string; readonly subject: string },
  decide: (rollout: RolloutState, head: LedgerState) => { readonly events: readonly LedgerEvent[]; readonly evidence?: string },
): Promise<LedgerState> => {
  const request = requestId(at.verb, context.environment, `${at.rollout}-${at.seq}`, context.request)
  const appended = await ports.ledger.append(context.model, { id: request, subject: at.subject }, head => {
    const rollout = heldRollout(head, context, at.rollout)
    return rollout === null ? { events: [] } : decide(rollout, head)
  })
  if (appended.outcome === 'nothing') throw new Overtaken(overtakenBy(appended.state, context.environment, context.request))
  return appended.state
}

/** The rollout where it is under way and nobody else drives it; null where a rollback was begun, or another runner has it. */
const heldRollout = (state: LedgerState, context: TrafficContext, id: string): RolloutState | null => {
  const { rollout, move } = environmentOf(state, context.environment)
  if (rollout?.rollout !== id || move !== null) return null
  return rollout.holder === undefined || rollout.holder === context.request ? rollout : null
}

/** The same, or throws Overtaken. */
export const assertHeld = (state: LedgerState, context: TrafficContext, id: string): RolloutState => {
  const rollout = heldRollout(state, context, id)
  if (rollout === null) throw new Overtaken(overtakenBy(state, context.environment, context.request))
  return rollout
}

/** Who has the environment now, in words. */
export const overtakenBy = (state: LedgerState, environment: string, request?: string): string => {
  const { live, rollout, move } = environmentOf(state, environment)
  if (move) return `a rollback to v${move.to} has begun in ${environment}: ${move.reason}`
  if (rollout && rollout.holder !== undefined && rollout.holder !== request)
    return `v${rollout.version} is being rolled out in ${environment} by workflow run ${rollout.holder}`
  if (rollout) return `v${rollout.version} is being rolled out in ${environment}`
  return `${environment} was moved by somebody else meanwhile; live is ${live ? `v${live.version}` : 'nothing'}`
}

/** Gives a slot all traffic whatever stands there. */
export const restoreTraffic = async (ports: TrafficPorts, slot: Slot, seq: number): Promise<void> =>
  within(ports.boundary, 'traffic-weight', () => ports.target.restore(slot, seq))

/** Moves the weight by the target. */
export const setWeight = async (ports: TrafficPorts, slot: Slot, percent: number, expecting: number | null, seq: number): Promise<void> =>
  within(ports.boundary, 'traffic-weight', () => ports.target.set(slot, percent, expecting, seq))

/** Retries what a flaky system refuses, with growing pauses, for at most `seconds`; then throws the last error. */
export const patiently = async <T>(ports: TrafficPorts, seconds: number, what: string, work: () => Promise<T>): Promise<T> => {
  const deadline = ports.clock.now() + seconds * 1000
  for (let pause = 250; ; pause = Math.min(pause * 2, 15_000)) {
    try {
      return await work()
    } catch (error) {
      if (error instanceof Overtaken || ports.clock.now() + pause > deadline) throw error
      ports.log.warning(`${what} did not work and is tried again: ${messageOf(error)}`)
      await ports.clock.sleep(pause)
    }
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
