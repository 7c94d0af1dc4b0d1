import { UserError } from '../../core/errors.ts'
import type { EventOf, LedgerRecord, LedgerState, VersionRecord } from '../../core/lineage/events.ts'
import { aliasOf, assertMayGoLive, environmentOf, isQuarantined } from '../../core/lineage/preconditions.ts'
import { planLines } from '../../core/rollout/plan.ts'
import { judgeSettingsOf, secondsOf } from '../../core/rollout/settings.ts'
import { sharesOf, stepPlanOf } from '../../core/rollout/steps.ts'
import type { InputsOf } from '../../kernel/action.ts'
import { within } from '../../kernel/failpoint.ts'
import type { JudgedAgain } from '../traffic/judged-again.ts'
import { Overtaken } from '../traffic/moving.ts'
import { proveFiles, recordOf, registrationOf, versionOfRun } from '../traffic/version.ts'
import { begin, type CanaryContext, type CanaryPorts, type JudgedOnceMore, type Resumed, takeOver } from './begin.ts'
import type { Ended } from './ending.ts'
import { printPlan, requestsPerSecond } from './plan.ts'
import { giveUp, resume, underWay } from './resume.ts'
import { type Answer, type Answering, conclude, named, rollOut } from './roll-out.ts'
import { followPlanned, seenBefore } from './seen.ts'
import type { spec } from './spec.ts'

type Inputs = InputsOf<(typeof spec)['inputs']>
type CanaryInputs = Pick<Inputs, 'version' | 'plan'> & Partial<Pick<Inputs, 'resume' | 'supersede'>>

/** Moves an environment to a version, from wherever an earlier attempt left it. */
export const canaryDeployHandler =
  (ports: CanaryPorts, context: CanaryContext) =>
  async (inputs: CanaryInputs): Promise<Answer> => {
    const { ledger, log } = ports
    judgeSettingsOf(context.environment, context.settings)
    stepPlanOf(context.environment, context.settings.steps)
    let state = await within(ports.boundary, 'canary-head', () => ledger.read(context.model))
    const records = await ledger.records(context.model)
    let environment = environmentOf(state, context.environment)
    let judged = null as JudgedAgain | null

    const answer: Answering = async (decision, reason, more = {}, failure) => {
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
      const result = await ports.keepResult({
        schema: 1,
        model: context.model,
        environment: context.environment,
        ...outputs,
        ...(judged?.outcome === 'again' ? { judged_again: judged.assessment } : {}),
      })
      return { outputs: { ...outputs, result }, ...(failure === undefined ? {} : { failure }) }
    }

    /** Somebody else has the environment now; any other error is thrown on. */
    const heldBy = (error: unknown): Promise<Answer> => {
      if (!(error instanceof Overtaken)) throw error
      return answer('held', error.message, {}, `held: ${error.message}`)
    }

    const version = inputs.version ?? versionOfRun(records, context.workflowRun)
    if (inputs.plan) {
      const seen = await seenBefore(ports, context, state, records)
      const settings = judgeSettingsOf(context.environment, context.settings, seen.dispersion)
      await printPlan(ports, context, settings, environment, version, seen)
      return answer('', 'only the plan was asked for; nothing was changed')
    }
    if (inputs.resume) return resume(ports, context, state, answer)
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
    // One under way that was quarantined meanwhile is taken over all the same: its traffic has to go back.
    if (environment.rollout?.version !== version) assertMayGoLive(state, version)

    if (environment.rollout !== null && environment.rollout.version !== version) {
      if (!inputs.supersede) throw underWay(context, environment.rollout)
      try {
        state = await giveUp(ports, context, state, environment.rollout, `superseded by v${version}`)
      } catch (error) {
        return heldBy(error)
      }
      environment = environmentOf(state, context.environment)
    }
    const judgeAgain: CanaryPorts['judgeAgain'] = async request => {
      judged = await ports.judgeAgain(request)
      return judged
    }
    const again = environment.rollout === null ? await judgedAgain({ ...ports, judgeAgain }, state, record, registration) : null
    if (again !== null && 'superseded' in again) return answer('held', again.superseded, {}, again.superseded)

    await proveFiles(ports.store, record)
    let begun: Resumed
    try {
      begun = await beginOrTakeOver(ports, context, { state, records }, record, again)
    } catch (error) {
      return heldBy(error)
    }
    return rollOut(ports, context, record, begun, answer)
  }

/**
 * A version whose champion has changed since it was judged is judged again, against the one of now. Null where nothing changed; `superseded` says why it may not go live
 * now.
 */
const judgedAgain = async (
  ports: CanaryPorts,
  state: LedgerState,
  record: VersionRecord,
  registration: EventOf<'register'> | null,
): Promise<JudgedOnceMore | { readonly superseded: string } | null> => {
  const champion = aliasOf(state, 'champion')
  const judgedAgainst = registration?.champion ?? null
  if (champion === record.version || champion === judgedAgainst) return null
  const changed = `superseded: v${record.version} was judged against ${named(judgedAgainst)}, but the champion is ${named(champion)} now`
  if (champion === null) return { superseded: `${changed}. Train and register again.` }
  const judged = await ports.judgeAgain({ state, version: record, champion: await recordOf(ports.ledger, state, champion) })
  if (judged.outcome === 'cannot') return { superseded: `superseded: ${judged.reason}` }
  if (judged.decision !== 'promote')
    return { superseded: `${changed}. Judged again, it may not replace that one (${judged.decision}): ${judged.reason}` }
  return { champion, reason: judged.reason.slice(0, 1900).toWellFormed() }
}

const beginOrTakeOver = async (
  ports: CanaryPorts,
  context: CanaryContext,
  { state, records }: { readonly state: LedgerState; readonly records: readonly LedgerRecord[] },
  record: VersionRecord,
  again: JudgedOnceMore | null,
): Promise<Resumed> => {
  const { rollout, live } = environmentOf(state, context.environment)
  if (rollout !== null) return takeOver(ports, context, state, rollout)
  if (live === null)
    ports.log.info(
      `v${record.version} is the first version in ${context.environment}: it is deployed, must be ready, and goes live without a comparison`,
    )
  else {
    followPlanned(ports, context, state, record)
    for (const signal of ports.signals) await signal.check()
  }
  const { dispersion, rates } = await seenBefore(ports, context, state, records)
  if (live !== null) {
    const { judge, steps } = context.settings
    const planned = { rates, tick: judge.tick, longest: secondsOf(judge.max_duration) }
    const settings = judgeSettingsOf(context.environment, context.settings, dispersion)
    for (const line of planLines(settings, sharesOf(steps), await requestsPerSecond(ports), planned)) ports.log.info(`plan: ${line}`)
  }
  return { ...(await begin(ports, context, state, record, { again, dispersion })), given: null }
}

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
