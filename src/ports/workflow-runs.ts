import type { ReadWorkflowRun } from '../core/lineage/audit/writers.ts'

/** What the service that runs workflows knows of them; who may only push cannot make it say something else. */
export interface WorkflowRuns {
  /** A workflow run by its id; null where there is no such run, or none any more. */
  find(id: string): Promise<ReadWorkflowRun | null>
}
