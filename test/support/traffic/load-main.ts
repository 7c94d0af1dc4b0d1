/**
 * Users for tests, as many streams of requests as are asked for, in one process: `node load-main.ts <at most seconds>`. An open loop: requests are sent when
 * they are due, whether or not earlier ones are answered.
 *
 * Control: POST /start {id, port, rate, seconds, keepAlive, cookie, cookieShare}, /counts {id}, /stop {id} (answers when nothing is open any more).
 */
import { Agent, request } from 'node:http'
import { serveControl } from './control.ts'
import type { LoadCounts, LoadOrder } from './load.ts'

interface Stream {
  readonly counts: { -readonly [name in keyof LoadCounts]: LoadCounts[name] }
  readonly end: () => void
}

/** As many open at once mean that the servers cannot follow at all; what would be sent then is counted as not sent. */
const mostOpen = 400
/** Seconds of requests that are made up for where this process was kept waiting itself; more at once would be a flood that no users send. */
const mostCatchUp = 0.25
const streams = new Map<string, Stream>()

const streamOf = (id: string): Stream => {
  const stream = streams.get(id)
  if (stream === undefined) throw new Error(`no such stream: ${id}`)
  return stream
}

const start = ({ id, port, rate, seconds, keepAlive = true, cookie, cookieShare = 0 }: LoadOrder): void => {
  const agent = new Agent({ keepAlive, maxSockets: Number.POSITIVE_INFINITY })
  const none = () => ({ ok: 0, failed: 0 })
  const counts: Stream['counts'] = { sent: 0, notSent: 0, open: 0, lost: 0, refused: 0, slots: { blue: none(), green: none() } }

  const sendOne = (): void => {
    counts.sent += 1
    counts.open += 1
    let done = false
    const end = (count: () => void): void => {
      if (done) return
      done = true
      counts.open -= 1
      count()
    }
    const lost = () =>
      end(() => {
        counts.lost += 1
      })
    // Spread evenly, so that the share is met whenever one looks.
    const sticks = cookie !== undefined && Math.floor(counts.sent * cookieShare) > Math.floor((counts.sent - 1) * cookieShare)
    const headers = sticks ? { cookie } : {}
    const sent = request({ host: '127.0.0.1', port, path: '/predict', agent, headers, timeout: 25_000 }, response => {
      response.resume()
      response.once('end', () =>
        end(() => {
          const slot = response.headers['x-slot']
          if (slot !== 'blue' && slot !== 'green') counts.refused += 1
          else counts.slots[slot][(response.statusCode ?? 500) >= 500 ? 'failed' : 'ok'] += 1
        }),
      )
      response.once('error', lost)
    })
    sent.once('timeout', () => sent.destroy())
    sent.once('error', lost)
    sent.end()
  }

  const began = performance.now()
  let due = 0
  let last = began
  const pace = setInterval(() => {
    const now = performance.now()
    due += ((now - last) / 1000) * rate
    last = now
    const late = Math.floor(Math.max(0, due - Math.max(1, rate * mostCatchUp)))
    counts.notSent += late
    due -= late
    for (; due >= 1; due -= 1) {
      if (counts.open < mostOpen) sendOne()
      else counts.notSent += 1
    }
    if (now - began > seconds * 1000) clearInterval(pace)
  }, 5)
  streams.set(id, { counts, end: () => clearInterval(pace) })
}

const stop = async (id: string): Promise<LoadCounts> => {
  const { counts, end } = streamOf(id)
  end()
  for (const last = performance.now() + 27_000; counts.open > 0 && performance.now() < last; )
    await new Promise(resolve => setTimeout(resolve, 10))
  return counts
}

const [seconds = '600'] = process.argv.slice(2)
await serveControl(
  Number(seconds),
  {
    start,
    counts: ({ id }: { readonly id: string }) => streamOf(id).counts,
    stop: ({ id }: { readonly id: string }) => stop(id),
  },
  () => null,
)
