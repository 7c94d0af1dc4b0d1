import type { IncomingMessage } from 'node:http'

/** One request of a git client, as the faults and the authorization see it. */
export interface GitRequest {
  /** Path of the repository below the root: `acme/churn.git`. */
  readonly repository: string
  readonly service: 'git-upload-pack' | 'git-receive-pack'
  /** `advertise` lists the refs, `exchange` moves the objects (a receive-pack exchange is the push itself). */
  readonly step: 'advertise' | 'exchange'
  /** The Authorization header. */
  readonly authorization: string | null
  /** How many requests of this service and step came before it. */
  readonly index: number
}

/** Reads what a request asks of git, or null where it is none of git's. `counts` holds how many of each service and step were seen. */
export const parseGitRequest = (request: IncomingMessage, counts: Map<string, number>): GitRequest | null => {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const match = /^\/(.+?)\/(info\/refs|git-upload-pack|git-receive-pack)$/.exec(url.pathname)
  if (match === null) return null
  const [, repository = '', tail = ''] = match
  const step = tail === 'info/refs' ? 'advertise' : 'exchange'
  const service = step === 'advertise' ? url.searchParams.get('service') : tail
  if (service !== 'git-upload-pack' && service !== 'git-receive-pack') return null
  const key = `${service} ${step}`
  const index = counts.get(key) ?? 0
  counts.set(key, index + 1)
  return { repository, service, step, authorization: request.headers.authorization ?? null, index }
}
