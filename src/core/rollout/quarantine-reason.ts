import type { LedgerRecord, LedgerState } from '../lineage/events.ts'

/** Why a version is quarantined, or was last. The state keeps the newest reasons only; the others stand in the records. */
export const quarantineReason = (state: LedgerState, records: readonly LedgerRecord[], version: number): string => {
  const known = state.quarantine[String(version)]
  if (known !== undefined && known !== '…') return known
  const event = records.flatMap(record => record.events).findLast(of => of.kind === 'quarantine' && of.version === version)
  return event?.kind === 'quarantine' ? event.reason : 'the reason is not in the ledger'
}
