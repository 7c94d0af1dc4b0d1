import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestHoldout } from '../../adapters/files/holdout-digest.ts'
import { readPredictions } from '../../adapters/files/predictions.ts'
import type { Opponent } from '../../core/comparison/assessment.ts'
import type { ModelConfiguration } from '../../core/configuration/schema.ts'
import { UserError } from '../../core/errors.ts'
import { predictionSettings } from '../../core/evaluation/prediction-settings.ts'
import type { Predictions } from '../../core/evaluation/predictions.ts'
import { rulesForStored } from '../../core/evaluation/stored-predictions.ts'
import type { LedgerState, VersionRecord } from '../../core/lineage/events.ts'
import { aliasOf, assertRegistered, versionInRecords, versionInState } from '../../core/lineage/preconditions.ts'
import { type RunRecord, runRecord } from '../../core/lineage/run.ts'
import { nearest } from '../../core/nearest.ts'
import type { Ledger } from '../../ports/ledger.ts'
import type { ModelStore } from '../../ports/model-store.ts'
import type { OpenRun, RunFolders } from '../../ports/run-folders.ts'

const largestRecord = 1_048_576

/** What stands against a run, with its predictions where they can be had. */
export interface Faced {
  readonly opponent: Opponent
  readonly record: VersionRecord | null
  readonly predictions: Predictions | null
}

/**
 * Finds the champion and its predictions on the run's holdout: those stored beside the version where the holdout is the same, else those that the run made. A
 * champion that is recorded but cannot be compared is "unreachable", which passes nothing. "No champion" must be proven: a ledger that was read, and, where it is
 * empty, no release of the model either.
 */
export const faceChampion = async (
  state: LedgerState,
  ports: { readonly ledger: Ledger; readonly store: ModelStore; readonly runs: RunFolders },
  run: OpenRun,
  model: ModelConfiguration,
  challenger: Predictions | null,
  against = 'champion',
): Promise<Faced> => {
  const { store, runs } = ports
  const version = against === 'champion' ? state.aliases.champion : namedVersion(state, against)
  if (version === undefined)
    return { opponent: { kind: 'first', proof: await proofOfFirst(state, store) }, record: null, predictions: null }
  const other = against === 'champion' ? {} : { asked: /^\d/.test(against) ? `v${version}` : against }
  const opponent = { kind: 'champion', version, ...other } as const
  const record = await recordOf(state, ports.ledger, version)
  const unreachable = (reason: string): Faced => ({
    opponent: { kind: 'unreachable', version, reason, ...other },
    record,
    predictions: null,
  })
  // A model without predictions has figures only; they are compared as points, which may pass a gate and never proves a promotion.
  if (model.predictions === undefined && record !== null) return { opponent, record, predictions: null }
  if (challenger === null) return unreachable('this run has no predictions that could be compared row by row')
  const faced = (predictions: Predictions): Faced => ({ opponent, record, predictions })
  try {
    if (record === null) return unreachable(`the ledger has no record of v${version}`)
    const asset = record.assets.find(candidate => candidate.path.startsWith('predictions.'))
    const { paired, score } = predictionSettings(model)
    // Compared as on unrelated rows, any rows of the champion serve.
    const holdout = paired ? digestHoldout(challenger) : null
    const serves = (other: string | null): boolean => !paired || other === holdout
    // What was published with the version comes first: its digest is in the ledger, whereas the run's own scoring is the word of the job that trained.
    if (asset !== undefined && serves(record.holdout)) {
      const folder = await runs.scratch(`champion-${run.record.run}`)
      await store.fetch(record.tag, [asset], folder)
      return faced(await readStored(join(folder, asset.path), model))
    }
    const own = run.record.champion
    if (own !== null && own.version === version) {
      const made = await readPredictions(join(run.folder, 'files', own.predictions.path), model)
      if (!paired || serves(digestHoldout(made))) return faced(made)
      return unreachable('`score` gave predictions for other rows, labels or slices than this run has')
    }
    const unscored = score === null ? 'there is no `score` command to make them' : 'this run did not score it'
    if (asset === undefined) return unreachable(`no predictions are stored with it, and ${unscored}`)
    return unreachable(`the holdout is another one than its stored predictions are for, and ${unscored}`)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return unreachable(error.message)
  }
}

/** Reads predictions that were stored beside a version. Rows of an older holdout may lack what the rules name today, which is nothing that the user could mend in the file. */
export const readStored = async (path: string, model: ModelConfiguration): Promise<Predictions> => {
  try {
    return await readPredictions(path, rulesForStored(model))
  } catch (error) {
    if (!(error instanceof UserError) || predictionSettings(model).paired) throw error
    throw new UserError(
      `the predictions stored with it do not have what these rules need (${error.message.replace(/\. Name it in .*$/s, '')}); with \`predictions.paired: true\` and a \`score\` command it is scored again`,
      { cause: error },
    )
  }
}

/**
 * The champion's run record as it was published: what changed since, and whether that was only the data. Null where it cannot be had, which asks for the stricter
 * proof.
 */
export const championRunOf = async (
  record: VersionRecord | null,
  store: Pick<ModelStore, 'fetch'>,
  runs: Pick<RunFolders, 'scratch'>,
): Promise<RunRecord | null> => {
  const asset = record?.assets.find(candidate => candidate.path === 'run.json')
  if (record === null || asset === undefined || asset.bytes > largestRecord) return null
  try {
    const folder = await runs.scratch(`champion-run-${record.run}`)
    await store.fetch(record.tag, [asset], folder)
    return runRecord.safeParse(JSON.parse(await readFile(join(folder, asset.path), 'utf8'))).data ?? null
  } catch {
    return null
  }
}

/** The version that the input `against` names, by its number or by an alias. Throws a UserError where there is none. */
const namedVersion = (state: LedgerState, against: string): number => {
  if (/^\d+$/.test(against)) {
    assertRegistered(state, Number(against))
    return Number(against)
  }
  const found = aliasOf(state, against)
  if (found !== null) return found
  const aliases = Object.keys(state.aliases)
  const meant = nearest(against, aliases)
  const known = aliases.length === 0 ? 'it has no alias' : `there is ${aliases.join(', ')}`
  throw new UserError(
    `input \`against\`: ${state.model} has no alias ${JSON.stringify(against.slice(0, 60))}; ${meant === undefined ? known : `did you mean \`${meant}\`?`}`,
  )
}

/** The state carries the versions that were in use when it was written first; an older one that came into use since, even as champion, stands in the records only. */
const recordOf = async (state: LedgerState, ledger: Ledger, version: number): Promise<VersionRecord | null> =>
  versionInState(state, version) ?? versionInRecords(await ledger.records(state.model), version)

const proofOfFirst = async (state: LedgerState, store: ModelStore): Promise<string> => {
  if (state.versions > 0) return `the ledger was read: of its ${state.versions} versions none is or was champion of ${state.model}`
  const tags = await store.described(state.model)
  if (tags.length > 0)
    throw new UserError(
      `the ledger of ${state.model} is gone, its releases are not (${tags.slice(0, 3).join(', ')}): this is not a first version. Restore refs/refline/models/${state.model}/decisions from a clone, or remove the releases if they are not wanted.`,
    )
  return `the ledger was read, it has no version of ${state.model}, and no release is one of its versions`
}
