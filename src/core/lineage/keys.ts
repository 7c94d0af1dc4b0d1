import { canonicalJson, digest } from './canonical.ts'
import type { DigestedFile, Lineage } from './run.ts'

/** What makes a run this run and no other: the place it was executed at and what came out. */
export interface RunIdentity {
  readonly model: string
  readonly workflowRun: string | null
  readonly job: string | null
  readonly jobIndex: string | null
  /** Every file the run produced, model files and predictions alike; their order does not matter. */
  readonly outputs: readonly DigestedFile[]
}

const byPath = (a: { readonly path: string }, b: { readonly path: string }): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)

/** Key of a run, 64 hexadecimal characters. No attempt number, clock or randomness goes in, so a repeated job is the same run where it made the same files. */
export const runKey = (identity: RunIdentity): string =>
  digest(
    canonicalJson([
      'run',
      identity.model,
      identity.workflowRun,
      identity.job,
      identity.jobIndex,
      [...identity.outputs].sort(byPath).map(file => [file.path, file.bytes, file.sha256]),
    ]),
  )

/** A run's name as people and paths use it: `<model>-<first 12 of the key>`. */
export const runName = (model: string, key: string): string => `${model}-${key.slice(0, 12)}`

/** Digest of everything a run was made from. It is an index for reuse, never a key: training again from the same inputs is a new run. */
export const inputDigest = (lineage: Pick<Lineage, 'code' | 'data' | 'params' | 'train'>): string =>
  digest(
    canonicalJson([
      'input',
      lineage.code,
      [...lineage.data].sort(byPath).map(data => [data.path, data.sha256]),
      lineage.params,
      lineage.train,
    ]),
  )

/** One tracked file of the code: its path, its Git mode (`100644`, `100755`, `120000`, `160000`) and the object id of its present content. */
export interface CodeFile {
  readonly path: string
  readonly mode: string
  readonly id: string
}

/** Digest of a set of code files, whatever order they come in. */
export const composeCodeDigest = (files: readonly CodeFile[]): string =>
  digest(canonicalJson(['code', [...files].sort(byPath).map(file => [file.path, file.mode, file.id])]))

/** Id of a decision: `verb:environment-or-dash:target:request`. The last part is the workflow run, so a re-run asks for the same decision. */
export const requestId = (verb: string, environment: string | null, target: string | number, request: string): string =>
  `${verb}:${environment ?? '-'}:${target}:${request}`

/** The 64-bit prefix (16 hexadecimal characters) of a request id's digest, as the ledger's state remembers it. */
export const requestPrefix = (id: string): string => digest(id).slice(0, 16)
