import {
  type Answer,
  author,
  type Endpoints,
  flag,
  invalid,
  need,
  notFound,
  numberOf,
  page,
  Refusal,
  type RepositoryCall,
  text,
} from './answer.ts'
import { commitOf } from './git-store.ts'
import { nodeId, repositoryUrl, userShape } from './shapes.ts'
import { type DeploymentState, now, type StatusState } from './state.ts'

const deploymentShape = (call: RepositoryCall, deployment: DeploymentState) => {
  const url = `${repositoryUrl(call.state, call.repository)}/deployments/${deployment.id}`
  return {
    url,
    id: deployment.id,
    node_id: nodeId('Deployment', deployment.id),
    sha: deployment.sha,
    ref: deployment.ref,
    task: deployment.task,
    payload: deployment.payload,
    original_environment: deployment.environment,
    environment: deployment.environment,
    description: deployment.description,
    creator: userShape(call.state, deployment.creator),
    created_at: deployment.createdAt,
    updated_at: deployment.createdAt,
    statuses_url: `${url}/statuses`,
    repository_url: repositoryUrl(call.state, call.repository),
    transient_environment: deployment.transient,
    production_environment: deployment.production,
  }
}

const statusShape = (call: RepositoryCall, deployment: DeploymentState, status: StatusState) => {
  const url = `${repositoryUrl(call.state, call.repository)}/deployments/${deployment.id}`
  return {
    url: `${url}/statuses/${status.id}`,
    id: status.id,
    node_id: nodeId('DeploymentStatus', status.id),
    state: status.state,
    creator: userShape(call.state, status.creator),
    description: status.description,
    environment: deployment.environment,
    target_url: status.logUrl === '' ? call.state.url : status.logUrl,
    log_url: status.logUrl === '' ? call.state.url : status.logUrl,
    ...(status.environmentUrl === '' ? {} : { environment_url: status.environmentUrl }),
    created_at: status.createdAt,
    updated_at: status.createdAt,
    deployment_url: url,
    repository_url: repositoryUrl(call.state, call.repository),
  }
}

const deploymentOf = (call: RepositoryCall): DeploymentState => {
  const deployment = call.repository.deployments.get(numberOf(call, 'deployment_id'))
  if (deployment === undefined) throw notFound()
  return deployment
}

const create = async (call: RepositoryCall): Promise<Answer> => {
  need(call, ['deployments'], 'write')
  const ref = text(call.body, 'ref') ?? ''
  const sha = await commitOf(call.repository.bare, ref)
  if (sha === null) throw new Refusal(422, `No ref found for: ${ref}`)
  const behind = (await commitOf(call.repository.bare, 'refs/heads/main')) !== sha
  if (flag(call.body, 'auto_merge') !== false && behind) throw new Refusal(409, `Conflict merging main into ${ref}`)
  const environment = text(call.body, 'environment') ?? 'production'
  const deployment: DeploymentState = {
    id: call.state.nextId(),
    sha,
    ref,
    task: text(call.body, 'task') ?? 'deploy',
    environment,
    payload: call.body.payload ?? {},
    description: text(call.body, 'description') ?? null,
    transient: flag(call.body, 'transient_environment') ?? false,
    production: flag(call.body, 'production_environment') ?? environment === 'production',
    createdAt: now(),
    creator: author(call),
    statuses: [],
  }
  call.repository.deployments.set(deployment.id, deployment)
  return { status: 201, body: deploymentShape(call, deployment) }
}

const createStatus = (call: RepositoryCall): Answer => {
  need(call, ['deployments'], 'write')
  const deployment = deploymentOf(call)
  const description = text(call.body, 'description') ?? ''
  if (description.length > 140)
    throw invalid('DeploymentStatus', 'custom', 'description', 'description is too long (maximum is 140 characters)')
  const made = (state: string, words: string): StatusState => ({
    id: call.state.nextId(),
    state,
    description: words,
    environmentUrl: text(call.body, 'environment_url') ?? '',
    logUrl: text(call.body, 'log_url') ?? text(call.body, 'target_url') ?? '',
    createdAt: now(),
    creator: author(call),
  })
  const status = made(String(call.body.state), description)
  deployment.statuses.push(status)
  if (status.state === 'success' && flag(call.body, 'auto_inactive') !== false) {
    for (const other of call.repository.deployments.values()) {
      const prior = other !== deployment && other.environment === deployment.environment && other.statuses.at(-1)?.state === 'success'
      if (prior && !other.transient && !other.production) other.statuses.push(made('inactive', ''))
    }
  }
  return { status: 201, body: statusShape(call, deployment, status) }
}

/** Deployments and their statuses. */
export const deployments: Endpoints = {
  'GET /repos/{owner}/{repo}/deployments': call => {
    need(call, ['deployments'], 'read')
    const wanted = (name: 'sha' | 'ref' | 'task' | 'environment') => {
      const value = call.query.get(name)
      return (deployment: DeploymentState) => value === null || value === 'none' || deployment[name] === value
    }
    const filters = (['sha', 'ref', 'task', 'environment'] as const).map(wanted)
    const found = [...call.repository.deployments.values()].filter(deployment => filters.every(filter => filter(deployment)))
    const { items, headers } = page(call, found.reverse())
    return { status: 200, body: items.map(deployment => deploymentShape(call, deployment)), headers }
  },
  'POST /repos/{owner}/{repo}/deployments': create,
  'GET /repos/{owner}/{repo}/deployments/{deployment_id}': call => {
    need(call, ['deployments'], 'read')
    return { status: 200, body: deploymentShape(call, deploymentOf(call)) }
  },
  'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses': call => {
    need(call, ['deployments'], 'read')
    const deployment = deploymentOf(call)
    const { items, headers } = page(call, [...deployment.statuses].reverse())
    return { status: 200, body: items.map(status => statusShape(call, deployment, status)), headers }
  },
  'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses': createStatus,
}
