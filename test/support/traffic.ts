import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

type Slot = 'blue' | 'green'

/** Counted requests of two slots, made up on every look in proportion to the weights that the target has. */
export interface Traffic extends AsyncDisposable {
  /** Signal URL with `${slot}` in it. */
  readonly url: string
  /** Share of requests that are bad, per slot; change it at will. */
  readonly errors: Record<Slot, number>
}

/** Serves `{"total": n, "bad": n}` for each slot; each look sees `requests` times the slot's share of new ones. `weights` names the target's JSON file. */
export const startTraffic = async (weights: string, requests = 6000): Promise<Traffic> => {
  const errors: Record<Slot, number> = { blue: 0, green: 0 }
  const counts: Record<Slot, { total: number; bad: number }> = { blue: { total: 0, bad: 0 }, green: { total: 0, bad: 0 } }
  const shareOf = (slot: Slot): number => {
    try {
      const blue = (JSON.parse(readFileSync(weights, 'utf8')) as { blue: number }).blue
      return slot === 'blue' ? blue : 100 - blue
    } catch {
      return slot === 'blue' ? 100 : 0
    }
  }
  const server = createServer((request, response) => {
    const slot = request.url === '/green' ? 'green' : 'blue'
    const fresh = Math.round((requests * shareOf(slot)) / 100)
    counts[slot].total += fresh
    counts[slot].bad += Math.round(fresh * errors[slot])
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(counts[slot]))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/\${slot}`,
    errors,
    [Symbol.asyncDispose]: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
