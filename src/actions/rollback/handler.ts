import { UserError } from '../../core/errors.ts'
import type { LedgerEvent, LedgerState, VersionRecord } from '../../core/lineage/events.ts'
import { requestId, requestPrefix } from '../../core/lineage/keys.ts'
import { aliasOf, environmentOf, isQuarantined } from '../../core/lineage/preconditions.ts'
import type { InputsOf, Outcome } from '../../kernel/action.ts'
import { within } from '../../kernel/failpoint.ts'
import type { Deployments } from '../../ports/forge.ts'
import type { ModelStore } from '../../ports/model-store.ts'
import { type AnnouncePorts, announce, mirror } from '../traffic/announce.ts'
import { patiently, setWeight, type TrafficContext, type TrafficPorts } from '../traffic/moving.ts'
import { type FetchModel, proveFiles, recordOf, releaseOf } from '../traffic/version.ts'
import { planRollback, type RollbackPlan } from './plan.ts'
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

    const plan = planRollback(
      state,
      context.environment,
      inputs.to,
      await patiently(ports, patience, 'reading the target', () => target.read()),
    )
    if (plan === null) {
      const version = environmentOf(state, context.environment).live?.version ?? 0
      const reason = `v${version} is live in ${context.environment} already`
      log.info(reason)
      return answer({ from: version, to: version, outcome: 'already', seconds: seconds(), issueUrl: '', reason })
    }
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

    const release = plan.deploy ? await releaseOf(ports.fetchModel, context.model, record) : null
    const intended = await within(ports.boundary, 'rollback-intent', () =>
      ledger.append(
        context.model,
        {
          id: id('rollback-intent'),
          subject: `begin rollback ${context.model} in ${context.environment} v${plan.from} -> v${plan.to}: ${inputs.reason}`,
        },
        head => {
          const { rollout, move, live } = environmentOf(head, context.environment)
          if (move?.from === plan.from && move.to === plan.to) return { events: [] }
          const from = rollout?.version ?? move?.from ?? live?.version
          if (from !== plan.from)
            throw new UserError(
              `${context.environment} was moved while this rollback was planned: v${from} would be left now, not v${plan.from}. Run it again.`,
            )
          return {
            events: [{ kind: 'rollback-intent', environment: context.environment, from: plan.from, to: plan.to, reason: inputs.reason }],
          }
        },
      ),
    )
    await moveTraffic(ports, plan, intended.state.seq, release)
    const took = seconds()
    log.info(`all traffic on v${plan.to} after ${took} s`)

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
  const prefix = requestPrefix(id)
  if (!state.requests.some(([known]) => known === prefix)) return null
  const { events } = await ports.ledger.append(context.model, { id, subject: 'repeated' }, () => ({ events: [] }))
  const event = events.find(found => found.kind === 'rollback-confirm')
  return event?.kind === 'rollback-confirm' ? { from: event.from, to: event.to } : null
}

/** Expects nothing of the live weight: a rollback outranks whoever moved it last. Done when the target, read again, shows everything in the slot. */
const moveTraffic = async (
  ports: RollbackPorts,
  plan: RollbackPlan,
  seq: number,
  release: Awaited<ReturnType<typeof releaseOf>> | null,
): Promise<void> => {
  const { clear } = plan
  if (clear !== null) await patiently(ports, patience, 'clearing the slot', () => setWeight(ports, clear, 100, null, seq))
  if (release !== null) {
    ports.log.info(`deploying v${plan.to} into slot ${plan.slot}`)
    await within(ports.boundary, 'traffic-deploy', () => ports.target.deploy(plan.slot, release))
  }
  await patiently(ports, patience, 'moving the traffic', async () => {
    if (!plan.moved) await setWeight(ports, plan.slot, 100, null, seq)
    const { percent } = await within(ports.boundary, 'traffic-read', () => ports.target.read())
    if (percent[plan.slot] !== 100)
      throw new UserError(`the target shows ${percent[plan.slot]} % of the traffic on slot ${plan.slot} after all of it was moved there`)
  })
}

const confirmation = (head: LedgerState, context: RollbackContext, plan: RollbackPlan, inputs: Inputs): readonly LedgerEvent[] => {
  const { from, to, slot } = plan
  const events: LedgerEvent[] = [{ kind: 'rollback-confirm', environment: context.environment, from, to, slot, reason: inputs.reason }]
  const champion = aliasOf(head, 'champion')
  if (context.ownsChampion && champion !== to) events.push({ kind: 'alias', alias: 'champion', from: champion, to })
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
