import { UserError } from '../../core/errors.ts'
import { canonicalJson } from '../../core/lineage/canonical.ts'
import type { EnvironmentState, LedgerEvent, LedgerState, VersionRecord } from '../../core/lineage/events.ts'
import { rememberedAt } from '../../core/lineage/fold.ts'
import { requestId, requestPrefix } from '../../core/lineage/keys.ts'
import { aliasOf, environmentOf, isQuarantined } from '../../core/lineage/preconditions.ts'
import { looksAtVersion } from '../../core/report/rollout-recorded.ts'
import type { Outcome } from '../../kernel/action.ts'
import { within } from '../../kernel/failpoint.ts'
import type { Traffic } from '../../ports/target.ts'
import { announce, environmentUrl, mirror } from '../traffic/announce.ts'
import { patiently } from '../traffic/moving.ts'
import { recordOf, releaseOf } from '../traffic/version.ts'
import { printPlan } from './dry-run.ts'
import { contestedSince, planRollback, type RollbackPlan } from './plan.ts'
import type { Inputs, RollbackContext, RollbackPorts } from './ports.ts'
import { refuseFiles, withChoices } from './refusals.ts'
import type { spec } from './spec.ts'
import { storyOf } from './story.ts'
import { moveTraffic, patience, reassert } from './traffic.ts'

type Answer = Outcome<(typeof spec)['outputs']>

/** Puts a version back: plan, proof of its files, intent, traffic, confirmation, and then the people. */
export const rollbackHandler =
  (ports: RollbackPorts, context: RollbackContext) =>
  async (inputs: Inputs): Promise<Answer> => {
    const { ledger, target, log, clock } = ports
    const began = clock.now()
    const seconds = () => Math.round((clock.now() - began) / 10) / 100
    const id = (verb: string) => requestId(verb, context.environment, inputs.to ?? 'previous', context.request)
    const answer = async (outputs: Omit<Answer['outputs'], 'result'>, plan?: readonly string[]): Promise<Answer> => {
      const named = { schema: 1, model: context.model, environment: context.environment, ...outputs }
      const result = await ports.keepResult(plan === undefined ? named : { ...named, plan })
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

    const planFor = async (at: LedgerState): Promise<{ readonly plan: RollbackPlan | null; readonly traffic: Traffic }> => {
      const traffic = await patiently(ports, patience, 'reading the target', () => target.read())
      const underWay = environmentOf(at, context.environment).move !== null
      const since = underWay ? contestedSince(await ledger.records(context.model), context.environment) : null
      const plan = await withChoices(ports, context, at, () => planRollback(at, context.environment, inputs.to, traffic, since))
      return { plan, traffic }
    }
    const first = await planFor(state)
    if (first.plan === null) {
      const { live } = environmentOf(state, context.environment)
      const version = live?.version ?? 0
      const missing = live === null || inputs.dryRun ? '' : await reassert(ports, live.slot, state.seq)
      const reason = `v${version} is live in ${context.environment} already${missing}`
      log.info(reason)
      return answer({ from: version, to: version, outcome: 'already', seconds: seconds(), issueUrl: '', reason })
    }
    let plan: RollbackPlan = first.plan
    const words = `rollback ${context.model} in ${context.environment}: ${plan.words}${inputs.quarantine ? `; v${plan.from} will be quarantined` : ''}`
    log.info(words)
    const record = await recordOf(ledger, state, plan.to)
    const problem = await ports.store.prove(record.tag, record.assets)
    const planned = { plan, words, record, problem, traffic: first.traffic }
    const lines = inputs.dryRun ? await printPlan(ports, context, state, inputs, planned) : []
    if (problem !== null) return withChoices(ports, context, state, () => refuseFiles(record, problem))
    log.info(`the files of v${plan.to} are there, proven by ${record.assets.length} digests`)
    if (inputs.dryRun)
      return answer(
        {
          from: plan.from,
          to: plan.to,
          outcome: 'planned',
          seconds: seconds(),
          issueUrl: '',
          reason: `${words} (planned, nothing was changed)`,
        },
        lines,
      )

    /** The plan from a newer state: slots may have been given away since. It goes from and to the same versions, or the rollback is not what was asked for. */
    const planAgain = async (at: LedgerState): Promise<void> => {
      const { plan: again } = await planFor(at)
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

const sameEnvironment = (a: LedgerState, b: LedgerState, { environment }: RollbackContext): boolean =>
  canonicalJson(environmentOf(a, environment)) === canonicalJson(environmentOf(b, environment))

const movedMeanwhile = (head: LedgerState, { environment }: RollbackContext, plan: RollbackPlan): UserError => {
  const { rollout, move, live } = environmentOf(head, environment)
  const from = rollout?.version ?? move?.from ?? live?.version
  return new UserError(
    `${environment} was moved while the rollback from v${plan.from} to v${plan.to} was planned: ${from === undefined ? 'nothing is live' : `v${from} would be left`} now. Run it again.`,
  )
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
    page: environmentUrl(context.settings.url, { model: context.model, version: moved.to }),
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
  const looks = looksAtVersion(await ports.ledger.records(context.model), context.environment, moved.from)
  return announce(ports, { ...storyOf(context, moved, inputs), ...looks, earlier: true }, left, {
    incident: `rollback-${context.request}`,
    comment: true,
  })
}
