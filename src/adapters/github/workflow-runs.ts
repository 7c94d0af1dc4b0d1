import type { WorkflowRuns } from '../../ports/workflow-runs.ts'
import type { Client, Repository } from './client.ts'
import { statusOf } from './errors.ts'

/** Workflow runs of a repository; the token needs to read actions. */
export const githubWorkflowRuns = (client: Client, repository: Repository): WorkflowRuns => ({
  find: async id => {
    try {
      const { data } = await client.actions.getWorkflowRun({ owner: repository.owner, repo: repository.name, run_id: Number(id) })
      return {
        actor: data.actor?.login ?? null,
        commit: data.head_sha,
        path: data.path,
        event: data.event,
        created: Date.parse(data.created_at),
        ended: data.status === 'completed' ? Date.parse(data.updated_at) : null,
      }
    } catch (error) {
      if (statusOf(error) === 404) return null
      throw error
    }
  },
})
