import { UserError } from '../../core/errors.ts'
import { digest } from '../../core/lineage/canonical.ts'
import type { EnvironmentState, EventOf, LedgerState, RolloutState, Slot, VersionRecord } from '../../core/lineage/events.ts'
import { requestId } from '../../core/lineage/keys.ts'
import { environmentOf } from '../../core/lineage/preconditions.ts'
import { otherSlot } from '../../core/rollout/batch.ts'
import { judgeSettingsOf, secondsOf } from '../../core/rollout/settings.ts'
import { stepPlanOf } from '../../core/rollout/steps.ts'
import { duration } from '../../core/rollout/words.ts'
import { within } from '../../kernel/failpoint.ts'
import type { Deployments } from '../../ports/forge.ts'
import type { ModelStore } from '../../ports/model-store.ts'
import type { AnnouncePorts } from '../traffic/announce.ts'
import type { JudgeAgain } from '../traffic/judged-again.ts'
import { appendToRollout, messageOf, Overtaken, overtakenBy, type RolloutPorts, setWeight, type TrafficContext } from '../traffic/moving.ts'
import { type FetchModel, releaseOf } from '../traffic/version.ts'
import { type Ended, type Return, returnBy } from './ending.ts'
import { claim, type LeasePorts } from './lease.ts'
import type { SeenBefore } from './seen.ts'

/** All that canary-deploy needs of the world. */
export interface CanaryPorts extends RolloutPorts, AnnouncePorts, LeasePorts {
  readonly store: ModelStore
  readonly deployments: Deployments
  readonly fetchModel: FetchModel
  readonly judgeAgain: JudgeAgain
  /** Why an earlier step of this job registered nothing, or null where it said nothing of the kind. */
  readonly kept: () => Promise<string | null>
  /** Keeps the answer as JSON and returns its path. */
  readonly keepResult: (result: Readonly<Record<string, unknown>>) => Promise<string>
}

export interface CanaryContext extends TrafficContext {
  readonly workflowRun: string | null
  /** Commit of the workflow, for versions that carry none. */
  readonly commit: string | null
}

/** A rollout that was begun or is gone on with. */
export interface Begun {
  readonly state: LedgerState
  readonly rollout: string
}

/** The champion that a version was judged against once more before its rollout, since it became champion only later. */
export type JudgedOnceMore = NonNullable<EventOf<'rollout-start'>['again']>

/** A rollout that was taken over, and the end it is to have where it was left alone for too long. */
export interface Resumed extends Begun {
  readonly given: Return | null
}

/**
 * Takes over the rollout under way, or throws Overtaken where its runner is at work. One that nobody watched for `abandon_after` is given up: what was true of its traffic
 * then need not be true now.
 */
export const takeOver = async (ports: CanaryPorts, context: CanaryContext, state: LedgerState, rollout: RolloutState): Promise<Resumed> => {
  const claimed = await claim(ports, context, state, rollout)
  if ('atWork' in claimed)
    throw new Overtaken(
      `v${rollout.version} is being rolled out in ${context.environment} by workflow run ${claimed.atWork}, which is at work (${rollout.percent} %, ${rollout.judgement})`,
    )
  const alone = rollout.heard === undefined ? 0 : ports.clock.now() / 1000 - rollout.heard
  ports.log.info(`going on with the rollout of v${rollout.version} at ${rollout.percent} %: ${rollout.judgement}`)
  const abandoned = rollout.from !== null && alone > secondsOf(context.settings.judge.abandon_after)
  return {
    state: claimed.state,
    rollout: rollout.rollout,
    given: abandoned ? returnBy('withdraw', `abandoned: no runner watched it for ${duration(alone)}`) : null,
  }
}

/** Claims the environment in the ledger for a version. Nothing is under way there. */
export const begin = async (
  ports: CanaryPorts,
  context: CanaryContext,
  state: LedgerState,
  record: VersionRecord,
  known: { readonly again: JudgedOnceMore | null; readonly dispersion: SeenBefore['dispersion'] },
): Promise<Begun> => {
  const { again, dispersion } = known
  const { version } = record
  const environment = environmentOf(state, context.environment)
  if (environment.move !== null) throw new Overtaken(overtakenBy(state, context.environment))
  const id = digest(JSON.stringify(['rollout', context.model, context.environment, version, context.request, state.seq])).slice(0, 12)
  const bake = secondsOf(context.settings.judge.bake)
  const plan = stepPlanOf(context.environment, context.settings.steps)
  const canary: Slot = environment.live === null ? 'blue' : otherSlot(environment.live.slot)
  await assertIdle(ports, environment, canary)
  const appended = await within(ports.boundary, 'canary-start', () =>
    ports.ledger.append(
      context.model,
      {
        id: requestId('rollout', context.environment, id, context.request),
        subject: `roll out ${context.model} v${version} in ${context.environment}${environment.live ? `, live is v${environment.live.version}` : ': the first version'}`,
      },
      head => {
        const now = environmentOf(head, context.environment)
        if (now.rollout !== null || now.move !== null || now.live?.version !== environment.live?.version) return { events: [] }
        return {
          events: [
            {
              kind: 'rollout-start',
              environment: context.environment,
              rollout: id,
              version,
              from: now.live?.version ?? null,
              canary,
              steps: now.live === null ? [] : [...plan.shares],
              judge: judgeSettingsOf(context.environment, context.settings, dispersion),
              ...(now.live === null || plan.waits.length === 0 ? {} : { waits: [...plan.waits] }),
              ...(now.live === null || bake === 0 ? {} : { bake }),
              holder: context.request,
              at: ports.clock.now() / 1000,
              ...(again === null ? {} : { again }),
            },
          ],
        }
      },
    ),
  )
  if (appended.outcome === 'nothing') throw new Overtaken(overtakenBy(appended.state, context.environment))
  return { state: appended.state, rollout: id }
}

const assertIdle = async (ports: CanaryPorts, environment: EnvironmentState, canary: Slot): Promise<void> => {
  if (environment.live === null) return
  const { percent } = await ports.target.read()
  const { version, slot } = environment.live
  if (percent[canary] !== 0)
    throw new UserError(
      `slot ${canary} should be idle but gets ${percent[canary]} % of the traffic, and v${version} in slot ${slot} gets ${percent[slot]} %. Set slot ${canary} to 0 first; nothing was changed.`,
    )
  if (percent[slot] === 0)
    throw new UserError(
      `v${version} is live in slot ${slot}, which gets none of the traffic, and slot ${canary} gets none either: somebody took both out. Run the rollback action with \`to: ${version}\` to give it all traffic, then this job again; nothing was changed.`,
    )
}

/** Brings the version up in its slot unless it has traffic already. A deploy that fails ends the rollout with all traffic where it was. */
export const deployCanary = async (
  ports: CanaryPorts,
  context: CanaryContext,
  begun: Begun,
  record: VersionRecord,
): Promise<Ended | null> => {
  const rollout = environmentOf(begun.state, context.environment).rollout
  if (rollout === null || rollout.rollout !== begun.rollout || rollout.step >= 0 || rollout.intent !== null) return null
  try {
    const release = await releaseOf(ports.fetchModel, context.model, record)
    ports.log.info(`deploying v${record.version} into slot ${rollout.canary}`)
    const { seq } = begun.state
    // The target is told the seq first: from now on it takes nothing any more of a job that was overtaken and only has not noticed yet.
    if (rollout.from !== null) await setWeight(ports, rollout.canary, 0, 0, seq)
    await within(ports.boundary, 'traffic-deploy', () => ports.target.deploy(rollout.canary, release, seq))
    const { ready } = await ports.target.read()
    if (!ready[rollout.canary])
      throw new UserError(
        `slot ${rollout.canary} is not ready although \`target.deploy\` has ended: let it return only once the version answers`,
      )
    return null
  } catch (error) {
    const reason = `v${record.version} could not be deployed, no traffic was moved: ${messageOf(error)}`.slice(0, 1900).toWellFormed()
    await within(ports.boundary, 'canary-end', () =>
      appendToRollout(
        ports,
        context,
        {
          rollout: rollout.rollout,
          seq: begun.state.seq,
          verb: 'end',
          subject: `withdraw ${context.model} v${record.version} from ${context.environment}: it could not be deployed`,
        },
        // Another job of this very rollout may have brought it up and moved traffic since: then it is that job's to go on with.
        at =>
          at.step >= 0 || at.intent !== null
            ? { events: [] }
            : { events: [{ kind: 'rollout-end', environment: context.environment, rollout: at.rollout, decision: 'withdrawn', reason }] },
      ),
    )
    return { decision: 'withdrawn', reason, quarantined: false }
  }
}
