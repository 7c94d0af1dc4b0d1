import { canonicalJson, digest } from './canonical.ts'
import { inputDigest, runKey, runName } from './keys.ts'
import type { DigestedFile, ReportedValue, RunRecord } from './run.ts'

/** What is known where files are judged that no `train` made. */
export interface FileRun {
  readonly model: string
  /** When it is judged, ISO 8601: when it was trained nobody knows. */
  readonly at: string
  readonly created: Omit<RunRecord['created'], 'at' | 'job_index'>
  readonly repository: string | null
  readonly commit: string | null
  readonly predictions: DigestedFile | null
  readonly metrics: DigestedFile | null
  readonly reported: Record<string, ReportedValue>
  /** The metrics file as the user named it. */
  readonly reportedFrom: string | null
}

/**
 * A run record for files that somebody else's training wrote. No code, data, params or model files are known, so it can never count as "the same code
 * retrained", and `register` has nothing that it could register.
 */
export const fileRun = (known: FileRun): RunRecord => {
  const train = digest(canonicalJson(null))
  const unknown = { code: null, data: [], params: {}, train }
  const files = [known.predictions, known.metrics].filter(file => file !== null)
  const key = runKey({
    model: known.model,
    workflowRun: known.created.workflow_run,
    job: known.created.job,
    jobIndex: null,
    outputs: files,
  })
  return {
    schema: 1,
    run: runName(known.model, key),
    model: known.model,
    created: { at: known.at, ...known.created, job_index: null },
    lineage: { ...unknown, repository: known.repository, commit: known.commit, environment: {}, parent: null },
    input: inputDigest(unknown),
    seconds: 0,
    reported: known.reported,
    ...(known.reportedFrom === null
      ? {}
      : { reported_from: Object.fromEntries(Object.keys(known.reported).map(name => [name, known.reportedFrom as string])) }),
    model_files: [],
    predictions: known.predictions,
    metrics_file: known.metrics,
    champion: null,
  }
}
