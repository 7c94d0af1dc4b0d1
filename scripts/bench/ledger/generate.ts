import type { LedgerRecord, LedgerState } from '../../../src/core/lineage/events.ts'
import { emptyState, fold } from '../../../src/core/lineage/fold.ts'
import { encodeRecord, encodeState } from '../../../src/core/lineage/verify.ts'
import { madeWriter, nextDecision } from './events.ts'
import { type ImportedCommit, importCommits } from './fast-import.ts'

/** Ref of the ledger of a model, as production names it. */
export const decisionsRef = (model: string): string => `refs/refline/models/${model}/decisions`

/** The commits that `Ledger.append` would write for these decisions, up to so many versions. Commit messages are proven equal by test/scripts/bench-ledger.test.ts. */
function* ledgerCommits(model: string, versions: number, done: (state: LedgerState) => void): Generator<ImportedCommit> {
  let state = emptyState(model)
  while (state.versions < versions) {
    const { request, subject, events, at } = nextDecision(model, state)
    const record: LedgerRecord = {
      schema: 1,
      model,
      seq: state.seq + 1,
      prev: state.head,
      request,
      writer: { at: new Date(at).toISOString(), ...madeWriter },
      events: [...events],
    }
    const { text, digest } = encodeRecord(record)
    state = fold(state, record, digest)
    const trailers = `Actor: ${madeWriter.actor}\nWorkflow-Run: ${madeWriter.workflow_run}\nRequest: ${request}\nSeq: ${record.seq}\n`
    yield {
      files: { 'record.json': text, 'state.json': encodeState(state) },
      message: `${subject}\n\n${trailers}`,
      seconds: Math.floor(at / 1000),
    }
  }
  done(state)
}

/** Makes the ledger of a model with so many versions in a bare repository, every commit as production writes it; returns the newest state. */
export const makeLedger = async (bare: string, model: string, versions: number): Promise<LedgerState> => {
  let newest = emptyState(model)
  const commits = ledgerCommits(model, versions, state => {
    newest = state
  })
  await importCommits(bare, decisionsRef(model), commits)
  return newest
}
