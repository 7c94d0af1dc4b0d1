import type { z } from 'zod'
import { UserError } from '../errors.ts'
import { byteLength, canonicalJson, digest } from './canonical.ts'
import { type LedgerRecord, type LedgerState, ledgerRecord, release } from './events.ts'
import { emptyState, fold, sameState } from './fold.ts'
import { recordLimit, stateLimit } from './limits.ts'
import { ledgerState } from './state.ts'

/** The newest schema of record.json and state.json that this release reads and writes. */
export const newestSchema = 2

const broken = (model: string, sentence: string): UserError =>
  new UserError(
    `The ledger of ${model} cannot be trusted: ${sentence}. Compare it with a clone or a release's tag before anything is decided from it.`,
  )

/** Throws a UserError that names the release to use where a value was written with a newer schema than this release reads; that is no damage. `what` is whose file it is. */
export const refuseNewer = (value: unknown, what: string, name: string, newest = newestSchema): void => {
  if (typeof value !== 'object' || value === null || !('schema' in value)) return
  const { schema } = value
  if (typeof schema !== 'number' || schema <= newest) return
  const wrote = release.safeParse('release' in value ? value.release : undefined).data
  const [by, use] = wrote === undefined ? ['a newer Refline', 'the newest release'] : [`Refline ${wrote}`, `release ${wrote} or newer`]
  throw new UserError(
    `The ${what} was written by ${by} (${name} has schema ${schema}, this release reads ${newest === 1 ? 1 : `1 to ${newest}`}). Use ${use} of the actions in every workflow.`,
  )
}

const parse = <T>(schema: z.ZodType<T>, text: string, limit: number, model: string, name: string): T => {
  if (byteLength(text) > limit) throw broken(model, `${name} is larger than ${limit} bytes`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw broken(model, `${name} is not JSON`)
  }
  refuseNewer(value, `ledger of ${model}`, name)
  const parsed = schema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw broken(model, `${name} is not as expected at ${issue?.path.join('.') || 'its top'}: ${issue?.message}`)
  }
  if (canonicalJson(parsed.data) !== text) throw broken(model, `${name} is not canonical JSON`)
  return parsed.data
}

/** record.json as it is written: validated, canonical and at most 64 KB, with its digest. Throws a UserError where it is too large. */
export const encodeRecord = (record: LedgerRecord): { readonly text: string; readonly digest: string } => {
  const parsed = ledgerRecord.safeParse(record)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new UserError(`This cannot be recorded in the ledger of ${record.model}: ${issue?.path.join('.')}: ${issue?.message}`)
  }
  const text = canonicalJson(parsed.data)
  if (byteLength(text) > recordLimit) {
    throw new UserError(
      `A record of ${byteLength(text)} bytes does not fit the ledger of ${record.model} (at most ${recordLimit}). Fewer data files, params or model files in a run make it smaller; a folder as train.output counts every file in it.`,
    )
  }
  return { text, digest: digest(text) }
}

/** state.json as it is written. */
export const encodeState = (state: LedgerState): string => canonicalJson(ledgerState.parse(state))

/** Reads one record.json: limits, schema, canonical form and model. Throws a UserError. */
export const decodeRecord = (model: string, text: string): LedgerRecord => {
  const record = parse(ledgerRecord, text, recordLimit, model, 'record.json')
  if (record.model !== model) throw broken(model, `its record belongs to ${record.model}`)
  return record
}

/**
 * Checks the newest commit alone: the state is the one that was written with this record. Throws a UserError where it is not. What the state says of
 * earlier records is checked by `foldRecords`, or by `verifyStep` where the state before is at hand.
 */
export const verifyHead = (
  model: string,
  recordText: string,
  stateText: string,
): { readonly record: LedgerRecord; readonly state: LedgerState } => {
  const record = decodeRecord(model, recordText)
  const state = parse(ledgerState, stateText, stateLimit, model, 'state.json')
  if (state.model !== model) throw broken(model, `its state belongs to ${state.model}`)
  if (state.head !== digest(recordText)) throw broken(model, `state.json at seq ${state.seq} does not belong to its record.json`)
  if (state.seq !== record.seq) throw broken(model, `its state has seq ${state.seq} and its record ${record.seq}`)
  return { record, state }
}

/** Checks that a state is what the state before it becomes with this record. Throws a UserError. */
export const verifyStep = (before: LedgerState, recordText: string, after: LedgerState): void => {
  const record = decodeRecord(before.model, recordText)
  if (!sameState(fold(before, record, digest(recordText)), after)) {
    throw broken(before.model, `state.json at seq ${record.seq} is not what its record makes of seq ${before.seq}`)
  }
}

/** Folds all records from the first on, checking the chain (`seq`, `prev`, model) and every event. Throws a UserError that names the first seq that is wrong. */
export const foldRecords = (
  model: string,
  texts: readonly string[],
): { readonly records: readonly LedgerRecord[]; readonly state: LedgerState } => {
  let state = emptyState(model)
  const records: LedgerRecord[] = []
  for (const text of texts) {
    const record = decodeRecord(model, text)
    try {
      state = fold(state, record, digest(text))
    } catch (error) {
      throw broken(
        model,
        `record ${records.length + 1} does not follow the one before it (${error instanceof Error ? error.message : error})`,
      )
    }
    records.push(record)
  }
  return { records, state }
}

/** Checks the newest state.json against the fold of all records. Throws a UserError. */
export const verifyState = (folded: LedgerState, stateText: string): void => {
  if (encodeState(folded) !== stateText) throw broken(folded.model, `state.json at seq ${folded.seq} is not the fold of its records`)
}
