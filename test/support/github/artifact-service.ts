import { Buffer } from 'node:buffer'
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Answer } from './answer.ts'
import { type ArtifactState, now, type State } from './state.ts'

/** Who uploads: what a runner's token says of its job. */
export interface RuntimeIdentity {
  /** `owner/name`. */
  readonly repository: string
  readonly runId: number
  readonly job: string
}

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** An ACTIONS_RUNTIME_TOKEN as `@actions/artifact` reads it: a JWT whose `scp` names the run and the job. Nothing is signed. */
export const runtimeToken = (identity: RuntimeIdentity): string => {
  const hex = (value: string) => Buffer.from(value).toString('hex').padStart(12, '0').slice(-12)
  const run = `10000000-0000-4000-8000-${String(identity.runId).padStart(12, '0').slice(-12)}`
  const job = `20000000-0000-4000-8000-${hex(identity.job)}`
  const claims = {
    scp: `Actions.GenericRead:00000000 Actions.Results:${run}:${job}`,
    repository: identity.repository,
    run_id: identity.runId,
  }
  return `${base64url({ alg: 'none', typ: 'JWT' })}.${base64url(claims)}.c2lnbmF0dXJl`
}

/** Who asks, by the token in the header; null where it is none of ours. */
export const identify = (authorization: string | undefined) => {
  const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]?.split('.')[1]
  if (token === undefined) return null
  try {
    const claims = JSON.parse(Buffer.from(token, 'base64url').toString()) as { scp?: string; repository?: string; run_id?: number }
    const scope = claims.scp?.split(' ').find(part => part.startsWith('Actions.Results:'))
    const [, run, job] = scope?.split(':') ?? []
    return run === undefined || job === undefined ? null : { run, job, repository: claims.repository ?? '', runId: claims.run_id ?? 0 }
  } catch {
    return null
  }
}

const refusal = (status: number, code: string, msg: string): Answer => ({ status, body: { code, msg } })

const fields: Readonly<Record<string, readonly string[]>> = {
  CreateArtifact: ['workflow_run_backend_id', 'workflow_job_run_backend_id', 'name', 'expires_at', 'version', 'mime_type'],
  FinalizeArtifact: ['workflow_run_backend_id', 'workflow_job_run_backend_id', 'name', 'size', 'hash'],
  ListArtifacts: ['workflow_run_backend_id', 'workflow_job_run_backend_id', 'name_filter', 'id_filter'],
  GetSignedArtifactURL: ['workflow_run_backend_id', 'workflow_job_run_backend_id', 'name'],
  DeleteArtifact: ['workflow_run_backend_id', 'workflow_job_run_backend_id', 'name'],
}

/** The artifact service behind `@actions/artifact`: Twirp in JSON. `report` takes violations. */
export const artifactService = async (
  state: State,
  method: string,
  body: Readonly<Record<string, unknown>>,
  authorization: string | undefined,
  report: (violation: string) => void,
): Promise<Answer> => {
  const known = fields[method]
  if (known === undefined) return refusal(404, 'bad_route', `no handler for ${method}`)
  const identity = identify(authorization)
  if (identity === null) return refusal(401, 'unauthenticated', 'the runtime token is not valid')
  const unknown = Object.keys(body).filter(name => !known.includes(name))
  if (unknown.length > 0) report(`${method}: unknown field ${unknown.join(', ')}`)
  if (body.workflow_run_backend_id !== identity.run) return refusal(403, 'permission_denied', 'the token belongs to another workflow run')
  const name = String(body.name ?? '')
  const ofRun = [...state.artifacts.values()].filter(artifact => artifact.runBackendId === identity.run)
  const found = ofRun.find(artifact => artifact.name === name)
  if (method === 'CreateArtifact') {
    if (name === '' || /["\\/:<>|*?\r\n]/.test(name)) return refusal(400, 'invalid_argument', 'the artifact name is not valid')
    if (found !== undefined) return refusal(409, 'already_exists', 'an artifact with this name already exists on the workflow run')
    const id = state.nextId()
    await mkdir(join(state.root, 'artifacts'), { recursive: true })
    const artifact: ArtifactState = {
      id,
      repository: identity.repository,
      runId: identity.runId,
      runBackendId: identity.run,
      jobBackendId: identity.job,
      name,
      contentType: String(body.mime_type ?? 'application/zip'),
      file: join(state.root, 'artifacts', String(id)),
      createdAt: now(),
      size: 0,
      digest: null,
      finalized: false,
    }
    state.artifacts.set(id, artifact)
    return { status: 200, body: { ok: true, signed_upload_url: `${state.storageUrl}/artifacts/${id}?sig=upload-${id}` } }
  }
  if (method === 'ListArtifacts') {
    const listed = ofRun
      .filter(artifact => artifact.finalized)
      .filter(artifact => body.name_filter === undefined || body.name_filter === null || artifact.name === body.name_filter)
      .filter(artifact => body.id_filter === undefined || body.id_filter === null || String(artifact.id) === String(body.id_filter))
      .map(artifact => ({
        workflow_run_backend_id: artifact.runBackendId,
        workflow_job_run_backend_id: artifact.jobBackendId,
        database_id: String(artifact.id),
        name: artifact.name,
        size: String(artifact.size),
        created_at: artifact.createdAt,
        digest: artifact.digest,
      }))
    return { status: 200, body: { artifacts: listed } }
  }
  if (found === undefined) return refusal(404, 'not_found', 'artifact not found')
  if (method === 'FinalizeArtifact') {
    const written = await stat(found.file).catch(() => null)
    if (written === null) return refusal(400, 'failed_precondition', 'nothing was uploaded')
    if (String(body.size) !== String(written.size))
      report(`FinalizeArtifact: size ${String(body.size)}, but ${written.size} bytes were uploaded`)
    if (body.hash !== undefined && body.hash !== found.digest)
      report(`FinalizeArtifact: ${String(body.hash)} is not the digest of what was uploaded`)
    found.size = written.size
    found.finalized = true
    return { status: 200, body: { ok: true, artifact_id: String(found.id) } }
  }
  if (!found.finalized) return refusal(404, 'not_found', 'artifact not found')
  if (method === 'GetSignedArtifactURL') {
    return { status: 200, body: { signed_url: `${state.storageUrl}/artifacts/${found.id}?sig=download-${found.id}` } }
  }
  state.artifacts.delete(found.id)
  await rm(found.file, { force: true })
  return { status: 200, body: { ok: true, artifact_id: String(found.id) } }
}
