import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { bareRepository } from '../git-fixture.ts'
import { type GitFault, type GitRequest, gitHandler } from '../git-http.ts'
import { temporaryFolder } from '../temporary.ts'
import { artifactService, type RuntimeIdentity, runtimeToken } from './artifact-service.ts'
import { cacheService } from './cache-service.ts'
import { Conformity } from './conformity.ts'
import { control } from './control.ts'
import { type Fault, Faults } from './faults.ts'
import { RepositoryControl } from './repository-control.ts'
import { actorOf, type LoggedRequest, rest } from './rest.ts'
import { type Actor, everyPermission, type Permissions, State } from './state.ts'
import { type StorageRequest, storage } from './storage.ts'

export interface GitHubOptions {
  /** Folder for repositories and files; a temporary one, removed at the end, by default. */
  readonly root?: string
  /** Repositories to begin with, as `owner/name`; `acme/churn` by default. */
  readonly repositories?: readonly string[]
  /** Largest page given, whatever is asked for. */
  readonly pageSize?: number
  /** Published releases of the first repositories cannot be changed. */
  readonly immutableReleases?: boolean
  /** Whether assets have digests; they have by default. */
  readonly digests?: boolean
  /** Pushes over HTTP need no token (for a demo on a laptop). */
  readonly openPush?: boolean
}

/** A running double of GitHub on the loopback address. */
export interface GitHubDouble extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  /** For GITHUB_SERVER_URL: the same server under a name that the artifact client takes for GitHub, `http://github.localhost:<port>`. */
  readonly serverUrl: string
  /** For GITHUB_API_URL. */
  readonly apiUrl: string
  /** For ACTIONS_RESULTS_URL. */
  readonly resultsUrl: string
  /** Token of `github-actions[bot]` with every permission. */
  readonly token: string
  readonly requests: readonly LoggedRequest[]
  readonly gitRequests: readonly GitRequest[]
  readonly storageRequests: readonly StorageRequest[]
  /** What broke GitHub's description so far. `close` throws where there are any. */
  readonly violations: string[]
  gitUrl(owner: string, name: string): string
  repository(owner: string, name: string): RepositoryControl
  createRepository(
    owner: string,
    name: string,
    options?: { readonly private?: boolean; readonly immutableReleases?: boolean },
  ): Promise<RepositoryControl>
  /** Makes a token. Bots answer `GET /user` with 403, as installations do. */
  addToken(token: string, permissions: Permissions, login?: string): void
  fault(fault: Fault): void
  clearFaults(): void
  setPageSize(size: number): void
  runtimeToken(identity: RuntimeIdentity): string
  /** Copies all that clients have made so far into a new folder. */
  save(folder: string): Promise<void>
  /** Goes back to what was saved, under the same addresses. No request may be under way. */
  load(folder: string): Promise<void>
  close(): Promise<void>
}

const listen = (server: Server): Promise<string> =>
  new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)))

const stop = (server: Server): Promise<void> =>
  new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

const gitFaults =
  (faults: Faults) =>
  (request: GitRequest): GitFault => {
    const fault = faults.take('GIT', `/${request.repository}/${request.step === 'advertise' ? 'info/refs' : request.service}`)
    if (fault === null) return null
    if (fault.kind === 'drop-before' || fault.kind === 'drop-after') return fault.kind
    return fault.kind === 'rate-limit' ? 429 : (fault.status ?? 502)
  }

/** Who may fetch and push: anybody reads a public repository, a push needs a token with `contents: write`. */
const gitAuthorization = (state: State, openPush: boolean) => (request: GitRequest) => {
  const [owner = '', name = ''] = request.repository.replace(/\.git$/, '').split('/')
  const repository = state.repository(owner, name)
  if (repository === undefined) return 404
  const push = request.service === 'git-receive-pack'
  if (push && openPush) return 200
  let actor: Actor | null
  try {
    actor = actorOf(state, request.authorization ?? undefined)
  } catch {
    return 401
  }
  if (actor === null) return push || repository.private ? 401 : 200
  const level = actor.permissions.contents
  if (push) return level === 'write' ? 200 : 403
  return level !== undefined || !repository.private ? 200 : 404
}

/** Starts the double. Every REST request and response is checked against GitHub's OpenAPI description; `close` throws where one broke it. */
export const startGitHub = async (options: GitHubOptions = {}): Promise<GitHubDouble> => {
  const folder = options.root === undefined ? await temporaryFolder('refline-github-') : null
  const state = new State(options.root ?? folder?.path ?? '')
  state.pageSize = options.pageSize ?? 100
  state.digests = options.digests ?? true
  const faults = new Faults()
  const violations: string[] = []
  const requests: LoggedRequest[] = []
  const gitRequests: GitRequest[] = []
  const storageRequests: StorageRequest[] = []
  const report = (violation: string) => void violations.push(violation)
  const context = { state, conformity: new Conformity(), report, log: (request: LoggedRequest) => void requests.push(request) }
  const root = join(state.root, 'repositories')
  const git = gitHandler(root, { authorize: gitAuthorization(state, options.openPush ?? false), faults: gitFaults(faults) })

  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const method = request.method ?? 'GET'
    const api = /^\/api\/(?:v3|uploads)(\/.*)$/.exec(url.pathname)?.[1]
    if (api !== undefined) return rest(context, request, response, api, url.searchParams, faults.take(method, api))
    if (url.pathname.startsWith('/_double/')) return control(double, request, response, url)
    const twirp = /^\/twirp\/github\.actions\.results\.api\.v1\.(Artifact|Cache)Service\/(\w+)$/.exec(url.pathname)
    if (twirp !== null)
      return service(request, response, url.pathname, twirp[1] === 'Cache' ? cacheService : artifactService, twirp[2] ?? '')
    const repository = /^\/([^/]+\/[^/]+?)(?:\.git)?\/((?:info\/refs|git-(?:upload|receive)-pack).*)$/.exec(url.pathname)
    if (repository !== null) {
      request.url = `/${repository[1]}.git/${repository[2]}${url.search}`
      const parsed = await git(request, response)
      if (parsed !== null) gitRequests.push(parsed)
      return
    }
    request.resume()
    response.writeHead(404).end()
  }

  const service = async (
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    answers: typeof artifactService,
    method: string,
  ): Promise<void> => {
    const fault = faults.take('POST', path)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    if (fault?.kind === 'drop-before') return void request.socket.destroy()
    const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>
    const failed = fault?.kind === 'status' || fault?.kind === 'rate-limit'
    const answer = failed
      ? { status: fault.status ?? 503, body: { code: 'unavailable', msg: 'told to fail' } }
      : await answers(state, method, body, request.headers.authorization, report)
    if (fault?.kind === 'drop-after') return void request.socket.destroy()
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
  }

  const guarded =
    (handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>) =>
    (request: IncomingMessage, response: ServerResponse) => {
      handle(request, response).catch((error: unknown) => {
        if (request.destroyed || response.destroyed) return
        report(`the double itself failed on ${request.method} ${request.url}: ${error instanceof Error ? error.stack : String(error)}`)
        if (!response.headersSent) response.writeHead(500)
        response.end(JSON.stringify({ message: 'The double itself failed' }))
      })
    }
  const server = createServer(guarded(route))
  const store = createServer(guarded(storage(state, faults, report, request => void storageRequests.push(request))))
  state.url = await listen(server)
  state.storageUrl = await listen(store)

  const createRepository: GitHubDouble['createRepository'] = async (owner, name, made = {}) => {
    const bare = join(root, owner, `${name}.git`)
    await bareRepository(bare)
    const repository = {
      id: state.nextId(),
      owner,
      name,
      bare,
      private: made.private ?? false,
      immutableReleases: made.immutableReleases ?? false,
      releases: new Map(),
      usedTags: new Set<string>(),
      issues: new Map(),
      comments: new Map(),
      deployments: new Map(),
      workflowRuns: new Map(),
      roles: new Map<string, string>(),
    }
    state.repositories.set(`${owner}/${name}`.toLowerCase(), repository)
    return new RepositoryControl(state, repository)
  }
  const addToken: GitHubDouble['addToken'] = (token, permissions, login = 'github-actions[bot]') =>
    void state.tokens.set(token, { login, type: login.endsWith('[bot]') ? 'Bot' : 'User', permissions })

  let closed = false
  const close = async () => {
    if (closed) return
    closed = true
    await Promise.all([stop(server), stop(store)])
    await folder?.[Symbol.asyncDispose]()
    if (violations.length > 0) throw new Error(`GitHub's description was broken:\n${[...new Set(violations)].join('\n')}`)
  }
  const double: GitHubDouble = {
    url: state.url,
    serverUrl: state.url.replace('127.0.0.1', 'github.localhost'),
    apiUrl: state.apiUrl,
    resultsUrl: `${state.url}/`,
    token: 'test-token',
    requests,
    gitRequests,
    storageRequests,
    violations,
    gitUrl: (owner, name) => `${state.url}/${owner}/${name}.git`,
    repository: (owner, name) => {
      const found = state.repository(owner, name)
      if (found === undefined) throw new Error(`The double has no repository ${owner}/${name}`)
      return new RepositoryControl(state, found)
    },
    createRepository,
    addToken,
    fault: fault => faults.tell(fault),
    clearFaults: () => faults.clear(),
    setPageSize: size => {
      state.pageSize = size
    },
    runtimeToken,
    save: async folder => {
      await cp(state.root, join(folder, 'files'), { recursive: true })
      await writeFile(join(folder, 'state'), state.save())
    },
    load: async folder => {
      await rm(state.root, { recursive: true, force: true })
      await cp(join(folder, 'files'), state.root, { recursive: true })
      state.load(await readFile(join(folder, 'state')))
    },
    close,
    [Symbol.asyncDispose]: close,
  }
  addToken(double.token, everyPermission)
  for (const full of options.repositories ?? ['acme/churn']) {
    const [owner = '', name = ''] = full.split('/')
    await createRepository(owner, name, { immutableReleases: options.immutableReleases ?? false })
  }
  return double
}
