import type { LedgerRecord } from '../core/lineage/events.ts'
import { type Chronicle, chronicleOf } from '../core/lineage/views/chronicle.ts'
import type { Ledger } from '../ports/ledger.ts'
import { around, unknownModel } from './around.ts'
import type { Typed } from './command.ts'
import type { Terminal } from './terminal.ts'

export interface Read {
  readonly model: string
  readonly ledger: Ledger
  readonly records: readonly LedgerRecord[]
  readonly chronicle: Chronicle
}

/** Reads a model's whole ledger, checked. Throws a UserError where it has no record, unless `empty` says that this is fine. */
export const readAll = async (
  typed: Typed,
  terminal: Terminal,
  options: { readonly asked?: string | undefined; readonly empty?: boolean } = {},
): Promise<Read> => {
  const look = around(typed, terminal, options.asked)
  const model = await look.model()
  const ledger = await look.ledger()
  const records = await ledger.records(model)
  if (records.length === 0 && options.empty !== true) throw await unknownModel(typed, terminal, model, await look.remote())
  return { model, ledger, records, chronicle: chronicleOf(model, records) }
}

/** Prints a document as JSON where that was asked for, else as lines. */
export const answer = <T>(
  typed: Typed,
  terminal: Terminal,
  document: T,
  lines: (document: T) => readonly string[],
): Record<string, never> => {
  if (typed.flags.has('json')) terminal.document(document)
  else terminal.say(lines(document).join('\n'))
  return {}
}
