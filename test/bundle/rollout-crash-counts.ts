import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Slot } from '../../src/core/lineage/events.ts'

/** Requests of two slots, counted as the real weights of a target divide them; every look finds new ones. */
export interface Counts extends AsyncDisposable {
  /** URL of a signal of kind http, with `${slot}` in it. */
  readonly url: string
  /** Share of the requests that fail, by slot. */
  readonly errors: Record<Slot, number>
  /** It does not answer while the canary has traffic. */
  silent: boolean
}

/** `green` is the share of green in percent, as it is now. */
export const startCounts = async (green: () => Promise<number>, requests = 6000): Promise<Counts> => {
  const errors: Record<Slot, number> = { blue: 0, green: 0 }
  const counts = { blue: { total: 0, bad: 0 }, green: { total: 0, bad: 0 } }
  const answer = async (slot: Slot): Promise<object | null> => {
    const share = await green()
    if (told.silent && share > 0) return null
    const fresh = Math.round((requests * (slot === 'green' ? share : 100 - share)) / 100)
    counts[slot].total += fresh
    counts[slot].bad += Math.round(fresh * errors[slot])
    return counts[slot]
  }
  const server = createServer((request, response) => {
    const send = (found: object | null) =>
      response.writeHead(found === null ? 503 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(found ?? {}))
    answer(request.url === '/green' ? 'green' : 'blue').then(send, () => send(null))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const told: Counts = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/\${slot}`,
    errors,
    silent: false,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
  return told
}
