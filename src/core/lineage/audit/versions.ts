import type { EventOf, LedgerRecord } from '../events.ts'

/** A version as the records tell of it. */
export interface AuditedVersion {
  readonly seq: number
  readonly at: string
  /** Of the record that registered it. */
  readonly schema: LedgerRecord['schema']
  readonly event: EventOf<'register'>
  readonly writer: LedgerRecord['writer']
  /** When its files were deleted by decision; null where they are to be there. */
  readonly collected: { readonly seq: number; readonly at: string } | null
}

/** All versions that were registered, by number. Of two registrations of one number the later counts. */
export const versionsOf = (records: readonly LedgerRecord[]): ReadonlyMap<number, AuditedVersion> => {
  const versions = new Map<number, AuditedVersion>()
  for (const { seq, schema, writer, events } of records)
    for (const event of events) {
      if (event.kind === 'register') versions.set(event.version.version, { seq, at: writer.at, schema, event, writer, collected: null })
      const known = event.kind === 'collected' ? versions.get(event.version) : undefined
      if (known !== undefined) versions.set(known.event.version.version, { ...known, collected: { seq, at: writer.at } })
    }
  return versions
}
