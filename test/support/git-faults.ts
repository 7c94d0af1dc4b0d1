import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BackendAnswer, gitBackend, type HeldRequest, holdRequest } from './git-backend.ts'

/**
 * What to do wrong with one request.
 * - `drop-before`: the connection ends before git sees it. `drop-after`: git has done it all and the answer is lost.
 * - `hang-after`: done, and no answer until the client gives up.
 * - `replay`: git gets it twice, the client the second answer. `replay-late`: answered as usual, and delivered once more after the next push.
 * - `cut-request`: git gets half of its body. `cut-answer`: half of the answer, then the connection ends. `short-answer`: half, as if it were all.
 * - `error-after`: done, and answered 500. A number is answered as that status, before any effect. `rate-limit`: 429 with `retry-after: 1`, before any effect.
 * - `html`: a page with status 200 instead of git, on one line, as a proxy of a hotel gives. `empty`: status 200 and no byte, both before any effect.
 * - `delay`: git gets it that many milliseconds later.
 */
export type GitFault =
  | 'drop-before'
  | 'drop-after'
  | 'hang-after'
  | 'replay'
  | 'replay-late'
  | 'cut-request'
  | 'cut-answer'
  | 'short-answer'
  | 'error-after'
  | 'rate-limit'
  | 'html'
  | 'empty'
  | number
  | { readonly delay: number }
  | null

/** What replays are held for the next push. */
export type HeldReplays = HeldRequest[]

const page = '<!doctype html><html><head><title>Welcome</title></head><body><h1>Please accept our terms</h1></body></html>'
const half = (bytes: Buffer): Buffer => bytes.subarray(0, Math.floor(bytes.length / 2))

/** Answers before git sees the request; false where the fault is of another sort. */
const answeredBefore = (fault: GitFault, request: IncomingMessage, response: ServerResponse): boolean => {
  if (fault === 'drop-before') {
    request.socket.destroy()
    return true
  }
  const plain = (status: number, headers: Record<string, string>, body: string): true => {
    request.resume()
    response.writeHead(status, headers).end(body)
    return true
  }
  if (typeof fault === 'number') return plain(fault, { 'content-type': 'text/plain' }, 'told to fail\n')
  if (fault === 'rate-limit') return plain(429, { 'content-type': 'text/plain', 'retry-after': '1' }, 'slow down\n')
  if (fault === 'html') return plain(200, { 'content-type': 'text/html; charset=utf-8' }, page)
  if (fault === 'empty') return plain(200, { 'content-type': 'text/plain', 'content-length': '0' }, '')
  return false
}

const send = (fault: GitFault, answer: BackendAnswer, request: IncomingMessage, response: ServerResponse): void => {
  if (fault === 'drop-after') request.socket.destroy()
  else if (fault === 'hang-after') return
  else if (fault === 'error-after') response.writeHead(500, { 'content-type': 'text/plain' }).end('told to fail\n')
  else if (fault === 'short-answer') response.writeHead(answer.status, { ...answer.headers }).end(half(answer.body))
  else if (fault === 'cut-answer') {
    response.writeHead(answer.status, { ...answer.headers, 'content-length': String(answer.body.length) })
    response.write(half(answer.body), () => request.socket.destroy())
  } else response.writeHead(answer.status, { ...answer.headers }).end(answer.body)
}

/** Answers one request through git below `root`, with a fault. `isPush` tells a request that moves refs; `replays` holds what is delivered after the next one. */
export const answerWithFault = async (
  fault: GitFault,
  settings: { readonly root: string; readonly isPush: boolean; readonly replays: HeldReplays },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  if (answeredBefore(fault, request, response)) return
  const held = await holdRequest(request)
  if (typeof fault === 'object' && fault !== null) await sleep(fault.delay)
  const delivered = fault === 'cut-request' ? { ...held, body: half(held.body) } : held
  let answer = await gitBackend(settings.root, delivered)
  if (fault === 'replay') answer = await gitBackend(settings.root, delivered)
  if (settings.isPush) for (const replay of settings.replays.splice(0)) await gitBackend(settings.root, replay)
  if (fault === 'replay-late') settings.replays.push(held)
  send(fault, answer, request, response)
}
