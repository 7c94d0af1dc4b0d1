import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RuntimeIdentity } from './artifact-service.ts'
import type { Fault } from './faults.ts'
import type { GitHubDouble } from './server.ts'
import { everyPermission, type Permissions } from './state.ts'

interface Order {
  readonly owner: string
  readonly name: string
  readonly private?: boolean
  readonly immutableReleases?: boolean
  readonly files: Readonly<Record<string, string>>
  readonly message?: string
  readonly branch?: string
  readonly head: string
  readonly base?: string
  readonly title?: string
  readonly body?: string
  readonly author?: string
  readonly number: number
  readonly method?: 'squash' | 'merge'
  readonly login: string
  readonly role: string
  readonly token: string
  readonly permissions?: Permissions
}

type Verb = (double: GitHubDouble, order: Order) => unknown

/** What another process may tell the double: `POST /_double/<verb>` with JSON, answered with JSON. */
const verbs: Readonly<Record<string, Verb>> = {
  repository: async (double, order) => (await double.createRepository(order.owner, order.name, order)).dump(),
  commit: async (double, order) => ({ sha: await double.repository(order.owner, order.name).commit(order.files, order) }),
  'pull-request': (double, order) => double.repository(order.owner, order.name).openPullRequest(order),
  synchronize: (double, order) => double.repository(order.owner, order.name).synchronize(order.number),
  merge: async (double, order) => ({ sha: await double.repository(order.owner, order.name).merge(order.number, order.method) }),
  role: (double, order) => double.repository(order.owner, order.name).setRole(order.login, order.role),
  token: (double, order) => double.addToken(order.token, order.permissions ?? everyPermission, order.login),
  fault: (double, order) => double.fault(order as unknown as Fault),
  'clear-faults': double => double.clearFaults(),
  'runtime-token': (double, order) => ({ token: double.runtimeToken(order as unknown as RuntimeIdentity) }),
  dump: (double, order) => double.repository(order.owner, order.name).dump(),
  requests: double => double.requests,
  'storage-requests': double => double.storageRequests,
  violations: double => double.violations,
}

/** Answers `/_double/<verb>`; a failure is 400 with its message. */
export const control = async (double: GitHubDouble, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const answer = (status: number, body: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? { ok: true }))
  const verb = verbs[url.pathname.slice('/_double/'.length)]
  if (verb === undefined) return void answer(404, { error: `verbs: ${Object.keys(verbs).join(', ')}` })
  try {
    const text = Buffer.concat(chunks).toString()
    const order = (text === '' ? Object.fromEntries(url.searchParams) : JSON.parse(text)) as Order
    answer(200, await verb(double, order))
  } catch (error) {
    answer(400, { error: error instanceof Error ? error.message : String(error) })
  }
}
