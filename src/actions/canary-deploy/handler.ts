import { UserError } from '../../core/errors.ts'
import type { LedgerRecord, LedgerState, VersionRecord } from '../../core/lineage/events.ts'
import { aliasOf, assertMayGoLive, environmentOf, isQuarantined } from '../../core/lineage/preconditions.ts'
import type { RolloutTick } from '../../core/report/rollout.ts'
import { planLines } from '../../core/rollout/plan.ts'
import { judgeSettingsOf } from '../../core/rollout/settings.ts'
import { sharesOf } from '../../core/rollout/steps.ts'
import type { InputsOf, Outcome } from '../../kernel/action.ts'
import { within } from '../../kernel/failpoint.ts'
import { announce, mirror } from '../traffic/announce.ts'
import { Overtaken } from '../traffic/moving.ts'
import { proveFiles, recordOf, registrationOf, versionOfRun } from '../traffic/version.ts'
import { type Begun, begin, type CanaryContext, type CanaryPorts, deployCanary } from './begin.ts'
import { drive, type Ended } from './drive.ts'
import { printPlan, requestsPerSecond } from './plan.ts'
import type { spec } from './spec.ts'

type Answer = Outcome<(typeof spec)['outputs']>
type Decision = Answer['outputs']['decision']

/** Moves an environment to a version, from wherever an earlier attempt left it. */
export const canaryDeployHandler =
  (ports: CanaryPorts, context: CanaryContext) =>
  async (inputs: Pick<InputsOf<(typeof spec)['inputs']>, 'version' | 'plan'>): Promise<Answer> => {
    const { ledger, log } = ports
    const settings = judgeSettingsOf(context.environment, context.settings)
    const state = await within(ports.boundary, 'canary-head', () => ledger.read(context.model))
    const records = await ledger.records(context.model)
    const environment = environmentOf(state, context.environment)

    const answer = async (decision: Decision, reason: string, more: Partial<Answer['outputs']> = {}, failure?: string): Promise<Answer> => {
      const now = environmentOf(await ledger.read(context.model), context.environment)
      const outputs = {
        decision,
        version: now.live?.version ?? null,
        previous: now.history[0]?.version ?? null,
        rollout: '',
        deploymentUrl: '',
        reason,
        ...more,
      }
      const result = await ports.keepResult({ schema: 1, model: context.model, environment: context.environment, ...outputs })
      return { outputs: { ...outputs, result }, ...(failure === undefined ? {} : { failure }) }
    }

    const version = inputs.version ?? versionOfRun(records, context.workflowRun)
    if (inputs.plan) {
      await printPlan(ports, context, settings, environment, version)
      return answer('', 'only the plan was asked for; nothing was changed')
    }
    if (version === null) {
      const kept = await ports.kept()
      if (kept === null) throw nothingRegistered(context, state)
      log.info(`nothing was registered, so nothing is rolled out: ${kept}`)
      return answer('', `nothing was registered, so nothing is rolled out: ${kept}`)
    }

    const registration = registrationOf(records, version)
    if (inputs.version === undefined && registration !== null && registration.decision !== 'promote' && registration.override === null) {
      const reason = `v${version} was registered, but not to go live (${registration.decision}): the comparison with ${named(registration.champion)} did not prove that it should. To roll it out all the same, name it in the input \`version\`.`
      log.info(reason)
      return answer('', reason)
    }

    const record = await recordOf(ledger, state, version)
    const earlier = endedBefore(records, context, version)
    if (environment.rollout?.version !== version && earlier) {
      const stillLive = earlier.decision === 'promoted' && environment.live?.version === version
      if (stillLive || (earlier.decision === 'rolled-back' && isQuarantined(state, version))) {
        log.info(`this workflow run has decided already: v${version} was ${earlier.decision}`)
        return conclude(ports, context, record, earlier.rollout, earlier, answer)
      }
    }
    if (environment.live?.version === version && environment.rollout === null)
      return answer('promoted', `v${version} is live in ${context.environment} already`)
    assertMayGoLive(state, version)

    const champion = aliasOf(state, 'champion')
    const judgedAgainst = registration?.champion ?? null
    if (environment.rollout === null && champion !== version && champion !== judgedAgainst) {
      const reason = `superseded: v${version} was judged against ${named(judgedAgainst)}, but the champion is ${named(champion)} now. Train and register again, so that it is judged against that one.`
      return answer('held', reason, {}, reason)
    }

    await proveFiles(ports.store, record)
    let begun: Begun
    try {
      begun = await begin(ports, context, state, record)
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
      return answer('held', error.message, {}, `held: ${error.message}`)
    }
    const first = environmentOf(begun.state, context.environment).rollout?.from === null
    const perSecond = first ? null : await requestsPerSecond(ports)
    if (first)
      log.info(
        `v${version} is the first version in ${context.environment}: it is deployed, must be ready, and goes live without a comparison`,
      )
    else for (const line of planLines(settings, sharesOf(context.settings.steps), perSecond)) log.info(`plan: ${line}`)
    const mirrored = await mirror(ports, {
      environment: context.environment,
      key: begun.rollout,
      commit: record.commit ?? context.commit,
      description: `${context.model} v${version}`,
    })

    try {
      const deployed = await deployCanary(ports, context, begun, record)
      const ticks: RolloutTick[] = []
      const told = {
        weight: async (percent: number) => void (await mirrored.progress(`${percent} % of the traffic`)),
        look: (tick: RolloutTick) => void ticks.push(tick),
      }
      const ended = deployed ?? (await drive(ports, context, begun, told))
      return conclude(ports, context, record, begun.rollout, ended, answer, { mirrored, ticks })
    } catch (error) {
      if (!(error instanceof Overtaken)) throw error
      await mirrored.withdrawn(error.message.slice(0, 140))
      return answer('held', error.message, { rollout: begun.rollout, deploymentUrl: mirrored.url }, `held: ${error.message}`)
    }
  }

const named = (version: number | null): string => (version === null ? 'nothing' : `v${version}`)

const nothingRegistered = (context: CanaryContext, state: LedgerState): UserError =>
  new UserError(
    [
      `no version to roll out was found for ${context.model}. Looked for:`,
      '  - the input `version`: not given',
      `  - a register event of workflow run ${context.workflowRun ?? '(unknown: not in a workflow)'} in the ledger: none (${state.versions} versions are registered)`,
      '  - what an earlier step of this job kept: nothing',
      'Run register before this action in the same workflow run, or name the version.',
    ].join('\n'),
  )

/** How this very request ended a rollout of this version before, or null. */
const endedBefore = (
  records: readonly LedgerRecord[],
  context: CanaryContext,
  version: number,
): (Ended & { readonly rollout: string }) | null => {
  const own = records.filter(record => record.request.endsWith(`:${context.request}`)).flatMap(record => record.events)
  const ids = new Set(
    records
      .flatMap(record => record.events)
      .flatMap(event => (event.kind === 'rollout-start' && event.version === version ? [event.rollout] : [])),
  )
  const end = own.findLast(event => event.kind === 'rollout-end' && event.environment === context.environment && ids.has(event.rollout))
  if (end?.kind !== 'rollout-end') return null
  const quarantined = own.some(event => event.kind === 'quarantine' && event.version === version)
  return { decision: end.decision, reason: end.reason, quarantined, rollout: end.rollout }
}

type Mirror = Awaited<ReturnType<typeof mirror>>

/** Tells everybody how it ended and makes the answer; safe to repeat, for a runner that was killed after the last record. */
const conclude = async (
  ports: CanaryPorts,
  context: CanaryContext,
  record: VersionRecord,
  rollout: string,
  ended: Ended,
  answer: (decision: Decision, reason: string, more: Partial<Answer['outputs']>, failure?: string) => Promise<Answer>,
  witnessed?: { readonly mirrored: Mirror; readonly ticks: readonly RolloutTick[] },
): Promise<Answer> => {
  const { version } = record
  const { live, history } = environmentOf(await ports.ledger.read(context.model), context.environment)
  const mirrored =
    witnessed?.mirrored ??
    (await mirror(ports, {
      environment: context.environment,
      key: rollout,
      commit: record.commit ?? context.commit,
      description: `${context.model} v${version}`,
    }))
  const short = ended.reason.slice(0, 140).toWellFormed()
  if (ended.decision === 'promoted') await mirrored.live(short)
  else if (ended.decision === 'withdrawn') await mirrored.withdrawn(short)
  else await mirrored.failed(short)
  const story = {
    model: context.model,
    environment: context.environment,
    version,
    live: live?.version ?? null,
    decision: ended.decision,
    reason: ended.reason,
    quarantined: ended.quarantined,
    previous: history[0]?.version ?? null,
    deploymentUrl: mirrored.url,
    ticks: witnessed?.ticks ?? [],
  }
  await announce(ports, story, record, {
    incident: ended.decision === 'rolled-back' ? rollout : null,
    comment: ended.decision !== 'withdrawn',
  })
  const more = { rollout, deploymentUrl: mirrored.url }
  const where = `all traffic is on ${named(live?.version ?? null)}`
  if (ended.decision === 'promoted') {
    ports.log.info(`v${version} promoted in ${context.environment}: ${ended.reason}`)
    return answer('promoted', ended.reason, more)
  }
  const words =
    ended.decision === 'rolled-back'
      ? `v${version} was rolled back${ended.quarantined ? ' and quarantined' : ''}: ${ended.reason}; ${where}`
      : `v${version} is held, not quarantined: ${ended.reason}; ${where}. Run this job again to try it again.`
  return answer(ended.decision === 'withdrawn' ? 'held' : 'rolled-back', ended.reason, more, words)
}
