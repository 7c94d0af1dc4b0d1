import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { answerWithFault, type GitFault, type HeldReplays } from './git-faults.ts'
import { type GitRequest, parseGitRequest } from './git-request.ts'

export type { GitFault } from './git-faults.ts'
export type { GitRequest } from './git-request.ts'

export interface GitHttpOptions {
  /** Answers 200 to let it through, 401 to ask for credentials, 403 or 404 to refuse. */
  readonly authorize?: (request: GitRequest) => 200 | 401 | 403 | 404
  readonly faults?: (request: GitRequest) => GitFault
  /** Milliseconds that every request takes on its way, before anything else, as a network has. */
  readonly delay?: (request: GitRequest) => number
}

/** Answers one request through `git http-backend`; returns the parsed request, or null where it is none of git's. */
export const gitHandler = (root: string, options: GitHttpOptions = {}) => {
  const counts = new Map<string, number>()
  const replays: HeldReplays = []
  return async (request: IncomingMessage, response: ServerResponse): Promise<GitRequest | null> => {
    const parsed = parseGitRequest(request, counts)
    if (parsed === null) return null
    if (options.delay !== undefined) await sleep(options.delay(parsed))
    const allowed = options.authorize?.(parsed) ?? 200
    if (allowed !== 200) {
      request.resume()
      response.writeHead(allowed, allowed === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {}).end()
      return parsed
    }
    const isPush = parsed.service === 'git-receive-pack' && parsed.step === 'exchange'
    await answerWithFault(options.faults?.(parsed) ?? null, { root, isPush, replays }, request, response)
    return parsed
  }
}

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
      error => response.destroyed || response.writeHead(500).end(String(error)),
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
