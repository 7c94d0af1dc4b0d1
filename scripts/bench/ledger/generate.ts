import { commitMessage, refsOf } from '../../../src/adapters/git/ledger.ts'
import { logCommit, logStateOf } from '../../../src/adapters/git/run-log.ts'
import type { LedgerRecord, LedgerState } from '../../../src/core/lineage/events.ts'
import { emptyState, fold } from '../../../src/core/lineage/fold.ts'
import { encodeRecord, encodeState, newestSchema } from '../../../src/core/lineage/verify.ts'
import { release } from '../../../src/kernel/release.ts'
import { loggedAt, type MadeDecision, madeWriter, nextDecision, runLine } from './events.ts'
import { type ImportedCommit, importCommits } from './fast-import.ts'

/** The record of a decision for this head, as production builds it. */
export const recordOf = (state: LedgerState, { request, events, at }: MadeDecision): LedgerRecord => ({
  schema: newestSchema,
  release,
  model: state.model,
  seq: state.seq + 1,
  prev: state.head,
  request,
  writer: { at: new Date(at).toISOString(), ...madeWriter },
  events: [...events],
})

/** The commit of a decision on this head, and the state after it. */
export const commitOf = (state: LedgerState, decision: MadeDecision): { readonly commit: ImportedCommit; readonly state: LedgerState } => {
  const record = recordOf(state, decision)
  const { text, digest } = encodeRecord(record)
  const after = fold(state, record, digest)
  const files = { 'record.json': text, 'state.json': encodeState(after) }
  return { commit: { files, message: commitMessage(decision.subject, record), seconds: Math.floor(decision.at / 1000) }, state: after }
}

function* ledgerCommits(model: string, versions: number, done: (state: LedgerState) => void): Generator<ImportedCommit> {
  let state = emptyState(model)
  while (state.versions < versions) {
    const next = commitOf(state, nextDecision(model, state))
    state = next.state
    yield next.commit
  }
  done(state)
}

/**
 * Makes the ledger of a model with so many versions in a bare repository, every commit as `Ledger.append` writes it (proven by test/scripts/bench-ledger.test.ts); returns
 * the newest state.
 */
export const makeLedger = async (bare: string, model: string, versions: number): Promise<LedgerState> => {
  let newest = emptyState(model)
  const commits = ledgerCommits(model, versions, state => {
    newest = state
  })
  await importCommits(bare, refsOf(model).decisions, commits)
  return newest
}

function* runCommits(model: string, runs: number): Generator<ImportedCommit> {
  let state = logStateOf(null, model)
  for (let run = 1; run <= runs; run += 1) {
    const at = loggedAt(run)
    const commit = logCommit(state, [runLine(model, run)], { model, release, writer: madeWriter, at: new Date(at).toISOString() })
    state = commit.state
    yield { files: commit.files, message: commit.message, seconds: Math.floor(at / 1000) }
  }
}

/** Makes the log of so many runs of a model in a bare repository, each in a commit of its own as a job that is no matrix writes it. */
export const makeRunLog = (bare: string, model: string, runs: number): Promise<void> =>
  importCommits(bare, refsOf(model).runs, runCommits(model, runs))
