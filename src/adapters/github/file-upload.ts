import { createReadStream } from 'node:fs'
import * as http from 'node:http'
import * as https from 'node:https'
import { pipeline } from 'node:stream/promises'

const longestAnswer = 1 << 20
/** A connection that has been silent for this long is dead; GitHub may look at what it got for a while before it answers. */
const silenceMilliseconds = 120_000

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
    const stop = new AbortController()
    const body = createReadStream(path, { start, end: start + bytes - 1, highWaterMark: 1 << 18 })
    const sent = pipeline(body, request, { signal: stop.signal })
    // A refusal may come before the file is through; then it is the answer, and the broken pipe is not.
    sent.catch(error => request.destroy(error))
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
      stop.abort()
    }
  }
