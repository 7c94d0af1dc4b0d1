import { spawn } from 'node:child_process'
import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { gitEnvironment } from './git-fixture.ts'

export interface BackendAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** A request that was read whole, so that it can be delivered to git more than once. */
export interface HeldRequest {
  readonly url: string
  readonly method: string
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** Reads a request to its end. Throws where the client ends the connection before. */
export const holdRequest = async (request: IncomingMessage): Promise<HeldRequest> => ({
  url: request.url ?? '/',
  method: request.method ?? 'GET',
  headers: request.headers,
  body: await buffer(request),
})

const parseAnswer = (all: Buffer): BackendAnswer => {
  const end = all.indexOf('\r\n\r\n')
  if (end < 0) return { status: 500, headers: {}, body: all }
  const headers: Record<string, string> = {}
  let status = 200
  for (const line of all.subarray(0, end).toString().split('\r\n')) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (name === 'status') status = Number.parseInt(value, 10)
    else headers[name] = value
  }
  return { status, headers, body: all.subarray(end + 4) }
}

/** Lets `git http-backend` answer a request for a repository below `root`. What it does to the repository is done whether or not the client still listens. */
export const gitBackend = (root: string, request: HeldRequest): Promise<BackendAnswer> =>
  new Promise((resolve, reject) => {
    const url = new URL(request.url, 'http://localhost')
    const header = (name: string) => String(request.headers[name] ?? '')
    const child = spawn('git', ['http-backend'], {
      env: gitEnvironment({
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: decodeURIComponent(url.pathname),
        REQUEST_METHOD: request.method,
        QUERY_STRING: url.search.slice(1),
        CONTENT_TYPE: header('content-type'),
        CONTENT_LENGTH: String(request.body.length),
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
    child.on('close', () => resolve(parseAnswer(Buffer.concat(output))))
    child.stdin.end(request.body)
  })
