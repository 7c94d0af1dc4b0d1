import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { readAll, windowBetween } from '../../../src/actions/canary-deploy/observe.ts'
import { httpClient } from '../../../src/adapters/http/client.ts'
import { type PrometheusSignalSettings, prometheusSignal } from '../../../src/adapters/prometheus/signal.ts'

// What a real Prometheus shows and does is in test/e2e/prometheus.test.ts; here are answers that it gives when something is wrong, and those of its relatives.

const servers: Server[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map(server => new Promise(resolve => server.close(resolve).closeAllConnections())))
})

interface Asked {
  readonly path: string
  readonly form: URLSearchParams
  readonly headers: IncomingMessage['headers']
}
type Answering = (asked: Asked, response: ServerResponse) => void

const counts = { total: 'requests_total{slot="${slot}"}', bad: 'requests_total{slot="${slot}",code=~"5.."}' }
const signalOf = async (answer: Answering, change: Partial<PrometheusSignalSettings> = {}) => {
  const asked: Asked[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const part of request) body += part
    const one = { path: `${request.method} ${request.url}`, form: new URLSearchParams(body), headers: request.headers }
    asked.push(one)
    answer(one, response)
  })
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${change.url ?? ''}`
  const clock = { now: () => 1_000_000_123, sleep: async () => undefined }
  const signal = prometheusSignal({
    name: 'errors',
    authorization: null,
    http: httpClient,
    counts,
    model: 'churn',
    environment: 'production',
    clock,
    timeoutSeconds: 5,
    largestAnswer: 100_000,
    ...change,
    url,
  })
  return { signal, asked, url }
}
const success = (data: unknown, more: object = {}): string => JSON.stringify({ status: 'success', data, ...more })
const vector = (...rows: readonly (readonly [Record<string, string>, string])[]) => ({
  resultType: 'vector',
  result: rows.map(([metric, value]) => ({ metric, value: [1_000_000, value] })),
})
/** Seven requests in each slot that is asked for. */
const one = vector([{ __name__: 'requests_total', slot: 'blue' }, '7'])
const answerOfSlot = (form: URLSearchParams) => vector([{ slot: form.get('query')?.includes('blue') ? 'blue' : 'green' }, '7'])

describe('a signal from Prometheus', () => {
  it('asks by POST for one instant, `lag` seconds before now, with its credentials in a header', async () => {
    const { signal, asked } = await signalOf(({ form }, response) => response.end(success(answerOfSlot(form))), {
      authorization: 'Bearer t0ken',
      url: '/team/prometheus/',
    })
    const { at } = await signal.read()
    expect(at).toBe(999_985.123)
    expect(new Set(asked.map(({ path }) => path))).toEqual(new Set(['POST /team/prometheus/api/v1/query']))
    expect(new Set(asked.map(({ form }) => form.get('time')))).toEqual(new Set(['999985.123']))
    expect(new Set(asked.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer t0ken']))
    expect(asked.map(({ form }) => form.get('query')).filter(query => query?.startsWith('requests') && query.endsWith('}'))).toEqual([
      'requests_total{slot="blue"}',
      'requests_total{slot="green"}',
      'requests_total{slot="blue",code=~"5.."}',
      'requests_total{slot="green",code=~"5.."}',
    ])
  })

  it.each<[string, Answering, string]>([
    [
      'an answer of 422',
      (_, response) =>
        response.writeHead(422).end('{"status":"error","errorType":"execution","error":"query processing would load too many samples"}'),
      'answered with status 422: "query processing would load too many samples"',
    ],
    [
      'a refusal',
      (_, response) => response.writeHead(401).end('no'),
      'answered with status 401: "no" (is token_env or basic_auth_env set to what it asks for?)',
    ],
    [
      'an overload',
      (_, response) => response.writeHead(503).end('{"status":"error","errorType":"timeout","error":"query timed out"}'),
      'status 503: "query timed out"',
    ],
    ['an error with status 200', (_, response) => response.end('{"status":"error","error":"no"}'), 'answered with an error: "no"'],
    [
      'a warning',
      (_, response) => response.end(success(one, { warnings: ['store 3 did not answer'] })),
      'answered with a warning, so its answer may lack something: "store 3 did not answer"',
    ],
    ['a partial answer', (_, response) => response.end(success(one, { isPartial: true })), 'says itself that its answer is partial'],
    [
      'a matrix',
      (_, response) => response.end(success({ resultType: 'matrix', result: [] })),
      'answered with something else than expected',
    ],
    [
      'a scalar',
      (_, response) => response.end(success({ resultType: 'scalar', result: [1, '1'] })),
      'answered with something else than expected',
    ],
    ['a page', (_, response) => response.end('<html>'), 'did not answer as Prometheus does: "<html>"'],
    ['nothing', (_, response) => response.end(), 'did not answer as Prometheus does'],
    ['a redirect', (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), 'did not answer'],
    [
      'not a number',
      (_, response) => response.end(success(vector([{ slot: 'blue' }, 'NaN']))),
      '{slot="blue"} is NaN, and no count of requests',
    ],
    ['infinity', (_, response) => response.end(success(vector([{ slot: 'blue' }, '+Inf']))), 'is Infinity, and no count'],
    ['less than none', (_, response) => response.end(success(vector([{ slot: 'blue' }, '-1']))), 'is -1, and no count'],
    ['a part of a request', (_, response) => response.end(success(vector([{ slot: 'blue' }, '1.5']))), 'is 1.5, and no count'],
    ['an empty value', (_, response) => response.end(success(vector([{ slot: 'blue' }, '']))), 'is NaN, and no count'],
    [
      'a series that comes twice',
      (_, response) => response.end(success(vector([{ slot: 'blue' }, '1'], [{ slot: 'blue' }, '2']))),
      'the answer holds {slot="blue"} twice',
    ],
    [
      'a native histogram',
      (_, response) =>
        response.end(
          success({ resultType: 'vector', result: [{ metric: { slot: 'blue' }, histogram: [1, { count: '3', sum: '4', buckets: [] }] }] }),
        ),
      'is a native histogram; Refline reads counters and classic buckets',
    ],
    [
      'a flood',
      (_, response) => response.end('9'.repeat(200_000)),
      'answered with more than 100,000 bytes: the selector matches too many series',
    ],
  ])('takes %s for no answer, never for zeros', async (_, answer, message) => {
    const { signal } = await signalOf(answer)
    await expect(signal.read()).rejects.toThrow('signal errors: ')
    await expect(signal.read()).rejects.toThrow(message)
  })

  it('gives up on silence', async () => {
    const { signal } = await signalOf(() => undefined, { timeoutSeconds: 0.05 })
    await expect(signal.read()).rejects.toThrow('/api/v1/query did not answer: no answer in time')
  })

  it('takes no series at all, from the beginning, for no traffic', async () => {
    const { signal } = await signalOf((_, response) => response.end(success(vector())))
    expect(await signal.read()).toMatchObject({
      slots: { blue: { total: 0, bad: 0 }, green: { total: 0, bad: 0 } },
      series: { blue: {}, green: {} },
    })
  })

  it('fills versions in once it is told of the rollout, and asks nothing for a slot without one', async () => {
    const { signal, asked } = await signalOf((_, response) => response.end(success(vector())), {
      counts: { total: 'requests_total{app="${model}",version="${version}"}', bad: 'errors_total{version=~"v${version}(-.*)?"}' },
    })
    await expect(signal.read()).rejects.toThrow(
      'signal errors: total has ${version}, and it is not known which version is in which slot: no rollout is under way',
    )
    signal.follow?.({ versions: { blue: 12, green: null }, since: 0 })
    await signal.read()
    expect(asked.map(({ form }) => form.get('query')).slice(-2)).toEqual([
      'requests_total{app="churn",version="12"}',
      'errors_total{version=~"v12(-.*)?"}',
    ])
  })

  it('checks with old versions too, which know no limit and answer with everything', async () => {
    const { signal } = await signalOf(({ path, form }, response) => {
      if (path.endsWith('/series')) {
        expect(form.get('limit')).toBe('1')
        return void response.end(success([{ __name__: 'requests_total', slot: 'blue' }], { warnings: ['results truncated due to limit'] }))
      }
      response.end(success(form.get('query')?.includes('blue') ? one : vector()))
    })
    await expect(signal.check()).resolves.toBeUndefined()
    const long = await signalOf(({ path, form }, response) => {
      if (path.endsWith('/series')) response.end('9'.repeat(200_000))
      else response.end(success(form.get('query')?.includes('blue') ? one : vector()))
    })
    await expect(long.signal.check()).resolves.toBeUndefined()
  })

  it('says what a histogram is that has no buckets', async () => {
    const histogram = { counts: { histogram: 'request_seconds{slot="${slot}"}', over: 0.25 } }
    const answer =
      (result: readonly object[]): Answering =>
      ({ path }, response) =>
        response.end(success(path.endsWith('/series') || path.includes('__name__') ? [] : { resultType: 'vector', result }))
    const native = await signalOf(answer([{ metric: { slot: 'blue' }, histogram: [1, {}] }]), histogram)
    await expect(native.signal.check()).rejects.toThrow(
      'signal errors: request_seconds is a native histogram; Refline counts by classic buckets',
    )
    const plain = await signalOf(answer([{ metric: { slot: 'blue' }, value: [1, '3'] }]), histogram)
    await expect(plain.signal.check()).rejects.toThrow('request_seconds is there, but without buckets; is it a summary or a plain counter?')
    await expect(signalOf(() => undefined, { counts: { histogram: 'request_seconds_bucket{slot="${slot}"}', over: 1 } })).rejects.toThrow(
      "write the histogram's own name, request_seconds",
    )
  })

  it('waits for the scrape after `lag`, as far apart as scrapes are', async () => {
    const scraped = (slot: string, ...times: readonly number[]) => ({
      resultType: 'matrix',
      result: [{ metric: { slot }, values: times.map(at => [at, '7']) }],
    })
    const { signal } = await signalOf(({ form }, response) => {
      const query = form.get('query') ?? ''
      if (!query.endsWith('[2m]')) response.end(success(answerOfSlot(form)))
      else response.end(success(query.includes('blue') ? scraped('blue', 100, 130.1, 160) : scraped('green', 150, 151)))
    })
    expect(signal.lag).toBe(15 + 15)
    await signal.read()
    expect(signal.lag).toBe(15 + 30)
  })

  it('refuses a series that counts in both slots', async () => {
    const { signal } = await signalOf((_, response) => response.end(success(one)))
    await expect(signal.read()).rejects.toThrow(
      'signal errors: total matches requests_total{slot="blue"} in both slots, so its requests would count twice',
    )
  })

  it('forgets the errors of a process that began again and shows none until its first', async () => {
    let now = 1_000_000_000
    let shown = { total: '1000', bad: '10' as string | null }
    const { signal } = await signalOf(
      ({ form }, response) => {
        const query = form.get('query') ?? ''
        const slot = query.includes('blue') ? 'blue' : 'green'
        const { total, bad } = slot === 'green' ? shown : { total: '50', bad: '1' }
        const value = query.includes('errors_total') ? bad : total
        response.end(success(value === null ? vector() : vector([{ slot, pod: 'a' }, value])))
      },
      { clock: { now: () => now, sleep: async () => undefined }, counts: { ...counts, bad: 'errors_total{slot="${slot}"}' } },
    )
    let before = await readAll([signal])
    const look = async (next: typeof shown) => {
      shown = next
      now += 60_000
      const after = await readAll([signal], before)
      const { window } = windowBetween(before, after, 'green')
      before = after
      return window?.signals.errors
    }
    expect(await look({ total: '500', bad: null })).toMatchObject({ canary: 500, canaryBad: 0 })
    expect(await look({ total: '900', bad: '4' })).toMatchObject({ canary: 400, canaryBad: 4 })
    // One that only was not scraped keeps what it showed.
    expect(await look({ total: '950', bad: null })).toMatchObject({ canary: 50, canaryBad: 0 })
    expect(await look({ total: '1000', bad: '5' })).toMatchObject({ canary: 50, canaryBad: 1 })
  })

  it('leaves a histogram of other buckets out once it has vanished', async () => {
    const buckets = (slot: string, pod: string, ...counts: readonly (readonly [string, string])[]) =>
      counts.map(([le, count]) => [{ slot, pod, le }, count] as const)
    const answers = {
      past: vector(...buckets('blue', 'old', ['0.3', '5'], ['+Inf', '7']), ...buckets('blue', 'new', ['0.25', '1'], ['+Inf', '2'])),
      live: vector(...buckets('blue', 'new', ['0.25', '1'], ['+Inf', '2'])),
    }
    const { signal } = await signalOf(
      ({ form }, response) => {
        const query = form.get('query') ?? ''
        response.end(
          success(
            query.includes('green') || query.startsWith('max')
              ? vector()
              : query.startsWith('last_over_time')
                ? answers.past
                : answers.live,
          ),
        )
      },
      { counts: { histogram: 'seconds{slot="${slot}"}', over: 0.25 } },
    )
    expect(await signal.read()).toMatchObject({ edges: [0.25], slots: { blue: { total: 2, bad: 1, slower: [1] } } })
  })

  it('reads the past as growth by minute, with counters that begin again and series that begin later', async () => {
    const matrix = (...ranges: readonly (readonly [Record<string, string>, readonly (readonly [number, string])[]])[]) => ({
      resultType: 'matrix',
      result: ranges.map(([metric, values]) => ({ metric, values })),
    })
    const from = 999_985.123 - 180
    const { signal, asked } = await signalOf(({ form }, response) =>
      response.end(
        success(
          form.get('query')?.includes('5..')
            ? matrix([
                { code: '500' },
                [
                  [from + 120, '3'],
                  [from + 180, '4'],
                ],
              ])
            : matrix(
                [
                  { code: '200' },
                  [
                    [from, '100'],
                    [from + 60, '150'],
                    [from + 120, '20'],
                    [from + 180, '25'],
                  ],
                ],
                [
                  { code: '500' },
                  [
                    [from + 120, '3'],
                    [from + 180, '4'],
                  ],
                ],
              ),
        ),
      ),
    )
    expect(await signal.history?.('blue', 3)).toEqual([
      { total: 50, bad: 0 },
      { total: 23, bad: 3 },
      { total: 6, bad: 1 },
    ])
    expect(asked[0]?.form.get('step')).toBe('60')
  })

  it('refuses an address that is none, or that holds credentials or a query', async () => {
    const made = (url: string) =>
      prometheusSignal({
        name: 'errors',
        authorization: null,
        http: httpClient,
        counts,
        model: 'm',
        environment: 'e',
        url,
        clock: { now: () => 0, sleep: async () => undefined },
      })
    for (const wrong of ['prometheus:9090', 'not a url', 'file:///etc/passwd', ''])
      expect(() => made(wrong)).toThrow('is no http or https address; write that of Prometheus')
    expect(() => made('http://127.0.0.1/?token=x')).toThrow('is followed by a query')
    await expect(made('http://user:pass@127.0.0.1/').read()).rejects.toThrow('credentials do not belong in a URL')
  })
})

describe('canary.md failure group 2: no rows are typed, and zero errors with traffic are 0', () => {
  it('an empty vector of errors beside requests is none bad; of both it is no traffic, and no error of ours', async () => {
    const { signal } = await signalOf(({ form }, response) =>
      response.end(success(form.get('query')?.includes('5..') ? vector() : answerOfSlot(form))),
    )
    expect((await signal.read()).slots).toEqual({ blue: { total: 7, bad: 0 }, green: { total: 7, bad: 0 } })
    const idle = await signalOf((_, response) => response.end(success(vector())))
    expect((await idle.signal.read()).slots).toEqual({ blue: { total: 0, bad: 0 }, green: { total: 0, bad: 0 } })
  })
})

describe('canary.md failure group 3: only new requests are counted', () => {
  it('counters that stand still are no requests, however good their rate was, and an idle slot is no error', async () => {
    let now = 1_000_000_000
    const { signal } = await signalOf(
      ({ form }, response) => response.end(success(form.get('query')?.includes('blue') ? answerOfSlot(form) : vector())),
      { clock: { now: () => now, sleep: async () => undefined } },
    )
    const before = await readAll([signal])
    now += 60_000
    const { window } = windowBetween(before, await readAll([signal], before), 'green')
    expect(window?.signals.errors).toEqual({ canary: 0, canaryBad: 0, stable: 0, stableBad: 0 })
  })
})

describe('canary.md failure group 10: what was asked and what came is known of each decision', () => {
  it('each window carries its queries as they were sent, their sums, and the instants between which it was counted', async () => {
    let now = 1_000_000_000
    let requests = 7
    const { signal } = await signalOf(
      ({ form }, response) => {
        const slot = form.get('query')?.includes('blue') ? 'blue' : 'green'
        response.end(success(form.get('query')?.includes('5..') ? vector() : vector([{ slot }, String(requests)])))
      },
      { clock: { now: () => now, sleep: async () => undefined } },
    )
    const before = await readAll([signal])
    now += 60_000
    requests = 19
    const { window } = windowBetween(before, await readAll([signal], before), 'green')
    expect(window).toMatchObject({ from: 999_985, until: 1_000_045, signals: { errors: { canary: 12, stable: 12 } } })
    expect(window?.sources.errors).toBe(
      'total blue: requests_total{slot="blue"} = 19 in 1 series; total green: requests_total{slot="green"} = 19 in 1 series; bad blue: requests_total{slot="blue",code=~"5.."} = 0 in 0 series; bad green: requests_total{slot="green",code=~"5.."} = 0 in 0 series',
    )
  })

  it('a metric that nobody knows is an error before the first step', async () => {
    const { signal } = await signalOf(({ path }, response) =>
      response.end(success(path.includes('__name__') ? ['request_total', 'up'] : [])),
    )
    await expect(signal.check()).rejects.toThrow('knows no metric requests_total in the last 24 hours; did you mean request_total?')
  })

  it('an error counter that never was is one too: it cannot be told from a wrong name', async () => {
    const { signal } = await signalOf(
      ({ path, form }, response) => {
        if (path.endsWith('/series')) response.end(success(form.get('match[]')?.startsWith('errors') ? [] : [{ slot: 'blue' }]))
        else response.end(success(path.includes('__name__') ? ['requests_total'] : vector()))
      },
      { counts: { ...counts, bad: 'errors_total{slot="${slot}"}' } },
    )
    await expect(signal.check()).rejects.toThrow('A counter of errors must be exposed as 0 before the first error')
  })
})
