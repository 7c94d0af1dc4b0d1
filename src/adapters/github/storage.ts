import * as http from 'node:http'
import * as https from 'node:https'
import { UserError } from '../../core/errors.ts'

const mostRedirects = 5
const silenceMilliseconds = 60_000

/** A body under way, from the byte `start` of the file on. */
export interface Opened {
  readonly start: number
  readonly body: AsyncIterable<Uint8Array>
  /** Names these very bytes, for asking for the rest of them later; null where the server has none that is strong. */
  readonly etag: string | null
  close(): void
}

/** A file at an address of GitHub's storage, of which some bytes may be here already. */
export interface Wanted {
  readonly name: string
  readonly size: number
  readonly have: number
  readonly etag: string | null
  /** Refuse addresses that are not encrypted. */
  readonly secure: boolean
  readonly signal: AbortSignal
}

const get = (address: string, headers: Record<string, string>, signal: AbortSignal): Promise<http.IncomingMessage> =>
  new Promise((resolve, reject) => {
    const send = address.startsWith('https:') ? https.get : http.get
    const request = send(address, { headers, signal })
    request.setTimeout(silenceMilliseconds, () => request.destroy(new Error('the connection was silent for a minute')))
    request.once('response', resolve)
    request.once('error', reject)
  })

const strong = (etag: string | undefined): string | null => (etag !== undefined && /^"[^"]*"$/.test(etag) ? etag : null)

/**
 * Opens a file at a signed address, from the first byte that is not here yet. No header of ours goes along, least of all a token: the address is another company's. A
 * server that ignores the range, or has other bytes by now, answers from the beginning: `start` is 0 then. Throws where it answers anything else.
 */
export const openStorage = async (address: string, wanted: Wanted): Promise<Opened> => {
  const { name, size, have } = wanted
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'refline' }
  if (have > 0) headers.range = `bytes=${have}-`
  if (have > 0 && wanted.etag !== null) headers['if-range'] = wanted.etag
  let location = address
  for (let redirects = 0; redirects <= mostRedirects; redirects += 1) {
    if (!/^https?:/.test(location) || (wanted.secure && !location.startsWith('https:')))
      throw new UserError(`GitHub sent the download of ${name} to an unencrypted address; nothing was downloaded.`)
    const answer = await get(location, headers, wanted.signal)
    const status = answer.statusCode ?? 0
    const etag = strong(answer.headers.etag)
    const opened = (start: number): Opened => ({ start, body: answer, etag, close: () => answer.destroy() })
    if (status === 200) return opened(0)
    if (status === 206) {
      const [, from, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(answer.headers['content-range'] ?? '') ?? []
      if (from === String(have) && (total === '*' || total === String(size))) return opened(have)
      answer.destroy()
      throw new RangeRefused(`GitHub's storage sent another range of ${name} than was asked for`)
    }
    answer.destroy()
    if (status === 416) throw new RangeRefused(`GitHub's storage has no byte ${have} of ${name}`)
    const next = answer.headers.location
    if (status < 300 || status >= 400 || next === undefined || !URL.canParse(next, location))
      throw new Error(`GitHub's storage answered the download of ${name} with ${status}`)
    location = new URL(next, location).href
  }
  throw new Error(`GitHub's storage redirected the download of ${name} more than ${mostRedirects} times`)
}

/** The rest of a file cannot be had by itself: it must be begun anew. */
export class RangeRefused extends Error {}
