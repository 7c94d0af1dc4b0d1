import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

type Slot = 'blue' | 'green'

/** Counted requests of two slots, made up on every look in proportion to the weights that the target has. */
export interface Traffic extends AsyncDisposable {
  /** Signal URL with `${slot}` in it. */
  readonly url: string
  /** Share of requests that are bad, per slot; change it at will. */
  readonly errors: Record<Slot, number>
  /** New requests at each look, and how many of the next questions are answered and then how many are not. */
  readonly flow: { requests: number; answered: number; silent: number }
}

/** Serves `{"total": n, "bad": n}` for each slot; each look sees the slot's share of new ones. `blue` is the share of blue, in percent. */
export const startTraffic = async (blue: () => Promise<number>): Promise<Traffic> => {
  const errors: Record<Slot, number> = { blue: 0, green: 0 }
  const counts: Record<Slot, { total: number; bad: number }> = { blue: { total: 0, bad: 0 }, green: { total: 0, bad: 0 } }
  const flow = { requests: 6000, answered: 0, silent: 0 }
  const isSilent = (): boolean => {
    if (flow.answered > 0 || flow.silent === 0) {
      flow.answered -= 1
      return false
    }
    flow.silent -= 1
    return true
  }
  const answer = async (slot: Slot) => {
    const share = await blue()
    const fresh = Math.round((flow.requests * (slot === 'blue' ? share : 100 - share)) / 100)
    counts[slot].total += fresh
    counts[slot].bad += Math.round(fresh * errors[slot])
    return counts[slot]
  }
  const server = createServer((request, response) => {
    if (isSilent()) return response.writeHead(503).end()
    answer(request.url === '/green' ? 'green' : 'blue').then(
      found => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(found)),
      error => response.writeHead(500).end(String(error)),
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/\${slot}`,
    errors,
    flow,
    [Symbol.asyncDispose]: () =>
      new Promise<void>(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
