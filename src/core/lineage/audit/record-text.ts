import { byteLength, canonicalJson } from '../canonical.ts'
import { type LedgerRecord, ledgerRecord } from '../events.ts'
import { recordLimit } from '../limits.ts'
import { refuseNewer } from '../verify.ts'
import type { FindingKind } from './finding.ts'

/** A record, or what is wrong with its text as a clause. */
export type ReadRecord = { readonly record: LedgerRecord } | { readonly kind: FindingKind; readonly problem: string }

/** Reads one record.json of a model without throwing. */
export const readRecord = (model: string, text: string | null): ReadRecord => {
  if (text === null) return { kind: 'forged', problem: 'has no record.json' }
  if (text.length > recordLimit || byteLength(text) > recordLimit)
    return { kind: 'forged', problem: `has a record.json of more than ${recordLimit} bytes` }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { kind: 'forged', problem: 'has a record.json that is not JSON' }
  }
  try {
    refuseNewer(value, `ledger of ${model}`, 'record.json')
  } catch (error) {
    return { kind: 'newer', problem: `cannot be checked by this release: ${error instanceof Error ? error.message : error}` }
  }
  const parsed = ledgerRecord.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return {
      kind: 'forged',
      problem: `has a record.json that Refline does not write (${issue?.path.join('.') || 'its top'}: ${issue?.message})`,
    }
  }
  const record: LedgerRecord = parsed.data
  if (canonicalJson(record) !== text)
    return { kind: 'edited', problem: 'has a record.json that is not canonical JSON, so it was not written by Refline' }
  if (record.model !== model) return { kind: 'forged', problem: `has a record of another model, ${record.model}` }
  return { record }
}
