import { realpath, writeFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { digestFile } from '../adapters/files/digest.ts'
import { readPredictions } from '../adapters/files/predictions.ts'
import { namedInFolder, readMetricsFile } from '../adapters/files/reported/metrics-file.ts'
import { readText } from '../adapters/files/text.ts'
import { systemClock } from '../adapters/runner/clock.ts'
import { assess } from '../core/comparison/assess.ts'
import { assessment as assessmentSchema, type Opponent } from '../core/comparison/assessment.ts'
import { gateFailure } from '../core/comparison/gate-failure.ts'
import { parseConfiguration, selectModel } from '../core/configuration/parse.ts'
import { policyDigest } from '../core/configuration/policy-digest.ts'
import type { ModelConfiguration } from '../core/configuration/schema.ts'
import { UserError } from '../core/errors.ts'
import { predictionSettings } from '../core/evaluation/prediction-settings.ts'
import { canonicalJson, digest } from '../core/lineage/canonical.ts'
import { fileRun } from '../core/lineage/file-run.ts'
import type { DigestedFile, RunRecord } from '../core/lineage/run.ts'
import { renderComment } from '../core/report/comment.ts'
import type { CommentContext } from '../core/report/comment-context.ts'
import { renderLogLines } from '../core/report/log-lines.ts'
import type { Work } from './commands.ts'

/** Judges local files by refline.yml and prints what the job's log would say. Fails where the gates do not pass; throws a UserError where it could not be answered. */
export const evaluate: Work = async ({ operands, options, flags }, terminal) => {
  const config = options.config ?? 'refline.yml'
  const { name, rules } = await modelOf(config, operands[0])
  const { predictions, champion, metrics } = options
  if (predictions === undefined && metrics === undefined)
    throw new UserError('there is nothing to judge: name a file with --predictions, --metrics or both')
  if (predictions === undefined && champion !== undefined)
    throw new UserError('--champion names predictions to compare with, so --predictions is needed too')
  if (predictions !== undefined && rules.predictions === undefined)
    throw new UserError(`models.${name} of ${config} has no \`predictions\`, so it is not known what the columns mean: add it`, {
      place: { file: config },
    })
  const run = await runOf(name, rules, predictions, metrics)
  const assessment = assess({
    model: name,
    rules,
    policy: { from: `${config} of this folder`, digest: policyDigest(rules), loosened: [] },
    run,
    runDigest: digest(`${canonicalJson(run)}\n`),
    challenger: predictions === undefined ? null : await readPredictions(predictions, rules),
    opponent: opponentOf(champion),
    champion: champion === undefined ? null : await readPredictions(champion, rules),
    change: champion === undefined ? 'first' : 'changed',
    override: null,
    problem: null,
  })
  if (flags.has('json')) terminal.document(assessmentSchema.parse(assessment))
  else {
    for (const line of renderLogLines(assessment)) terminal.say(line)
    if (predictions !== undefined && predictionSettings(rules).score !== null)
      terminal.say('not checked here: that the saved model gives these predictions (predictions.score)')
  }
  await keep(options.output, () => `${canonicalJson(assessmentSchema.parse(assessment))}\n`)
  await keep(options.markdown, () => `${renderComment(assessment, context)}\n`)
  const failure = gateFailure(assessment, rules.on_inconclusive)
  return failure === null ? {} : { failure }
}

const modelOf = async (
  config: string,
  wanted: string | undefined,
): Promise<{ readonly name: string; readonly rules: ModelConfiguration }> => {
  const text = await readText(config, config)
  if (text === null)
    throw new UserError(`there is no ${config} here; run this at the root of the repository or name the file with --config`, {
      place: { file: config },
    })
  const configuration = parseConfiguration(text, config)
  const names = Object.keys(configuration.models)
  if (wanted === undefined && names.length > 1)
    throw new UserError(`${config} has ${names.length} models; say which: refline evaluate ${names[0]} (or ${names.slice(1).join(', ')})`)
  const { name, model } = selectModel(configuration, wanted)
  return { name, rules: model }
}

const opponentOf = (champion: string | undefined): Opponent =>
  champion === undefined
    ? { kind: 'first', proof: 'no champion was named', assumed: true }
    : { kind: 'champion', version: null, asked: basename(champion).slice(0, 200) }

const digested = async (path: string | undefined): Promise<DigestedFile | null> => {
  if (path === undefined) return null
  // A link is fine at a desk: nothing is kept of the file but its digest.
  const found = await realpath(path).catch(() => null)
  if (found === null) throw new UserError(`there is no file ${path}`)
  return { path: basename(path).slice(0, 500), ...(await digestFile(found)) }
}

const runOf = async (
  model: string,
  rules: ModelConfiguration,
  predictions: string | undefined,
  metrics: string | undefined,
): Promise<RunRecord> =>
  fileRun({
    model,
    at: new Date(systemClock.now()).toISOString(),
    created: { workflow_run: null, job: null, actor: null, event: null, pull_request: null },
    repository: null,
    commit: null,
    predictions: await digested(predictions),
    metrics: await digested(metrics),
    reported: metrics === undefined ? {} : await readMetricsFile(metrics, metrics),
    reportedFrom: metrics === undefined ? null : namedInFolder(resolve(rules.path ?? '.'), metrics),
  })

const keep = async (path: string | undefined, text: () => string): Promise<void> => {
  if (path === undefined) return
  await writeFile(path, text()).catch((cause: NodeJS.ErrnoException) => {
    throw new UserError(`${path} cannot be written: ${cause.code}`, { place: { file: path }, cause })
  })
}

/** At a desk nothing is known beside the answer itself. */
const context: CommentContext = {
  version: manifest.version,
  commit: null,
  jobUrl: null,
  params: [],
  data: [],
  codeChanged: null,
  seconds: null,
  modelBytes: null,
  championBytes: null,
  newModel: false,
  rollout: null,
}
