import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { httpClient } from '../../../src/adapters/http/client.ts'
import { httpSignal } from '../../../src/adapters/http/signal.ts'
import { countsBetween } from '../../../src/core/rollout/batch.ts'

const servers: Server[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map(server => new Promise(resolve => server.close(resolve).closeAllConnections())))
})

const said: string[] = []
const clock = { now: () => 1_000_000, sleep: async () => undefined }
const signalOf = async (
  listener: RequestListener,
  change: { token?: string | null; path?: string; paths?: readonly string[]; over?: number; timeoutSeconds?: number } = {},
) => {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return httpSignal({
    name: 'errors',
    urls: (change.paths ?? [change.path ?? '/counts/${slot}']).map(path => `http://127.0.0.1:${port}${path}`),
    token: change.token ?? null,
    http: httpClient,
    ...(change.over === undefined ? {} : { over: change.over }),
    say: line => said.push(line),
    clock,
    timeoutSeconds: change.timeoutSeconds ?? 5,
  })
}

describe('a signal over http', () => {
  it('reads both slots, with the token in a header', async () => {
    const seen: string[] = []
    const signal = await signalOf(
      (request, response) => {
        seen.push(`${request.url} ${request.headers.authorization}`)
        response.end(JSON.stringify(request.url === '/counts/blue' ? { total: 900, bad: 3 } : { total: 0, bad: 0, more: 'ignored' }))
      },
      { token: 't0ken' },
    )
    expect(await signal.read()).toEqual({ at: 1000, slots: { blue: { total: 900, bad: 3 }, green: { total: 0, bad: 0 } } })
    expect(seen.sort()).toEqual(['/counts/blue Bearer t0ken', '/counts/green Bearer t0ken'])
  })

  it.each<[string, RequestListener, string]>([
    ['an error', (_, response) => response.writeHead(503).end('down'), 'answered with status 503: "down"'],
    ['no content', (_, response) => response.writeHead(204).end(), 'answered with status 204'],
    ['a redirect', (_, response) => response.writeHead(302, { location: '/elsewhere' }).end(), 'did not answer'],
    ['a page', (_, response) => response.end('<html>'), 'did not answer with JSON'],
    ['an empty answer', (_, response) => response.end(), 'did not answer with JSON'],
    ['a missing count', (_, response) => response.end('{"total": 3}'), 'expected {"total": n, "bad": n}'],
    ['a count in words', (_, response) => response.end('{"total": "3", "bad": 0}'), 'expected {"total": n, "bad": n}'],
    ['a negative count', (_, response) => response.end('{"total": 3, "bad": -1}'), 'expected {"total": n, "bad": n}'],
    ['a share', (_, response) => response.end('{"total": 3, "bad": 0.5}'), 'expected {"total": n, "bad": n}'],
    ['more bad than all', (_, response) => response.end('{"total": 3, "bad": 4}'), 'bad is greater than total'],
    ['null', (_, response) => response.end('null'), 'expected {"total": n, "bad": n}'],
    ['a flood', (_, response) => response.end('9'.repeat(100_000)), 'more than 65536 bytes'],
    [
      'slower requests that grow with the time',
      (_, response) => response.end('{"total": 9, "bad": 0, "slower": {"0.1": 3, "1": 4}}'),
      'more requests slower than 1 s than slower than 0.1 s',
    ],
    ['an edge in words', (_, response) => response.end('{"total": 9, "bad": 0, "slower": {"fast": 3}}'), 'which is no number of seconds'],
    ['a broken connection', request => request.socket.destroy(), 'did not answer'],
  ])('takes %s for no answer, never for zeros', async (_, listener, message) => {
    await expect((await signalOf(listener)).read()).rejects.toThrow(message)
  })

  it('gives up on silence and shows no query, which may hold secrets', async () => {
    const signal = await signalOf(() => undefined, { timeoutSeconds: 0.05, path: '/counts/${slot}?key=hidden' })
    const error: unknown = await signal.read().catch((thrown: unknown) => thrown)
    expect(String(error)).toContain('no answer in time')
    expect(String(error)).not.toContain('hidden')
  })

  it('refuses a url that counts both arms as one, or carries credentials', async () => {
    await expect(signalOf(() => undefined, { path: '/counts' })).rejects.toThrow('lacks ${slot}')
    const signal = httpSignal({ name: 'errors', urls: ['http://user:pass@127.0.0.1/${slot}'], token: null, http: httpClient, clock })
    await expect(signal.read()).rejects.toThrow('credentials do not belong in a URL')
  })

  it('counts slower requests at the edges that both slots have, and what is slower than `over` as bad', async () => {
    const answers: Record<string, object> = {
      '/counts/blue': { total: 900, bad: 3, slower: { '0.25': 90, '0.1': 300, 1: 9 } },
      '/counts/green': { total: 50, bad: 0, slower: { '0.25': 20, '0.5': 10, 1: 0 } },
    }
    const listener: RequestListener = (request, response) => response.end(JSON.stringify(answers[request.url ?? '']))
    expect(await (await signalOf(listener, { over: 0.25 })).read()).toEqual({
      at: 1000,
      edges: [0.25, 1],
      slots: { blue: { total: 900, bad: 90, slower: [90, 9] }, green: { total: 50, bad: 20, slower: [20, 0] } },
    })
    expect((await (await signalOf(listener)).read()).slots.blue.bad).toBe(3)
    await expect((await signalOf(listener, { over: 0.3 })).read()).rejects.toThrow(
      'over: 300ms is no bucket edge of this histogram; the nearest are 250ms and 1s',
    )
  })

  it('follows each of several addresses on its own, and refuses one that stands twice', async () => {
    const totals: Record<string, number> = { '/blue/1': 900, '/blue/2': 500, '/green/1': 10, '/green/2': 20 }
    const signal = await signalOf((request, response) => response.end(JSON.stringify({ total: totals[request.url ?? ''], bad: 1 })), {
      paths: ['/${slot}/1', '/${slot}/2'],
    })
    const before = await signal.read()
    expect(before.slots).toEqual({ blue: { total: 1400, bad: 2 }, green: { total: 30, bad: 2 } })
    // One instance began again: what it shows has happened since.
    Object.assign(totals, { '/blue/1': 950, '/blue/2': 30 })
    expect(countsBetween(before, await signal.read(), 'green')).toEqual({ counts: { canary: 0, canaryBad: 0, stable: 80, stableBad: 1 } })
    await expect(signalOf(() => undefined, { paths: ['/${slot}', '/${slot}'] })).rejects.toThrow('an address stands twice')
  })

  it('tells instances behind one address by their names, and one that began again from another that answered', async () => {
    const fleet: Record<string, { total: number; bad: number }> = { a: { total: 1000, bad: 0 }, b: { total: 70_000, bad: 7 } }
    let asked = 0
    const signal = await signalOf((request, response) => {
      const names = request.url?.endsWith('green') ? ['g'] : Object.keys(fleet)
      const instance = names[asked++ % names.length] ?? ''
      response.end(JSON.stringify({ instance, ...(fleet[instance] ?? { total: 5, bad: 0 }) }))
    })
    const first = await signal.read()
    expect(first.slots).toEqual({ blue: { total: 71_000, bad: 7 }, green: { total: 5, bad: 0 } })
    Object.assign(fleet, { a: { total: 40, bad: 2 }, b: { total: 70_100, bad: 8 } })
    const second = await signal.read()
    expect(countsBetween(first, second, 'green')).toEqual({ counts: { canary: 0, canaryBad: 0, stable: 140, stableBad: 3 } })
    // A third one is seen that has served for long: only what it counts from now on is new.
    Object.assign(fleet, { c: { total: 50_000, bad: 400 } })
    const third = await signal.read()
    expect(countsBetween(second, third, 'green')).toMatchObject({ counts: { stable: 0, stableBad: 0 } })
    Object.assign(fleet, { c: { total: 50_010, bad: 401 } })
    const fourth = await signal.read()
    expect(countsBetween(third, fourth, 'green')).toMatchObject({ counts: { stable: 10, stableBad: 1 } })
    // It begins again and shows more at once than it was seen to count before: all of that is new.
    Object.assign(fleet, { c: { total: 300, bad: 9 } })
    expect(countsBetween(fourth, await signal.read(), 'green')).toMatchObject({ counts: { stable: 300, stableBad: 9 } })
  })

  it('waits for an instance that went, but not for ever', async () => {
    const fleet = ['a', 'b']
    let asked = 0
    const signal = await signalOf((request, response) => {
      const instance = request.url?.endsWith('green') ? 'g' : (fleet[asked++ % fleet.length] ?? '')
      response.end(JSON.stringify({ instance, total: 10, bad: 0 }))
    })
    const asks = async () => {
      const before = asked
      expect((await signal.read()).slots.blue.total).toBe(20)
      return asked - before
    }
    expect(await asks()).toBe(5)
    fleet.pop()
    expect([await asks(), await asks(), await asks()]).toEqual([24, 24, 3])
  })

  it('checks that it is answered, where one slot may be empty yet', async () => {
    const half = await signalOf((request, response) =>
      request.url === '/counts/blue' ? response.end('{"total": 7, "bad": 1}') : response.writeHead(503).end(),
    )
    said.length = 0
    await half.check()
    expect(said[0]).toBe('signal errors: slot blue: 7 requests, 1 bad')
    expect(said[1]).toContain('answered with status 503: ""; that is expected only of a slot where nothing runs')
    await expect((await signalOf((_, response) => response.writeHead(404).end())).check()).rejects.toThrow('answered with status 404')
  })
})
