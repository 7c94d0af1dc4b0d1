import { copyFile, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { digestFile } from '../../adapters/files/digest.ts'
import { digestHoldout } from '../../adapters/files/holdout-digest.ts'
import { readPredictions } from '../../adapters/files/predictions.ts'
import type { ModelConfiguration } from '../../core/configuration/schema.ts'
import { UserError } from '../../core/errors.ts'
import { endingOf } from '../../core/evaluation/file-formats.ts'
import { predictionSettings } from '../../core/evaluation/prediction-settings.ts'
import type { Predictions } from '../../core/evaluation/predictions.ts'
import { compareReproduction, type Reproduction } from '../../core/evaluation/reproduction.ts'
import type { VersionRecord } from '../../core/lineage/events.ts'
import type { RunRecord } from '../../core/lineage/run.ts'
import type { Log } from '../../ports/report.ts'
import type { RunFolders } from '../../ports/run-folders.ts'
import type { UserCommand } from '../../ports/user-command.ts'

/** What is needed to run the `score` command of a model. */
export interface Scoring {
  readonly model: ModelConfiguration
  readonly command: UserCommand
  readonly log: Log
  readonly runs: RunFolders
  /** Folder that the model's commands run in. */
  readonly folder: string
  readonly passEnv: readonly string[]
}

const score = async (scoring: Scoring, what: string, modelPath: string): Promise<string> => {
  const predictions = scoring.model.predictions
  if (predictions === undefined || !('score' in predictions) || predictions.score === undefined)
    throw new UserError('there is no `predictions.score` in refline.yml')
  const scratch = await scoring.runs.scratch(`score-${what}`)
  const written = join(scratch, `predictions${endingOf(predictions.file)}`)
  const result = await scoring.command.run({
    command: predictions.score,
    folder: scoring.folder,
    environment: { REFLINE_MODEL: modelPath, REFLINE_PREDICTIONS: written },
    passEnv: scoring.passEnv,
    onLine: line => scoring.log.info(line),
  })
  if (result.exitCode !== 0)
    throw new UserError(`\`predictions.score\` ended with exit code ${result.exitCode}: ${result.lastLines.at(-1) ?? 'it printed nothing'}`)
  return written
}

/** Is there a `score` command? */
export const canScore = (model: ModelConfiguration): boolean =>
  model.predictions !== undefined && 'score' in model.predictions && model.predictions.score !== undefined

/** Scores the saved file of this run and compares with what the script wrote. A score that fails is "not reproduced", never an error. */
export const reproduce = async (scoring: Scoring, modelPath: string, written: Predictions): Promise<Reproduction> => {
  try {
    const again = await scoring.log.group('Score the saved model', () => score(scoring, 'challenger', modelPath))
    return compareReproduction(written, await readPredictions(again, scoring.model))
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { reproduced: false, sentence: `the saved model could not be scored: ${error.message}`.slice(0, 500) }
  }
}

/**
 * The champion's predictions on the holdout of this run, kept below `staged/files/`, where those stored beside the version do not serve: made by running `score` on
 * its digest-checked files. Null where the stored ones serve, where there is no `score`, and where it fails (said in the log): the comparison then says
 * "unreachable", which never passes.
 */
export const scoreChampion = async (
  scoring: Scoring,
  champion: VersionRecord,
  challenger: Predictions,
  staged: string,
  fetchModel: (champion: VersionRecord, folder: string) => Promise<string>,
): Promise<RunRecord['champion']> => {
  const stored = champion.assets.some(asset => asset.path.startsWith('predictions.'))
  // Where the two are compared as if on unrelated rows, any rows of the champion serve.
  const serves = stored && (!predictionSettings(scoring.model).paired || champion.holdout === digestHoldout(challenger))
  if (!canScore(scoring.model) || serves) return null
  try {
    const modelPath = await fetchModel(champion, join(await scoring.runs.scratch('champion-model'), 'model'))
    const made = await scoring.log.group(`Score champion v${champion.version} on this holdout`, () => score(scoring, 'champion', modelPath))
    const name = `champion-predictions${endingOf(made)}`
    const kept = resolve(staged, 'files', name)
    await mkdir(join(staged, 'files'), { recursive: true })
    await copyFile(made, kept)
    return { version: champion.version, predictions: { path: name, ...(await digestFile(kept)) } }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    scoring.log.warning(`champion v${champion.version} could not be scored on this holdout: ${error.message}`)
    return null
  }
}
