import { type Endpoints, need, notFound, numberOf, type RepositoryCall } from './answer.ts'
import { nodeId, repositoryPage, repositoryShape, repositoryUrl, userShape } from './shapes.ts'
import type { WorkflowRunState } from './state.ts'

const shape = (call: RepositoryCall, run: WorkflowRunState) => {
  const url = `${repositoryUrl(call.state, call.repository)}/actions/runs/${run.id}`
  const repository = repositoryShape(call.state, call.repository)
  const actor = userShape(call.state, { login: run.actor, type: 'User' })
  const by = { name: run.actor, email: `${run.actor}@example.com` }
  return {
    id: run.id,
    node_id: nodeId('WorkflowRun', run.id),
    name: 'a workflow',
    head_branch: 'main',
    head_sha: run.headSha,
    path: run.path,
    run_number: 1,
    run_attempt: 1,
    display_title: 'a change',
    event: run.event,
    status: run.updatedAt === null ? 'in_progress' : 'completed',
    conclusion: run.updatedAt === null ? null : 'success',
    workflow_id: 1,
    url,
    html_url: `${repositoryPage(call.state, call.repository)}/actions/runs/${run.id}`,
    pull_requests: [],
    created_at: run.createdAt,
    updated_at: run.updatedAt ?? run.createdAt,
    run_started_at: run.createdAt,
    actor,
    triggering_actor: actor,
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${repositoryUrl(call.state, call.repository)}/check-suites/1`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    workflow_url: `${repositoryUrl(call.state, call.repository)}/actions/workflows/1`,
    head_commit: { id: run.headSha, tree_id: run.headSha, message: 'a change', timestamp: run.createdAt, author: by, committer: by },
    repository,
    head_repository: repository,
  }
}

/** Workflow runs, which only the service itself makes. */
export const workflowRuns: Endpoints = {
  'GET /repos/{owner}/{repo}/actions/runs/{run_id}': call => {
    need(call, ['actions'], 'read')
    const run = call.repository.workflowRuns.get(numberOf(call, 'run_id'))
    if (run === undefined) throw notFound()
    return { status: 200, body: shape(call, run) }
  },
}
