import { UserError } from '../../core/errors.ts'
import { canonicalJson } from '../../core/lineage/canonical.ts'
import type { EnvironmentState, LedgerEvent, LedgerState, Slot, VersionRecord } from '../../core/lineage/events.ts'
import { rememberedAt } from '../../core/lineage/fold.ts'
import { requestId, requestPrefix } from '../../core/lineage/keys.ts'
import { aliasOf, environmentOf, isQuarantined } from '../../core/lineage/preconditions.ts'
import type { InputsOf, Outcome } from '../../kernel/action.ts'
import { within } from '../../kernel/failpoint.ts'
import type { Deployments } from '../../ports/forge.ts'
import type { ModelStore } from '../../ports/model-store.ts'
import { type AnnouncePorts, announce, mirror } from '../traffic/announce.ts'
import { patiently, setWeight, type TrafficContext, type TrafficPorts } from '../traffic/moving.ts'
import { type FetchModel, proveFiles, recordOf, releaseOf } from '../traffic/version.ts'
import { contestedSince, isThere, planRollback, type RollbackPlan } from './plan.ts'
import type { spec } from './spec.ts'

type Answer = Outcome<(typeof spec)['outputs']>
type Inputs = Pick<InputsOf<(typeof spec)['inputs']>, 'reason' | 'to' | 'quarantine' | 'dryRun'>

/** All that rollback needs of the world. */
export interface RollbackPorts extends TrafficPorts, AnnouncePorts {
  readonly store: ModelStore
  readonly deployments: Deployments
  readonly fetchModel: FetchModel
  readonly keepResult: (result: Readonly<Record<string, unknown>>) => Promise<string>
}

export interface RollbackContext extends TrafficContext {
  readonly commit: string | null
}

/** Seconds that a target may refuse before a rollback gives up with an error. */
const patience = 120

/** Puts a version back: plan, proof of its files, intent, traffic, confirmation, and then the people. */
export const rollbackHandler =
  (ports: RollbackPorts, context: RollbackContext) =>
  async (inputs: Inputs): Promise<Answer> => {
    const { ledger, target, log, clock } = ports
    const began = clock.now()
    const seconds = () => Math.round((clock.now() - began) / 10) / 100
    const id = (verb: string) => requestId(verb, context.environment, inputs.to ?? 'previous', context.request)
    const answer = async (outputs: Omit<Answer['outputs'], 'result'>): Promise<Answer> => {
      const result = await ports.keepResult({ schema: 1, model: context.model, environment: context.environment, ...outputs })
      return { outputs: { ...outputs, result } }
    }
    const state = await within(ports.boundary, 'rollback-head', () => ledger.read(context.model))
    const done = await confirmedBefore(ports, context, state, id('rollback'))
    if (done) {
      const reason = `this workflow run has done it already: v${done.from} -> v${done.to}`
      log.info(reason)
      await mirrorBack(ports, context, done, await recordOf(ledger, state, done.to))
      const issueUrl = await tell(ports, context, done, inputs)
      return answer({ from: done.from, to: done.to, outcome: 'already', seconds: seconds(), issueUrl, reason })
    }

    const planFor = async (at: LedgerState) => {
      const traffic = await patiently(ports, patience, 'reading the target', () => target.read())
      const underWay = environmentOf(at, context.environment).move !== null
      const since = underWay ? contestedSince(await ledger.records(context.model), context.environment) : null
      return planRollback(at, context.environment, inputs.to, traffic, since)
    }
    const planned = await planFor(state)
    if (planned === null) {
      const { live } = environmentOf(state, context.environment)
      const version = live?.version ?? 0
      const missing = live === null || inputs.dryRun ? '' : await reassert(ports, live.slot, state.seq)
      const reason = `v${version} is live in ${context.environment} already${missing}`
      log.info(reason)
      return answer({ from: version, to: version, outcome: 'already', seconds: seconds(), issueUrl: '', reason })
    }
    let plan: RollbackPlan = planned
    const words = `rollback ${context.model} in ${context.environment}: ${plan.words}${inputs.quarantine ? `; v${plan.from} will be quarantined` : ''}`
    log.info(words)
    const record = await recordOf(ledger, state, plan.to)
    await proveFiles(ports.store, record)
    log.info(`the files of v${plan.to} are there, proven by ${record.assets.length} digests`)
    if (inputs.dryRun)
      return answer({
        from: plan.from,
        to: plan.to,
        outcome: 'planned',
        seconds: seconds(),
        issueUrl: '',
        reason: `${words} (planned, nothing was changed)`,
      })

    /** The plan from a newer state: slots may have been given away since. It goes from and to the same versions, or the rollback is not what was asked for. */
    const planAgain = async (at: LedgerState): Promise<void> => {
      const again = await planFor(at)
      if (again?.from !== plan.from || again.to !== plan.to) throw movedMeanwhile(at, context, plan)
      plan = again
    }
    let release = plan.deploy ? await releaseOf(ports.fetchModel, context.model, record) : null
    const intended = await within(ports.boundary, 'rollback-intent', () =>
      ledger.append(
        context.model,
        {
          id: id('rollback-intent'),
          subject: `begin rollback ${context.model} in ${context.environment} v${plan.from} -> v${plan.to}: ${inputs.reason}`,
        },
        async head => {
          const { rollout, move, live } = environmentOf(head, context.environment)
          if ((rollout?.version ?? move?.from ?? live?.version) !== plan.from) throw movedMeanwhile(head, context, plan)
          if (!sameEnvironment(head, state, context)) await planAgain(head)
          if (move?.from === plan.from && move.to === plan.to) return { events: [] }
          return {
            events: [{ kind: 'rollback-intent', environment: context.environment, from: plan.from, to: plan.to, reason: inputs.reason }],
          }
        },
      ),
    )
    // The state is the newest: since the intent was written, another rollback may have finished it, and then the traffic is whoever's came after.
    const now = environmentOf(intended.state, context.environment)
    const underWay = now.move?.from === plan.from && now.move.to === plan.to
    if (!underWay && !isDone(now, plan.to))
      throw new UserError(
        `${context.environment} was moved by somebody else after this rollback to v${plan.to} had begun, so its traffic was left alone; live is ${now.live ? `v${now.live.version}` : 'nothing'}. Run it again if it is still wanted.`,
      )
    if (underWay && intended.outcome === 'existing' && !sameEnvironment(intended.state, state, context)) await planAgain(intended.state)
    if (underWay && plan.deploy) release ??= await releaseOf(ports.fetchModel, context.model, record)
    if (underWay) await moveTraffic(ports, plan, intended.state.seq, release)
    const took = seconds()
    log.info(underWay ? `all traffic on v${plan.to} after ${took} s` : `another rollback has put v${plan.to} back meanwhile`)

    await within(ports.boundary, 'rollback-confirm', () =>
      ledger.append(
        context.model,
        {
          id: id('rollback'),
          subject: `rollback ${context.model} in ${context.environment} v${plan.from} -> v${plan.to}: ${inputs.reason}`,
        },
        head => ({ events: confirmation(head, context, plan, inputs) }),
      ),
    )

    await mirrorBack(ports, context, plan, record)
    const issueUrl = await tell(ports, context, plan, inputs)
    return answer({
      from: plan.from,
      to: plan.to,
      outcome: 'rolled-back',
      seconds: took,
      issueUrl,
      reason: `v${plan.from} -> v${plan.to}: ${inputs.reason}`,
    })
  }

const confirmedBefore = async (
  ports: RollbackPorts,
  context: RollbackContext,
  state: LedgerState,
  id: string,
): Promise<{ readonly from: number; readonly to: number } | null> => {
  // What the state had no room to remember, the ledger looks for in the records where this is a re-run.
  if (rememberedAt(state, requestPrefix(id)) === null && state.forgotten === undefined) return null
  const { events } = await ports.ledger.append(context.model, { id, subject: 'repeated' }, () => ({ events: [] }))
  const event = events.find(found => found.kind === 'rollback-confirm')
  return event?.kind === 'rollback-confirm' ? { from: event.from, to: event.to } : null
}

/**
 * Expects nothing of the live weight: a rollback outranks whoever moved it last. Only where the other slot is cleared first, which is told under the same seq, the weight
 * just read is expected, so that a repeat of it that arrives late does nothing. Done when the target, read again, shows everything in the slot.
 */
const moveTraffic = async (
  ports: RollbackPorts,
  plan: RollbackPlan,
  seq: number,
  release: Awaited<ReturnType<typeof releaseOf>> | null,
): Promise<void> => {
  const { clear } = plan
  let there = plan.moved
  if (clear !== null)
    await patiently(ports, patience, 'clearing the slot', async () => {
      const traffic = await ports.target.read()
      // Another job that does this very rollback may have been faster: taking the traffic back would undo what it is about to confirm.
      there = isThere(plan, traffic)
      if (!there) await setWeight(ports, clear, 100, traffic.percent[clear], seq)
    })
  if (!there && plan.deploy && release !== null) {
    ports.log.info(`deploying v${plan.to} into slot ${plan.slot}`)
    await within(ports.boundary, 'traffic-deploy', () => ports.target.deploy(plan.slot, release, seq))
  }
  await patiently(ports, patience, 'moving the traffic', async () => {
    if (!there) await setWeight(ports, plan.slot, 100, null, seq)
    await assertAllThere(ports, plan.slot)
  })
}

const assertAllThere = async (ports: RollbackPorts, slot: Slot): Promise<void> => {
  const { percent } = await within(ports.boundary, 'traffic-read', () => ports.target.read())
  if (percent[slot] !== 100)
    throw new UserError(`the target shows ${percent[slot]} % of the traffic on slot ${slot} after all of it was moved there`)
}

const sameEnvironment = (a: LedgerState, b: LedgerState, { environment }: RollbackContext): boolean =>
  canonicalJson(environmentOf(a, environment)) === canonicalJson(environmentOf(b, environment))

const movedMeanwhile = (head: LedgerState, { environment }: RollbackContext, plan: RollbackPlan): UserError => {
  const { rollout, move, live } = environmentOf(head, environment)
  const from = rollout?.version ?? move?.from ?? live?.version
  return new UserError(
    `${environment} was moved while the rollback from v${plan.from} to v${plan.to} was planned: ${from === undefined ? 'nothing is live' : `v${from} would be left`} now. Run it again.`,
  )
}

/**
 * Gives the live slot the traffic that it should have: a job that had joined the same rollback and was stopped half way may have taken it. In words what was
 * done, or nothing.
 */
const reassert = async (ports: RollbackPorts, slot: Slot, seq: number): Promise<string> => {
  const { percent } = await patiently(ports, patience, 'reading the target', () => ports.target.read())
  if (percent[slot] === 100) return ''
  await patiently(ports, patience, 'moving the traffic', async () => {
    await setWeight(ports, slot, 100, null, seq)
    await assertAllThere(ports, slot)
  })
  return `; the target showed ${percent[slot]} % of the traffic on its slot, and has all of it there again`
}

const isDone = ({ live, move }: EnvironmentState, to: number): boolean => move === null && live?.version === to

const confirmation = (head: LedgerState, context: RollbackContext, plan: RollbackPlan, inputs: Inputs): readonly LedgerEvent[] => {
  const { from, to, slot } = plan
  const events: LedgerEvent[] = []
  if (!isDone(environmentOf(head, context.environment), to)) {
    events.push({ kind: 'rollback-confirm', environment: context.environment, from, to, slot, reason: inputs.reason })
    const champion = aliasOf(head, 'champion')
    if (context.ownsChampion && champion !== to) events.push({ kind: 'alias', alias: 'champion', from: champion, to })
  }
  if (inputs.quarantine && !isQuarantined(head, from)) events.push({ kind: 'quarantine', version: from, reason: inputs.reason })
  return events
}

/** The deployment on GitHub that shows what is live now. */
const mirrorBack = async (
  ports: RollbackPorts,
  context: RollbackContext,
  moved: { readonly from: number; readonly to: number },
  record: VersionRecord,
): Promise<void> => {
  const mirrored = await mirror(ports, {
    environment: context.environment,
    key: `rollback-${context.request}`,
    commit: record.commit ?? context.commit,
    description: `${context.model} v${moved.to} (rollback from v${moved.from})`,
  })
  await mirrored.live(`rolled back from v${moved.from}`)
}

const tell = async (
  ports: RollbackPorts,
  context: RollbackContext,
  moved: { readonly from: number; readonly to: number },
  inputs: Inputs,
): Promise<string> => {
  const left = await recordOf(ports.ledger, await ports.ledger.read(context.model), moved.from)
  const story = {
    model: context.model,
    environment: context.environment,
    version: moved.from,
    live: moved.to,
    decision: 'rolled-back' as const,
    reason: inputs.reason,
    quarantined: inputs.quarantine,
    deploymentUrl: '',
  }
  return announce(ports, story, left, { incident: `rollback-${context.request}`, comment: true })
}
