import { Buffer } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Answer, type Call, type Endpoints, forbidden, Refusal } from './answer.ts'
import { artifacts } from './artifacts.ts'
import { assets } from './assets.ts'
import { code } from './code.ts'
import type { Conformity } from './conformity.ts'
import { deployments } from './deployments.ts'
import type { Fault } from './faults.ts'
import { issues } from './issues.ts'
import { pulls } from './pulls.ts'
import { releases } from './releases.ts'
import { userShape } from './shapes.ts'
import type { Actor, State } from './state.ts'
import { workflowRuns } from './workflow-runs.ts'

/** Every operation that is answered, by `METHOD template`. */
export const endpoints: Endpoints = { ...code, ...releases, ...assets, ...issues, ...pulls, ...deployments, ...artifacts, ...workflowRuns }

/** What was asked, for assertions. */
export interface LoggedRequest {
  readonly method: string
  /** Path below the API's root. */
  readonly path: string
  readonly query: string
  /** `GET /repos/{owner}/{repo}/releases`, or null where the description has no such operation. */
  readonly operation: string | null
  readonly login: string | null
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: unknown
  /** 0 where the connection was dropped. */
  status: number
  /** The kind of the fault that hit it. */
  readonly fault: string | null
}

/** Who a token belongs to; null without a token. Throws where it is unknown. */
export const actorOf = (state: State, authorization: string | undefined): Actor | null => {
  if (authorization === undefined) return null
  const [scheme = '', value = ''] = authorization.split(' ')
  const token = scheme.toLowerCase() === 'basic' ? Buffer.from(value, 'base64').toString().split(':').slice(1).join(':') : value
  const actor = state.tokens.get(token)
  if (actor === undefined) throw new Refusal(401, 'Bad credentials')
  return actor
}

const readJson = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  if (text === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new Refusal(400, 'Problems parsing JSON')
  }
}

const rateLimit = { limit: 5000, used: 0, remaining: 5000, reset: 0, resource: 'core' }
const limits = () => ({ ...rateLimit, reset: Math.floor(Date.now() / 1000) + 3600 })

const answerOf = async (call: Call): Promise<Answer> => {
  if (call.key === 'GET /rate_limit') return { status: 200, body: { resources: { core: limits(), search: limits() }, rate: limits() } }
  if (call.key === 'GET /user') {
    if (call.actor === null) throw new Refusal(401, 'Requires authentication')
    if (call.actor.type === 'Bot') throw forbidden()
    const zero = { public_repos: 0, public_gists: 0, followers: 0, following: 0 }
    const empty = { name: null, company: null, blog: null, location: null, email: null, hireable: null, bio: null }
    const dates = { created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z' }
    return { status: 200, body: { ...userShape(call.state, call.actor), ...zero, ...empty, ...dates } }
  }
  const repository = call.state.repository(call.parameters.owner ?? '', call.parameters.repo ?? '')
  if (repository === undefined) {
    call.request.resume()
    throw new Refusal(404, 'Not Found')
  }
  const endpoint = endpoints[call.key]
  if (endpoint === undefined) throw new Refusal(404, 'Not Found')
  return await endpoint({ ...call, repository })
}

/** What a proxy before GitHub answers when GitHub does not. */
const page = (fault: Fault): Answer => ({
  status: fault.status ?? 502,
  raw: {
    type: 'text/html; charset=utf-8',
    bytes: Buffer.from('<html><title>Unicorn! · GitHub</title><body>This page is taking too long</body></html>'),
  },
})

/** A list as it should not be. */
const listed = (
  call: { readonly state: State; readonly path: string; readonly query: URLSearchParams },
  answer: Answer,
  fault: Fault | null,
): Answer => {
  if (!Array.isArray(answer.body)) return answer
  if (fault?.kind === 'unseen') return { ...answer, body: answer.body.slice(0, -1) }
  if (fault?.kind !== 'loop') return answer
  return { ...answer, headers: { ...answer.headers, link: `<${call.state.apiUrl}${call.path}?${call.query}>; rel="next"` } }
}

const told = (fault: Fault): Answer | null => {
  if (fault.kind === 'status')
    return {
      status: fault.status ?? 502,
      body: { message: 'Server Error' },
      ...(fault.headers === undefined ? {} : { headers: fault.headers }),
    }
  if (fault.kind === 'html') return page(fault)
  const headers = { 'retry-after': String(fault.retryAfter ?? 1), ...fault.headers }
  if (fault.kind === 'rate-limit') return { status: 429, body: { message: 'API rate limit exceeded' }, headers }
  if (fault.kind === 'secondary-limit') {
    return {
      status: 403,
      body: { message: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.' },
      headers,
    }
  }
  return null
}

/** Answers one REST request, checked against GitHub's description both ways. */
export const rest = async (
  context: {
    readonly state: State
    readonly conformity: Conformity
    readonly report: (violation: string) => void
    readonly log: (request: LoggedRequest) => void
  },
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  query: URLSearchParams,
  fault: Fault | null,
): Promise<void> => {
  const { state, conformity, report } = context
  const method = request.method ?? 'GET'
  const matched = conformity.match(method, path)
  const upload = matched?.key === 'POST /repos/{owner}/{repo}/releases/{release_id}/assets'
  let login: string | null = null
  let body: unknown
  let answer: Answer
  let problems: readonly string[] = []
  if (fault?.kind === 'drop-before') request.socket.destroy()
  try {
    const before = fault === null ? null : told(fault)
    if (!upload && fault?.kind !== 'drop-before') body = await readJson(request)
    const actor = actorOf(state, request.headers.authorization)
    login = actor?.login ?? null
    if (matched === null) throw new Refusal(404, 'Not Found')
    if (!upload && fault?.kind !== 'drop-before') problems = conformity.request(matched.key, body)
    for (const problem of problems) report(problem)
    if (before !== null) request.resume()
    const call: Call = {
      state,
      key: matched.key,
      parameters: matched.parameters,
      query,
      path,
      accept: request.headers.accept ?? '',
      body: typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {},
      request,
      actor,
      fault,
    }
    if (fault?.kind === 'drop-before') answer = { status: 0 }
    else answer = before ?? listed(call, await answerOf(call), fault)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (upload) request.resume()
    answer = error.answer
  }
  if (fault?.kind === 'status-after') answer = { status: fault.status ?? 502, body: { message: 'Server Error' } }
  if (fault?.kind === 'html-after') answer = page(fault)
  const dropped = fault?.kind === 'drop-before' || fault?.kind === 'drop-after'
  context.log({
    method,
    path,
    query: query.toString(),
    operation: matched?.key ?? null,
    login,
    headers: request.headers,
    body,
    status: dropped ? 0 : answer.status,
    fault: fault?.kind ?? null,
  })
  if (matched === null) report(`${method} ${path} is not in the extract of GitHub's description`)
  if (dropped) {
    request.socket.destroy()
    return
  }
  if (matched !== null) for (const problem of conformity.response(matched.key, answer.status, answer.body)) report(problem)
  send(response, answer, fault)
}

const send = (response: ServerResponse, answer: Answer, fault: Fault | null): void => {
  const limit = Object.fromEntries(Object.entries(limits()).map(([name, value]) => [`x-ratelimit-${name}`, String(value)]))
  const bytes = answer.raw?.bytes ?? Buffer.from(answer.body === undefined ? '' : JSON.stringify(answer.body))
  const type = answer.raw?.type ?? 'application/json; charset=utf-8'
  response.writeHead(answer.status, {
    ...limit,
    'x-github-request-id': 'DOUBLE',
    ...(answer.status === 204 ? {} : { 'content-type': type, 'content-length': String(bytes.length) }),
    ...Object.fromEntries(Object.entries(answer.headers ?? {}).filter(([, value]) => value !== '')),
    ...(fault?.kind === 'half-json' ? { 'content-length': String(bytes.length >> 1) } : {}),
  })
  if (fault?.kind === 'half-json') {
    response.end(bytes.subarray(0, bytes.length >> 1))
    return
  }
  if (fault?.kind === 'slow' && bytes.length > 1) {
    response.write(bytes.subarray(0, bytes.length >> 1))
    setTimeout(() => response.end(bytes.subarray(bytes.length >> 1)), fault.milliseconds ?? 50).unref()
  } else if (fault?.kind === 'truncate') response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy())
  else response.end(bytes)
}
