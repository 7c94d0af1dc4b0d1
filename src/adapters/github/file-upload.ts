import { open } from 'node:fs/promises'
import * as http from 'node:http'
import * as https from 'node:https'

const longestAnswer = 1 << 20
const pieceBytes = 1 << 19
/** A connection that has been silent for this long is dead; GitHub may look at what it got for a while before it answers. */
const silenceMilliseconds = 120_000

/** Sends a range of a file through two buffers by turns: one is read while the other is on its way, and no memory is taken anew. */
const pump = async (request: http.ClientRequest, path: string, start: number, bytes: number): Promise<void> => {
  await using file = await open(path)
  const closed = new Promise<never>((_, reject) => {
    request.once('close', () => reject(new Error('the connection was closed before the file was through')))
  })
  closed.catch(() => {})
  const buffers = [Buffer.allocUnsafeSlow(pieceBytes), Buffer.allocUnsafeSlow(pieceBytes)] as const
  const flushed: [Promise<unknown>, Promise<unknown>] = [Promise.resolve(), Promise.resolve()]
  let turn: 0 | 1 = 0
  for (let sent = 0; sent < bytes; turn = turn === 0 ? 1 : 0) {
    await Promise.race([flushed[turn], closed])
    const { bytesRead } = await file.read(buffers[turn], 0, Math.min(pieceBytes, bytes - sent), start + sent)
    if (bytesRead === 0) throw new Error(`${path} ended while it was uploaded`)
    const piece = buffers[turn].subarray(0, bytesRead)
    flushed[turn] = new Promise<void>((resolve, reject) => request.write(piece, error => (error ? reject(error) : resolve())))
    flushed[turn].catch(() => {})
    sent += bytesRead
  }
  await Promise.race([Promise.all(flushed), closed])
  request.end()
}

/**
 * What octokit calls in place of `fetch` for one upload: sends `bytes` bytes of a file from `start` on as the body, with its length, and returns the answer. Node's own
 * `fetch` reads a body ahead of the network until all of it is in memory, so gigabytes go through `http` instead, which waits for the network.
 */
export const fileUpload =
  (path: string, start: number, bytes: number) =>
  async (
    url: string,
    init: { readonly method: string; readonly headers: Readonly<Record<string, string>>; readonly signal?: AbortSignal },
  ): Promise<Response> => {
    const send = url.startsWith('https:') ? https.request : http.request
    const headers = { ...init.headers, 'content-length': String(bytes) }
    const request = send(url, { method: init.method, headers, ...(init.signal === undefined ? {} : { signal: init.signal }) })
    request.setTimeout(silenceMilliseconds, () => request.destroy(new Error('the connection was silent for two minutes')))
    const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
      request.once('response', resolve)
      request.once('error', reject)
    })
    // A refusal may come before the file is through; then it is the answer, and the broken connection is not.
    pump(request, path, start, bytes).catch((error: Error) => request.destroy(error))
    const answer = await answered
    try {
      const pieces: Buffer[] = []
      let size = 0
      for await (const piece of answer) {
        size += (piece as Buffer).length
        if (size > longestAnswer) throw new TypeError('the answer to an upload is longer than 1 MiB')
        pieces.push(piece as Buffer)
      }
      const plain = Object.entries(answer.headers).map(([name, value]): [string, string] => [name, String(value)])
      return new Response(Buffer.concat(pieces), { status: answer.statusCode ?? 500, headers: plain })
    } finally {
      request.destroy()
    }
  }
