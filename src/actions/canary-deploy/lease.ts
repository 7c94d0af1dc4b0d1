import { canonicalJson } from '../../core/lineage/canonical.ts'
import type { LedgerState, RolloutState } from '../../core/lineage/events.ts'
import { requestId } from '../../core/lineage/keys.ts'
import { environmentOf } from '../../core/lineage/preconditions.ts'
import { within } from '../../kernel/failpoint.ts'
import type { WorkflowRuns } from '../../ports/workflow-runs.ts'
import { messageOf, Overtaken, overtakenBy, setWeight, type TrafficContext, type TrafficPorts } from '../traffic/moving.ts'

/** Who drives a rollout from here on: this runner, with the state that says so; or the one that does, since it is at work. */
export type Claim = { readonly state: LedgerState } | { readonly atWork: string }

export interface LeasePorts extends TrafficPorts {
  /** What GitHub knows of workflow runs; null where nobody can be asked. */
  readonly workflowRuns: WorkflowRuns | null
}

/** Ticks without a word after which a runner counts as dead, and seconds for a push that is tried again. */
const silentTicks = 3
const graceSeconds = 30
const pollSeconds = 15

/**
 * Takes over the rollout under way unless its runner is at work. That one is dead where its workflow run is over, or where it writes nothing for three ticks and some seconds
 * while this one watches: by the own clock alone, so that no two clocks need to agree. A re-run of the same workflow run is the same runner. Throws Overtaken where the
 * rollout ends meanwhile. `outranks`: it is taken from a runner that is at work, too.
 */
export const claim = async (
  ports: LeasePorts,
  context: TrafficContext,
  state: LedgerState,
  rollout: RolloutState,
  { outranks = false } = {},
): Promise<Claim> => {
  const holder = rollout.holder ?? null
  if (holder === context.request) return { state }
  if (holder !== null && !outranks && !(await isOver(ports, holder))) {
    ports.log.info(`v${rollout.version} is being rolled out by workflow run ${holder}; watching whether it is at work`)
    if (await writes(ports, context, rollout)) return { atWork: holder }
  }
  return { state: await take(ports, context, state, rollout, outranks) }
}

const isOver = async (ports: LeasePorts, holder: string): Promise<boolean> => {
  if (ports.workflowRuns === null || !/^\d+$/.test(holder)) return false
  try {
    const run = await ports.workflowRuns.find(holder)
    return run !== null && run.ended !== null
  } catch (error) {
    ports.log.warning(`workflow run ${holder} could not be looked up, so it is watched: ${messageOf(error)}`)
    return false
  }
}

/** Whether the runner writes anything of its rollout while it is watched. */
const writes = async (ports: LeasePorts, context: TrafficContext, rollout: RolloutState): Promise<boolean> => {
  const { clock, ledger } = ports
  const { tick } = context.settings.judge
  const seen = canonicalJson(rollout)
  const deadline = clock.now() + (silentTicks * tick + graceSeconds) * 1000
  while (clock.now() < deadline) {
    await clock.sleep(Math.min(tick, pollSeconds) * 1000)
    const now = stillThere(await ledger.read(context.model), context, rollout)
    if (canonicalJson(now) !== seen) return true
  }
  return false
}

const stillThere = (state: LedgerState, context: TrafficContext, { rollout: id }: RolloutState): RolloutState => {
  const { rollout, move } = environmentOf(state, context.environment)
  if (rollout?.rollout !== id || move !== null) throw new Overtaken(overtakenBy(state, context.environment))
  return rollout
}

/** Writes that this runner has it now, for the rollout exactly as it was seen: one of two that want it gets it. */
const take = async (
  ports: LeasePorts,
  context: TrafficContext,
  state: LedgerState,
  rollout: RolloutState,
  outranks: boolean,
): Promise<LedgerState> => {
  const from = rollout.holder ?? null
  const appended = await within(ports.boundary, 'canary-take', () =>
    ports.ledger.append(
      context.model,
      {
        id: requestId('take', context.environment, `${rollout.rollout}-${state.seq}`, context.request),
        subject: `take over the rollout of ${context.model} v${rollout.version} in ${context.environment}${from === null ? '' : ` from workflow run ${from}`}`,
      },
      head => {
        const now = stillThere(head, context, rollout)
        if ((now.holder ?? null) !== from || (!outranks && now.heard !== rollout.heard)) return { events: [] }
        return {
          events: [
            {
              kind: 'rollout-taken',
              environment: context.environment,
              rollout: rollout.rollout,
              holder: context.request,
              from,
              at: ports.clock.now() / 1000,
            },
          ],
        }
      },
    ),
  )
  const taken = stillThere(appended.state, context, rollout)
  if (taken.holder !== context.request) throw new Overtaken(overtakenBy(appended.state, context.environment, context.request))
  await tellTarget(ports, taken, appended.seq)
  return appended.state
}

/** Tells the target the new seq with the weight that it has: from now on it takes nothing any more of a runner that only seemed to be dead. */
const tellTarget = async (ports: LeasePorts, rollout: RolloutState, seq: number): Promise<void> => {
  if (rollout.intent !== null || rollout.step < 0) return
  try {
    await setWeight(ports, rollout.canary, rollout.percent, rollout.percent, seq)
  } catch (error) {
    ports.log.warning(`the target was not told that the rollout was taken over: ${messageOf(error)}`)
  }
}
