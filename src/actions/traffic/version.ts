import { UserError } from '../../core/errors.ts'
import type { EventOf, LedgerRecord, LedgerState, VersionRecord } from '../../core/lineage/events.ts'
import { assertRegistered, versionInRecords, versionInState } from '../../core/lineage/preconditions.ts'
import type { Ledger } from '../../ports/ledger.ts'
import type { ModelStore } from '../../ports/model-store.ts'
import type { Release } from '../../ports/target.ts'

/** The record of a registered version, from the state or else from the history. */
export const recordOf = async (ledger: Ledger, state: LedgerState, version: number): Promise<VersionRecord> => {
  assertRegistered(state, version)
  const found = versionInState(state, version) ?? versionInRecords(await ledger.records(state.model), version)
  if (found === null)
    throw new UserError(
      `the ledger of ${state.model} counts v${version} but holds no register event of it: it was damaged. Restore it from a clone that has all of it.`,
    )
  return found
}

/** The version a workflow run registered (or saw again), or null. Never the newest one. */
export const versionOfRun = (records: readonly LedgerRecord[], workflowRun: string | null): number | null => {
  if (workflowRun === null) return null
  const events = records.filter(record => record.writer.workflow_run === workflowRun).flatMap(record => record.events)
  const versions = new Set(
    events.flatMap(event => (event.kind === 'register' ? [event.version.version] : event.kind === 'seen-again' ? [event.version] : [])),
  )
  if (versions.size > 1)
    throw new UserError(
      `workflow run ${workflowRun} registered ${versions.size} versions: ${[...versions].join(', ')}. Name one in the input \`version\`.`,
    )
  return [...versions][0] ?? null
}

/** The register event of a version: whom it was judged against. */
export const registrationOf = (records: readonly LedgerRecord[], version: number): EventOf<'register'> | null =>
  records
    .flatMap(record => record.events)
    .find((event): event is EventOf<'register'> => event.kind === 'register' && event.version.version === version) ?? null

/** Proves that the files of a version are still there, by their digests, before any traffic is touched. */
export const proveFiles = async (store: ModelStore, record: VersionRecord): Promise<void> => {
  const problem = await store.prove(record.tag, record.assets)
  if (problem !== null)
    throw new UserError(
      `the files of v${record.version} cannot be proven, so no traffic was touched: ${problem}. They are expected in ${record.tag}.`,
    )
}

/** Fetches the model of a version, each file checked by digest, and says where it lies: the file or folder that `train.output` names. */
export type FetchModel = (record: VersionRecord) => Promise<string>

/** What a slot is to run: the image where the version was packaged, else its model. */
export const releaseOf = async (fetchModel: FetchModel, model: string, record: VersionRecord): Promise<Release> => ({
  model,
  version: record.version,
  image: record.image,
  files: record.image === null ? await fetchModel(record) : null,
})
