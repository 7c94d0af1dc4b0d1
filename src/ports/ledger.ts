import type { LedgerEvent, LedgerRecord, LedgerState, Writer } from '../core/lineage/events.ts'

/**
 * What asks for a decision. `id` is `verb:environment-or-dash:target:request`, the last part being the workflow run (or what the CLI made); a
 * re-run is the same request. Never an attempt number, a clock or randomness.
 */
export interface DecisionRequest {
  readonly id: string
  /** The event in words, the first line of the commit: `promote churn v12 in production: gate passed, recall +0.8 pp`. */
  readonly subject: string | ((events: readonly LedgerEvent[]) => string)
}

/** What to write for *this* head, computed inside the loop. No events: nothing is to be done. Throws a UserError where a precondition fails. */
export interface Proposal {
  readonly events: readonly LedgerEvent[]
  /** Canonical JSON kept as a blob beside the record, referenced by its digest. */
  readonly evidence?: string
}

export interface Appended {
  /** `existing`: this request had been recorded before, and `events` are the ones of that time. `nothing`: the proposal was empty. */
  readonly outcome: 'appended' | 'existing' | 'nothing'
  /** Of the record; of the head where nothing was written. */
  readonly seq: number
  readonly events: readonly LedgerEvent[]
  /** The state after it. */
  readonly state: LedgerState
}

/** One line of the log of runs: what happened to a run, for people and dashboards; nothing is decided from it. */
export interface RunLine {
  /** The run, or whatever else makes the line unique: a second line with the same key is not written. */
  readonly key: string
  readonly entry: Readonly<Record<string, unknown>>
}

/** A line as it stands in the log: who wrote it and when. */
export interface LoggedLine extends RunLine {
  readonly at: string
  readonly writer: Omit<Writer, 'at'>
}

/** The ledger of decisions of a model. Every read verifies the head; every problem of reading is an error and never "no ledger". */
export interface Ledger {
  /** The newest state; `seq` 0 where the ledger was read and is proven to have no such ref. */
  read(model: string): Promise<LedgerState>
  append(model: string, request: DecisionRequest, decide: (head: LedgerState) => Proposal | Promise<Proposal>): Promise<Appended>
  /** All records, oldest first, with the chain checked. */
  records(model: string): Promise<readonly LedgerRecord[]>
  /** The evidence that is kept beside the records, by its digest: canonical JSON of each look at a rollout. Checked against the records, which are read with it. */
  evidenceOf(model: string): Promise<ReadonlyMap<string, string>>
  /** The commit id of the newest record, or null: releases are tagged on it. */
  head(model: string): Promise<string | null>
  /**
   * Adds lines to the log of runs, `refs/refline/models/<model>/runs`, all of them in one push; how many were new. Null where the token may only read: the caller says
   * so and goes on.
   */
  log(model: string, lines: readonly RunLine[]): Promise<number | null>
  /** The log of runs, newest first, each key once; with `last` only so many. */
  runs(model: string, last?: number): Promise<readonly LoggedLine[]>
}
