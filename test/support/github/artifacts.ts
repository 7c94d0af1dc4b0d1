import { type Endpoints, need, notFound, numberOf, page, Refusal, type RepositoryCall } from './answer.ts'
import { nodeId, repositoryUrl } from './shapes.ts'
import type { ArtifactState } from './state.ts'

const artifactShape = (call: RepositoryCall, artifact: ArtifactState) => {
  const url = `${repositoryUrl(call.state, call.repository)}/actions/artifacts/${artifact.id}`
  const expires = new Date(Date.parse(artifact.createdAt) + 90 * 86_400_000).toISOString()
  return {
    id: artifact.id,
    node_id: nodeId('Artifact', artifact.id),
    name: artifact.name,
    size_in_bytes: artifact.size,
    url,
    archive_download_url: `${url}/zip`,
    expired: false,
    digest: artifact.digest,
    created_at: artifact.createdAt,
    updated_at: artifact.createdAt,
    expires_at: expires,
    workflow_run: {
      id: artifact.runId,
      repository_id: call.repository.id,
      head_repository_id: call.repository.id,
      head_branch: 'main',
      head_sha: '0'.repeat(40),
    },
  }
}

const list = (call: RepositoryCall, runId: number | null) => {
  need(call, ['actions'], 'read')
  const name = call.query.get('name')
  const full = `${call.repository.owner}/${call.repository.name}`.toLowerCase()
  const found = [...call.state.artifacts.values()]
    .filter(artifact => artifact.finalized && artifact.repository.toLowerCase() === full)
    .filter(artifact => (runId === null || artifact.runId === runId) && (name === null || artifact.name === name))
    .reverse()
  const { items, headers } = page(call, found)
  return { status: 200, body: { total_count: found.length, artifacts: items.map(artifact => artifactShape(call, artifact)) }, headers }
}

const artifactOf = (call: RepositoryCall): ArtifactState => {
  need(call, ['actions'], 'read')
  const artifact = call.state.artifacts.get(numberOf(call, 'artifact_id'))
  if (artifact === undefined || !artifact.finalized) throw notFound()
  return artifact
}

/** Workflow artifacts as REST shows them; they are made by the artifact service. */
export const artifacts: Endpoints = {
  'GET /repos/{owner}/{repo}/actions/artifacts': call => list(call, null),
  'GET /repos/{owner}/{repo}/actions/runs/{run_id}/artifacts': call => list(call, numberOf(call, 'run_id')),
  'GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}': call => ({ status: 200, body: artifactShape(call, artifactOf(call)) }),
  'GET /repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}': call => {
    if (call.actor === null) throw new Refusal(401, 'Requires authentication')
    const artifact = artifactOf(call)
    return { status: 302, headers: { location: `${call.state.storageUrl}/artifacts/${artifact.id}?sig=rest-${artifact.id}` } }
  },
}
