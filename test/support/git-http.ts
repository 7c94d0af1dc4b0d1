import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { gitEnvironment } from './git-fixture.ts'

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

/**
 * What to do wrong. `drop-before`: the connection ends before git sees the request. `drop-after`: git has done it all and the answer is lost.
 * A number is answered as that HTTP status, before any effect. `hang-after`: done, and no answer until the client gives up.
 */
export type GitFault = 'drop-before' | 'drop-after' | 'hang-after' | number | null

export interface GitHttpOptions {
  /** Answers 200 to let it through, 401 to ask for credentials, 403 or 404 to refuse. */
  readonly authorize?: (request: GitRequest) => 200 | 401 | 403 | 404
  readonly faults?: (request: GitRequest) => GitFault
}

const parse = (request: IncomingMessage, counts: Map<string, number>): GitRequest | null => {
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

/** Answers one request through `git http-backend`; returns the parsed request, or null where it is none of git's. */
export const gitHandler = (root: string, options: GitHttpOptions = {}) => {
  const counts = new Map<string, number>()
  return async (request: IncomingMessage, response: ServerResponse): Promise<GitRequest | null> => {
    const parsed = parse(request, counts)
    if (parsed === null) return null
    const allowed = options.authorize?.(parsed) ?? 200
    if (allowed !== 200) {
      request.resume()
      response.writeHead(allowed, allowed === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {}).end()
      return parsed
    }
    const fault = options.faults?.(parsed) ?? null
    if (fault === 'drop-before') {
      request.socket.destroy()
      return parsed
    }
    if (typeof fault === 'number') {
      request.resume()
      response.writeHead(fault, { 'content-type': 'text/plain' }).end('told to fail\n')
      return parsed
    }
    const answer = await backend(root, request)
    if (fault === 'drop-after') request.socket.destroy()
    else if (fault === null) response.writeHead(answer.status, answer.headers).end(answer.body)
    return parsed
  }
}

const backend = (
  root: string,
  request: IncomingMessage,
): Promise<{ readonly status: number; readonly headers: Record<string, string>; readonly body: Buffer }> =>
  new Promise((resolve, reject) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const header = (name: string) => String(request.headers[name] ?? '')
    const child = spawn('git', ['http-backend'], {
      env: gitEnvironment({
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: decodeURIComponent(url.pathname),
        REQUEST_METHOD: request.method ?? 'GET',
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: header('content-type'),
        ...(request.headers['content-length'] === undefined ? {} : { CONTENT_LENGTH: header('content-length') }),
        HTTP_CONTENT_ENCODING: header('content-encoding'),
        GIT_PROTOCOL: header('git-protocol'),
        REMOTE_USER: 'test',
        REMOTE_ADDR: '127.0.0.1',
      }),
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    const output: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    child.stdin.on('error', () => {})
    child.on('error', reject)
    child.on('close', () => {
      const all = Buffer.concat(output)
      const end = all.indexOf('\r\n\r\n')
      if (end < 0) return resolve({ status: 500, headers: {}, body: all })
      const headers: Record<string, string> = {}
      let status = 200
      for (const line of all.subarray(0, end).toString().split('\r\n')) {
        const colon = line.indexOf(':')
        const name = line.slice(0, colon).toLowerCase()
        const value = line.slice(colon + 1).trim()
        if (name === 'status') status = Number.parseInt(value, 10)
        else headers[name] = value
      }
      resolve({ status, headers, body: all.subarray(end + 4) })
    })
    request.pipe(child.stdin)
  })

/** A running server of bare repositories. */
export interface GitHttp extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`; a repository is `<url>/acme/churn.git`. */
  readonly url: string
  /** Every request so far, oldest first. */
  readonly requests: readonly GitRequest[]
  /** Bytes that clients have sent and been sent so far, headers included. */
  traffic(): { readonly uploaded: number; readonly downloaded: number }
  close(): Promise<void>
}

/** Serves the bare repositories below `root` by git's smart HTTP protocol, through `git http-backend`, on a free port of the loopback address. */
export const startGitHttp = async (root: string, options: GitHttpOptions = {}): Promise<GitHttp> => {
  const requests: GitRequest[] = []
  const handle = gitHandler(root, options)
  const server = createServer((request, response) => {
    handle(request, response).then(
      parsed => {
        if (parsed === null) response.writeHead(404).end()
        else requests.push(parsed)
      },
      error => response.writeHead(500).end(String(error)),
    )
  })
  const open = new Set<Socket>()
  const ended = { uploaded: 0, downloaded: 0 }
  server.on('connection', socket => {
    open.add(socket)
    socket.once('close', () => {
      open.delete(socket)
      ended.uploaded += socket.bytesRead
      ended.downloaded += socket.bytesWritten
    })
  })
  const traffic = () => {
    const total = { ...ended }
    for (const socket of open) {
      total.uploaded += socket.bytesRead
      total.downloaded += socket.bytesWritten
    }
    return total
  }
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const close = () =>
    new Promise<void>(resolve => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, traffic, close, [Symbol.asyncDispose]: close }
}
