import type { RunLine } from '../core/lineage/views/runs.ts'

/** The log of runs, for people. Nothing is decided from it and nothing in it is verified. */
export interface RunLog {
  /** Its lines, newest first; none where the remote has no such log. */
  runs(model: string): Promise<readonly RunLine[]>
}
