import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { httpSignal } from '../../../src/adapters/http/signal.ts'

const servers: Server[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map(server => new Promise(resolve => server.close(resolve).closeAllConnections())))
})

const clock = { now: () => 1_000_000, sleep: async () => undefined }
const signalOf = async (listener: RequestListener, change: { token?: string | null; path?: string; timeoutSeconds?: number } = {}) => {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return httpSignal({
    name: 'errors',
    url: `http://127.0.0.1:${port}${change.path ?? '/counts/${slot}'}`,
    token: change.token ?? null,
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
    const signal = httpSignal({ name: 'errors', url: 'http://user:pass@127.0.0.1/${slot}', token: null, clock })
    await expect(signal.read()).rejects.toThrow('credentials do not belong in a URL')
  })
})
