import { join } from 'node:path'
import { digestHoldout } from '../../adapters/files/holdout-digest.ts'
import { readPredictions } from '../../adapters/files/predictions.ts'
import type { RunnerContext } from '../../adapters/runner/context.ts'
import { assess } from '../../core/comparison/assess.ts'
import type { Assessment } from '../../core/comparison/assessment.ts'
import { gateFailure as failureOf } from '../../core/comparison/gate-failure.ts'
import { requireUniqueIds } from '../../core/comparison/pair.ts'
import type { ModelConfiguration } from '../../core/configuration/schema.ts'
import { UserError } from '../../core/errors.ts'
import { predictionSettings } from '../../core/evaluation/prediction-settings.ts'
import type { Predictions } from '../../core/evaluation/predictions.ts'
import { canonicalJson } from '../../core/lineage/canonical.ts'
import type { LedgerState, VersionRecord } from '../../core/lineage/events.ts'
import { decidedBy } from '../../core/lineage/holdouts.ts'
import type { RunRecord } from '../../core/lineage/run.ts'
import { type Failpoint, within } from '../../kernel/failpoint.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Forge } from '../../ports/forge.ts'
import type { Ledger } from '../../ports/ledger.ts'
import type { ModelStore } from '../../ports/model-store.ts'
import type { Log } from '../../ports/report.ts'
import type { OpenRun, RunFolders } from '../../ports/run-folders.ts'
import { isProposal } from '../deciding-ref.ts'
import { requireWriter } from '../writer.ts'
import { championRunOf, faceChampion } from './champion.ts'
import { type JudgedFiles, openFiles } from './files.ts'
import { findRules, type Rules } from './rules.ts'

export interface JudgePorts {
  readonly context: RunnerContext
  readonly runs: RunFolders
  readonly ledger: Ledger
  readonly store: ModelStore
  /** Null without a repository on GitHub. */
  readonly forge: Forge | null
  readonly log: Log
  readonly clock: Pick<Clock, 'now'>
  readonly failpoint: Failpoint
}

export interface JudgeRequest {
  readonly model: string | undefined
  readonly config: string
  readonly run: string | undefined
  readonly overrideReason?: string | undefined
  /** Files to be judged instead of a run. */
  readonly files?: JudgedFiles | undefined
  /** `champion`, the number of a version or an alias. */
  readonly against?: string | undefined
}

/** One run, judged. */
export interface Judged {
  readonly rules: Rules
  readonly run: OpenRun
  readonly state: LedgerState
  readonly assessment: Assessment
  readonly predictions: Predictions | null
  readonly champion: VersionRecord | null
  /** The champion's run, as far as it can be had. */
  readonly championRun: RunRecord | null
  readonly result: { readonly path: string; readonly text: string }
}

/** The one way to an assessment, behind `compare-champion`, `evaluate-gate` and `register`: finds and checks the run, the rules and the champion, and judges. */
export const judge = async (request: JudgeRequest, ports: JudgePorts): Promise<Judged> => {
  const rules = await findRules(ports.context, ports.forge, request.config, request.model)
  const files = request.files?.predictions === undefined && request.files?.metrics === undefined ? undefined : request.files
  const run = await (files === undefined
    ? ports.runs.find(rules.name, request.run, () => registeredHere(ports, rules.name))
    : openFiles(files, rules, ports))
  ports.log.info(`${rules.name}: judging run ${run.record.run} (${run.origin})`)
  const override = await allowedOverride(request.overrideReason, ports)
  const challenger = await readChallenger(run, rules)
  const state = await within(ports.failpoint, 'judge-head', () => ports.ledger.read(rules.name))
  const { opponent, record, predictions } = await within(ports.failpoint, 'judge-champion', () =>
    faceChampion(state, ports, run, rules.model, challenger.predictions, request.against),
  )
  // Of files nothing is known that could be compared with how the champion was made.
  const championRun = files === undefined ? await championRunOf(record, ports.store, ports.runs) : null
  const assessment = assess({
    model: rules.name,
    rules: rules.model,
    policy: rules.policy,
    run: run.record,
    runDigest: run.digest,
    challenger: challenger.predictions,
    opponent,
    champion: predictions,
    championVersion: record,
    change: opponent.kind === 'first' ? 'first' : changeOf(run.record, championRun),
    override,
    problem: challenger.problem,
    decided: challenger.predictions === null ? null : decidedBy(state, digestHoldout(challenger.predictions)),
  })
  const result = await within(ports.failpoint, 'judge-result', () => ports.runs.writeResult(run, assessment))
  return { rules, run, state, assessment, predictions: challenger.predictions, champion: record, championRun, result }
}

/**
 * "Retrained" is the same code, params and train section on other data, and asks for less proof; so whatever cannot be shown to be that, a champion whose run
 * cannot be had included, has changed.
 */
export const changeOf = (run: RunRecord, champion: RunRecord | null): Assessment['change'] => {
  if (champion === null || run.lineage.code === null) return 'changed'
  const same = (part: (lineage: RunRecord['lineage']) => unknown) =>
    canonicalJson(part(run.lineage)) === canonicalJson(part(champion.lineage))
  const recipe = same(({ code, params, train }) => ({ code, params, train }))
  return recipe && !same(({ data }) => data) ? 'retrained' : 'changed'
}

const readChallenger = async (run: OpenRun, rules: Rules): Promise<{ predictions: Predictions | null; problem: string | null }> => {
  const file = run.record.predictions
  if (file === null) {
    const problem = rules.model.predictions === undefined ? null : 'this run has no predictions file, although refline.yml names one'
    return { predictions: null, problem }
  }
  if (rules.model.predictions === undefined) return { predictions: null, problem: null }
  try {
    const predictions = await readPredictions(join(run.folder, 'files', file.path), rules.model)
    // Rows that cannot be told apart are the run's fault, which the report must name, and no failure of this step.
    requireUniqueIds(predictions)
    digestHoldout(predictions)
    return { predictions, problem: reproductionProblem(run.record, rules.model) }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const { file: where, line } = error.place ?? {}
    const place = line === undefined || where === undefined ? '' : ` (line ${line})`
    return { predictions: null, problem: `the predictions cannot be read: ${error.message}${place}` }
  }
}

/** The rules decide whether the saved model must have been scored: a change that takes `score` away does not take the check away. */
export const reproductionProblem = (run: RunRecord, rules: ModelConfiguration): string | null => {
  if (run.reproduced === false) return run.reproduction ?? 'the saved model does not reproduce its predictions'
  if (run.reproduced === true || predictionSettings(rules).score === null) return null
  return 'the rules name `predictions.score`, but this run did not score its saved model, so nothing shows that the predictions are its own'
}

const allowedOverride = async (reason: string | undefined, ports: JudgePorts): Promise<Assessment['override']> => {
  if (reason === undefined) return null
  const { context, forge } = ports
  if (context.event === null || isProposal(context))
    throw new UserError('`override-reason` is never taken on a pull request or in a merge queue; override when the change is registered')
  const actor = await requireWriter(context, forge, 'override the gate', '`override-reason`')
  return { reason: reason.slice(0, 2000), actor }
}

/** What the ledger says was registered by this workflow run, in words for the message that no run was found. */
const registeredHere = async (ports: JudgePorts, model: string): Promise<string | null> => {
  const { runId } = ports.context
  if (runId === null) return null
  for (const record of (await ports.ledger.records(model)).toReversed()) {
    if (record.writer.workflow_run !== runId) continue
    for (const event of record.events)
      if (event.kind === 'register') return `v${event.version.version} from run ${event.version.run}, whose folder is no longer here`
  }
  return null
}

/** Why a job must fail by what was judged, or null. */
export const gateFailure = ({ assessment, rules }: Judged): string | null => failureOf(assessment, rules.model.on_inconclusive)
