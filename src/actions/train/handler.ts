import { mkdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { readPredictions } from '../../adapters/files/predictions.ts'
import type { RunnerContext } from '../../adapters/runner/context.ts'
import { artifactName } from '../../adapters/runner/run-folder.ts'
import type { ModelConfiguration } from '../../core/configuration/schema.ts'
import { UserError } from '../../core/errors.ts'
import type { Predictions } from '../../core/evaluation/predictions.ts'
import { canonicalJson, digest } from '../../core/lineage/canonical.ts'
import type { VersionRecord } from '../../core/lineage/events.ts'
import { inputDigest, runKey, runName } from '../../core/lineage/keys.ts'
import { loggedRun } from '../../core/lineage/logged-run.ts'
import { versionInRecords, versionInState } from '../../core/lineage/preconditions.ts'
import type { RunRecord } from '../../core/lineage/run.ts'
import type { Outcome } from '../../kernel/action.ts'
import { type Failpoint, within } from '../../kernel/failpoint.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Ledger } from '../../ports/ledger.ts'
import type { Log } from '../../ports/report.ts'
import type { RunArtifacts } from '../../ports/run-artifacts.ts'
import type { RunFolders } from '../../ports/run-folders.ts'
import type { UserCommand } from '../../ports/user-command.ts'
import { isProposal } from '../deciding-ref.ts'
import { type CheckProcess, checkModule, runChecks } from './checks.ts'
import { type Collected, collectOutputs, collectParams, digestData, markOutputs, modelPathOf, outputsOf } from './collect.ts'
import { canScore, reproduce, type Scoring, scoreChampion } from './score.ts'
import type { spec } from './spec.ts'

/** Training may run for days on a machine of one's own; setting up may not. */
const setupSeconds = 3600

export interface TrainPorts {
  readonly context: RunnerContext
  readonly command: UserCommand
  readonly log: Log
  readonly clock: Clock
  readonly runs: RunFolders
  readonly artifacts: RunArtifacts
  /** Null where there is no remote that could hold one. */
  readonly ledger: Ledger | null
  /** Puts the model files of a version into a folder, checked by digest, and returns the path that its script knew. */
  readonly fetchModel: (version: VersionRecord, folder: string, model: ModelConfiguration) => Promise<string>
  /** Digest of the code; null outside a checkout. */
  readonly codeDigest: (model: ModelConfiguration) => Promise<string | null>
  /** The process of users' own checks. */
  readonly checks: CheckProcess
  /** Runner, platform and tool versions. */
  readonly environment: Readonly<Record<string, string>>
  readonly failpoint: Failpoint
}

export interface TrainRequest {
  readonly name: string
  readonly model: ModelConfiguration
  readonly command: string | undefined
  readonly passEnv: readonly string[]
  readonly jobIndex: string | null
  /** `each` by default; with `collect` a later step writes the runs of all jobs of a matrix to the log of runs at once. */
  readonly log?: 'each' | 'collect'
}

type TrainOutcome = Outcome<(typeof spec)['outputs']>

/** Trains: digests what goes in, runs the command, keeps what comes out as a run folder and, where there is a service, as a workflow artifact. */
export const train = async (request: TrainRequest, ports: TrainPorts): Promise<TrainOutcome> => {
  const { model, name } = request
  if (model.train === undefined) throw new UserError(`model ${name} has no \`train:\` section in refline.yml, so there is nothing to run`)
  const section = request.command === undefined ? model.train : { ...model.train, command: request.command }
  const folder = resolve(ports.context.workspace, model.path ?? '.')
  if (!(await stat(folder).catch(() => null))?.isDirectory())
    throw new UserError(`model ${name} has the path ${model.path ?? '.'}, which is no folder of the checkout ${ports.context.workspace}`)

  if (section.setup !== undefined) await runCommand(ports, request, folder, 'train.setup', section.setup, setupSeconds)
  const checking = { ...request, ...ports, folder, checkout: ports.context.workspace }
  const module = await checkModule(checking)
  const { data, params, code } = await within(ports.failpoint, 'train-inputs', async () => ({
    data: await digestData(section.data ?? [], folder),
    params: await collectParams(section.params, folder),
    code: await ports.codeDigest(model),
  }))
  const outputs = outputsOf(model, section, folder)
  const before = await markOutputs(outputs, folder)
  const start = ports.clock.now()
  const seconds = await within(ports.failpoint, 'train-command', () =>
    runCommand(ports, request, folder, 'train.command', section.command, undefined),
  )
  const period = { start, end: ports.clock.now() }

  const staged = await ports.runs.stage(name)
  await mkdir(join(staged, 'files'), { recursive: true })
  const around = { period, root: ports.context.workspace, scratch: staged }
  const collected = await within(ports.failpoint, 'train-files', () => collectOutputs(outputs, before, folder, staged, around, ports.log))
  const judged = await scoreBoth(request, ports, folder, staged, section.output, collected)
  const files = join(staged, 'files')
  const checks =
    module === null
      ? null
      : await runChecks(checking, module, {
          predictions: collected.predictions === null ? null : join(files, collected.predictions.path),
          path: modelPathOf(join(files, 'model'), collected.modelFiles, section.output),
          params,
        })

  const train = digest(canonicalJson(section))
  const key = runKey({
    model: name,
    workflowRun: ports.context.runId,
    job: ports.context.job,
    jobIndex: request.jobIndex,
    outputs: [
      ...collected.modelFiles.map(file => ({ ...file, path: `model/${file.path}` })),
      ...[collected.predictions, collected.metricsFile].filter(file => file !== null),
    ],
  })
  const { context } = ports
  const record: RunRecord = {
    schema: 1,
    run: runName(name, key),
    model: name,
    created: {
      at: new Date(ports.clock.now()).toISOString(),
      workflow_run: context.runId,
      job: context.job,
      job_index: request.jobIndex,
      actor: context.actor,
      event: context.event,
      pull_request: context.pullRequest,
    },
    lineage: {
      repository: context.repository === null ? null : `${context.repository.owner}/${context.repository.name}`,
      commit: context.commit,
      code,
      data,
      params,
      train,
      environment: { ...ports.environment },
      parent: null,
    },
    input: inputDigest({ code, data, params, train }),
    seconds: Math.round(seconds * 1000) / 1000,
    reported: collected.reported,
    ...(Object.keys(collected.reportedFrom).length === 0 ? {} : { reported_from: collected.reportedFrom }),
    model_files: [...collected.modelFiles],
    predictions: collected.predictions,
    metrics_file: collected.metricsFile,
    champion: judged.champion,
    ...judged.reproduction,
    ...(checks === null ? {} : { checks }),
  }

  const run = await within(ports.failpoint, 'train-run', () => ports.runs.keep(staged, record))
  if (ports.artifacts.available)
    await within(ports.failpoint, 'train-artifact', () => ports.artifacts.upload(artifactName(name, record.run), run.folder))
  if (request.log !== 'collect') await logRun(ports, record)

  const reason = `run ${record.run} of ${name}: ${collected.modelFiles.length === 1 ? 'one model file' : `${collected.modelFiles.length} model files`}, ${collected.predictions === null ? 'no predictions' : 'with predictions'}, trained in ${Math.round(seconds)} s`
  ports.log.info(reason)
  return {
    outputs: {
      run: record.run,
      metrics: record.reported,
      modelPath: modelPathOf(join(run.folder, 'files', 'model'), record.model_files, section.output),
      reason,
      result: join(run.folder, 'run.json'),
    },
  }
}

const runCommand = async (
  ports: TrainPorts,
  request: TrainRequest,
  folder: string,
  key: string,
  command: string | readonly string[],
  timeoutSeconds: number | undefined,
): Promise<number> => {
  const result = await ports.log.group(`${key} of ${request.name}`, () =>
    ports.command.run({
      command,
      folder,
      environment: { REFLINE_MODEL_NAME: request.name },
      passEnv: request.passEnv,
      onLine: line => ports.log.info(line),
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    }),
  )
  if (result.exitCode !== 0)
    throw new UserError(
      `${key} of ${request.name} ended with exit code ${result.exitCode}; its last line: ${result.lastLines.at(-1) ?? '(nothing printed)'}`,
    )
  return result.seconds
}

interface Judged {
  readonly champion: RunRecord['champion']
  readonly reproduction: Pick<RunRecord, 'reproduced' | 'reproduction'>
}

const scoreBoth = async (
  request: TrainRequest,
  ports: TrainPorts,
  folder: string,
  staged: string,
  output: string,
  collected: Collected,
): Promise<Judged> => {
  const nothing: Judged = { champion: null, reproduction: { reproduced: null } }
  if (collected.predictions === null || !canScore(request.model)) return nothing
  const scoring: Scoring = {
    model: request.model,
    command: ports.command,
    log: ports.log,
    runs: ports.runs,
    folder,
    passEnv: request.passEnv,
  }
  const written = await readOrSay(join(staged, 'files', collected.predictions.path), request.model, ports.log)
  if (written === null) return nothing
  const modelPath = modelPathOf(join(staged, 'files', 'model'), collected.modelFiles, output)
  const { reproduced, sentence } = await reproduce(scoring, modelPath, written)
  if (reproduced) ports.log.info(sentence)
  else ports.log.warning(`${sentence}; the gate will not pass`)
  const champion = await championOf(request.name, ports)
  return {
    reproduction: { reproduced, reproduction: sentence },
    champion:
      champion === null
        ? null
        : await scoreChampion(scoring, champion, written, staged, (version, into) => ports.fetchModel(version, into, request.model)),
  }
}

/** Predictions that cannot be read are the gate's to judge, not a reason to throw a finished training away. */
const readOrSay = async (path: string, model: ModelConfiguration, log: Log): Promise<Predictions | null> => {
  try {
    return await readPredictions(path, model)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    log.warning(`the predictions cannot be read, so the gate will not pass: ${error.message}`)
    return null
  }
}

const championOf = async (name: string, ports: TrainPorts): Promise<VersionRecord | null> => {
  if (ports.ledger === null) return null
  try {
    const state = await ports.ledger.read(name)
    const version = state.aliases.champion
    if (version === undefined) return null
    return versionInState(state, version) ?? versionInRecords(await ports.ledger.records(name), version)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    ports.log.warning(`the ledger could not be read, so no champion is scored here: ${error.message}`)
    return null
  }
}

const logRun = async (ports: TrainPorts, record: RunRecord): Promise<void> => {
  if (ports.ledger === null || isProposal(ports.context)) return
  try {
    const { ledger } = ports
    const written = await within(ports.failpoint, 'train-log', () => ledger.log(record.model, [loggedRun(record)]))
    if (written === null) ports.log.info('This token may only read, so the run is not in the log of runs; it travels in its artifact.')
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    ports.log.warning(`the run could not be added to the log of runs: ${error.message}`)
  }
}
