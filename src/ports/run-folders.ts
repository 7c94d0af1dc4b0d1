import type { Assessment } from '../core/comparison/assessment.ts'
import type { RunRecord } from '../core/lineage/run.ts'

/** A run folder whose record was validated and whose files were checked against the digests in it. */
export interface OpenRun {
  readonly record: RunRecord
  /** SHA-256 of run.json as it lies there. */
  readonly digest: string
  /** Absolute path of the folder; `files/` below it holds what the record lists. */
  readonly folder: string
  /** How it was found, in words. */
  readonly origin: string
}

/** The run folders of this job: `<temp>/refline/<model>/<run>/` with `run.json`, `files/` and `result.json`. */
export interface RunFolders {
  /** An empty folder to collect the files of a run in; what an earlier attempt left there is gone. */
  stage(model: string): Promise<string>
  /** Writes run.json into a staged folder and moves it to its place at once; a folder of the same run is replaced. */
  keep(staged: string, record: RunRecord): Promise<OpenRun>
  /** An empty scratch folder outside of any run; emptied when asked for again under the same name. */
  scratch(name: string): Promise<string>
  /**
   * Finds the run of a model in this order: the one named, the only one of this job, the only artifact of this workflow run. Else a UserError that lists what
   * was looked for and where, with `registered` (the ledger's answer for this workflow run) as the last place. Never the newest of several, but for attempts of
   * the very same job and matrix index, of which the latest counts and `origin` says so.
   */
  find(model: string, run: string | undefined, registered: () => Promise<string | null>): Promise<OpenRun>
  /** Writes result.json beside run.json and returns its path and its text. */
  writeResult(run: OpenRun, result: Assessment): Promise<{ readonly path: string; readonly text: string }>
  /** What the steps of this job have left for later ones about a model; null where none has. */
  readState(model: string): Promise<StepState | null>
  writeState(state: StepState): Promise<string>
}

/** `<temp>/refline/<model>.json`: what later steps of a job need to know about a model. */
export interface StepState {
  readonly schema: 1
  readonly model: string
  readonly run: string
  /** Null: nothing was registered, and `reason` says why. */
  readonly version: number | null
  readonly reason: string
}
