import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpClient } from '../../src/adapters/http/client.ts'
import { prometheusSignal } from '../../src/adapters/prometheus/signal.ts'
import { systemClock } from '../../src/adapters/runner/clock.ts'
import { countsBetween } from '../../src/core/rollout/batch.ts'
import { eventually, eventuallyRefused, type MetricsServer, metricsServer, startPrometheus } from '../support/prometheus.ts'

/** The little of an answer that is looked at. */
interface Answer {
  readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] }
}

/** What one instance shows of itself: requests and errors of a slot. */
const shown = (slot: string, good: number, bad: number | null, app = 'churn'): string =>
  [
    `http_requests_total{app="${app}",slot="${slot}",code="200"} ${good}`,
    ...(bad === null ? [] : [`http_requests_total{app="${app}",slot="${slot}",code="503"} ${bad}`]),
    '',
  ].join('\n')

const histogram = (slot: string, counts: readonly (readonly [string, number])[]): string =>
  counts.map(([le, count]) => `request_seconds_bucket{slot="${slot}",le="${le}"} ${count}\n`).join('')

describe('a signal from Prometheus itself', () => {
  let prometheus: Awaited<ReturnType<typeof startPrometheus>>
  const instances: Record<string, MetricsServer> = {}
  const server = (name: string): MetricsServer => instances[name] as MetricsServer
  const targets = (names: readonly string[]) => names.map(name => ({ port: server(name).port, instance: name }))

  beforeAll(async () => {
    for (const name of ['blue-1', 'blue-2', 'green-1']) instances[name] = await metricsServer('')
    prometheus = await startPrometheus(targets(['blue-1', 'blue-2', 'green-1']))
  })
  afterAll(async () => {
    await prometheus.close()
    await Promise.all(Object.values(instances).map(instance => instance.close()))
  })

  const said: string[] = []
  const signalOf = (counts: Parameters<typeof prometheusSignal>[0]['counts'], change: { url?: string; authorization?: string } = {}) =>
    prometheusSignal({
      name: 'errors',
      url: change.url ?? prometheus.url,
      authorization: change.authorization ?? null,
      http: httpClient,
      counts,
      model: 'churn',
      environment: 'production',
      lag: 0,
      clock: systemClock,
      say: line => said.push(line),
    })
  const errors = {
    total: 'http_requests_total{app="${model}",slot="${slot}"}',
    bad: 'http_requests_total{app="${model}",slot="${slot}",code=~"5.."}',
  }

  it('adds up series and instances, takes the counters of an instance that began again, went, or came back as what they are', async () => {
    server('blue-1').text = shown('blue', 1000, 3)
    server('blue-2').text = shown('blue', 5000, null)
    server('green-1').text = shown('green', 100, null)
    const signal = signalOf(errors)
    const total = (slot: 'blue' | 'green', value: number) => eventually(signal.read, reading => reading.slots[slot].total === value)
    const first = await eventually(signal.read, ({ slots }) => slots.blue.total === 6003 && slots.green.total === 100)
    expect(first.slots).toEqual({ blue: { total: 6003, bad: 3 }, green: { total: 100, bad: 0 } })
    expect(first.source).toContain('total blue: http_requests_total{app="churn",slot="blue"} = 6003 in 3 series; total green: ')

    // blue-1 goes on and blue-2 begins again; green has its first error, in a series that was not there before.
    server('blue-1').text = shown('blue', 1100, 5)
    server('blue-2').text = shown('blue', 40, 1)
    server('green-1').text = shown('green', 110, 2)
    await total('green', 112)
    const second = await total('blue', 1100 + 5 + 40 + 1)
    expect(countsBetween(first, second, 'green')).toEqual({ counts: { canary: 12, canaryBad: 2, stable: 102 + 41, stableBad: 3 } })

    // blue-2 does not answer its scrapes any more; it keeps what it had and counts nothing.
    server('blue-2').down = true
    await eventually(
      () =>
        fetch(`${prometheus.url}/api/v1/query?query=count(http_requests_total{slot="blue"})`).then(
          answer => answer.json() as Promise<Answer>,
        ),
      answer => answer.data.result[0]?.value[1] === '2',
    )
    server('blue-1').text = shown('blue', 1200, 5)
    const third = await total('blue', 1205 + 41)
    expect(countsBetween(second, third, 'green')).toEqual({ counts: { canary: 0, canaryBad: 0, stable: 100, stableBad: 0 } })

    // It comes back with more than before, having served all the time: its growth counts, and not all that it ever had. A new process has forgotten nothing.
    const later = signalOf(errors)
    const resumed = await later.read()
    expect(resumed.slots.blue.total).toBe(1205 + 41)
    server('blue-2').text = shown('blue', 60, 1)
    server('blue-2').down = false
    const fourth = await total('blue', 1205 + 61)
    expect(countsBetween(third, fourth, 'green')).toMatchObject({ counts: { stable: 20, stableBad: 0 } })
    expect(countsBetween(resumed, await later.read(), 'green')).toMatchObject({ counts: { stable: 20, stableBad: 0 } })

    // It is not scraped any more, and another instance is.
    instances['blue-3'] = await metricsServer(shown('blue', 7, 0))
    await prometheus.scrape(targets(['blue-1', 'blue-3', 'green-1']))
    const fifth = await total('blue', 1205 + 61 + 7)
    expect(countsBetween(fourth, fifth, 'green')).toMatchObject({ counts: { stable: 7, stableBad: 0 } })
  })

  it('reads the past minute by minute, and says in check what is asked and what it shows', async () => {
    const signal = signalOf(errors)
    const minutes = await signal.history?.('blue', 3)
    expect(minutes).toHaveLength(3)
    await signal.read()
    // It scrapes five times a second.
    expect(signal.lag).toBeGreaterThan(0.15)
    expect(signal.lag).toBeLessThan(1)
    for (const { total, bad } of minutes ?? []) expect(total).toBeGreaterThanOrEqual(bad)
    said.length = 0
    await signal.check()
    expect(said.join('\n')).toContain('signal errors: total blue: http_requests_total{app="churn",slot="blue"} = ')
    expect(said).toHaveLength(4)
  })

  it.each<[string, Parameters<typeof signalOf>[0], string]>([
    [
      'a metric that nobody has',
      { ...errors, total: 'http_request_total{slot="${slot}"}' },
      'knows no metric http_request_total in the last 24 hours; did you mean http_requests_total?',
    ],
    [
      'a label that no series has',
      { ...errors, bad: 'http_requests_total{slot="${slot}",status=~"5.."}' },
      'no series of http_requests_total has a label status; one is http_requests_total{',
    ],
    [
      'a value that no series has',
      { ...errors, total: 'http_requests_total{app="chrun",slot="${slot}"}' },
      'neither slot has a series in the last 24 hours: http_requests_total{app="chrun",slot="blue"} nor http_requests_total{app="chrun",slot="green"}; what there is looks like',
    ],
    [
      'a regular expression that is none',
      { ...errors, bad: 'http_requests_total{slot="${slot}",code=~"5(.."}' },
      'answered with status 400: "invalid parameter',
    ],
    ['a gauge of shares', { total: 'share{slot="${slot}"}', bad: 'share{slot="${slot}"}' }, 'is 0.25, and no count of requests'],
    ['a value that is no number', { total: 'broken{slot="${slot}"}', bad: 'broken{slot="${slot}"}' }, 'is NaN, and no count of requests'],
  ])('refuses %s', async (_, counts, message) => {
    server('green-1').text = `${shown('green', 110, 2)}share{slot="green"} 0.25\nbroken{slot="green"} NaN\n`
    const signal = signalOf(counts)
    await eventually(
      () => fetch(`${prometheus.url}/api/v1/query?query=broken`).then(answer => answer.json() as Promise<Answer>),
      answer => answer.data.result.length === 1,
    )
    await expect(signal.check().then(() => signal.read())).rejects.toThrow(message)
  })

  it('counts requests slower than a bucket edge, at every edge that both slots have', async () => {
    server('blue-1').text = histogram('blue', [
      ['0.1', 900],
      ['0.25', 990],
      ['1', 1000],
      ['+Inf', 1000],
    ])
    server('green-1').text = histogram('green', [
      ['0.1', 10],
      ['0.25', 30],
      ['0.5', 39],
      ['1.0', 40],
      ['+Inf', 40],
    ])
    const slow = signalOf({ histogram: 'request_seconds{slot="${slot}"}', over: 0.25 })
    const first = await eventually(slow.read, ({ slots }) => slots.blue.total === 1000 && slots.green.total === 40)
    expect(first).toMatchObject({
      edges: [0.1, 0.25, 1],
      slots: { blue: { total: 1000, bad: 10, slower: [100, 10, 0] }, green: { total: 40, bad: 10, slower: [30, 10, 0] } },
    })
    await slow.check()
    await expect(signalOf({ histogram: 'request_seconds{slot="${slot}"}', over: 0.3 }).check()).rejects.toThrow(
      'over: 300ms is no bucket edge of this histogram; the nearest are 250ms and 1s',
    )
    server('green-1').text = histogram('green', [
      ['0.1', 10],
      ['0.25', 30],
      ['0.5', 50],
      ['1.0', 58],
      ['+Inf', 60],
    ])
    const second = await eventually(slow.read, ({ slots }) => slots.green.total === 60)
    expect(countsBetween(first, second, 'green')).toEqual({
      counts: {
        canary: 20,
        canaryBad: 20,
        stable: 0,
        stableBad: 0,
        slower: [
          { edge: 0.1, canary: 20, stable: 0 },
          { edge: 0.25, canary: 20, stable: 0 },
          { edge: 1, canary: 2, stable: 0 },
        ],
      },
    })
    server('green-1').text = histogram('green', [
      ['0.1', 10],
      ['0.25', 5],
      ['1', 60],
      ['+Inf', 60],
    ])
    await eventuallyRefused(slow.read, 'is no histogram of one instant: its bucket le="0.1" holds 10 requests, the wider le="0.25" only 5')
    server('green-1').text = histogram('green', [
      ['0.1', 10],
      ['0.25', 70],
    ])
    await eventuallyRefused(slow.read, 'has no bucket le="+Inf"')
  })

  it('takes silence for an error and never for zeros: nobody scrapes, the server is down, and it answers again', async () => {
    server('blue-1').text = shown('blue', 1300, 5)
    server('green-1').text = shown('green', 120, 2)
    const signal = signalOf(errors)
    const before = await eventually(signal.read, ({ slots }) => slots.green.total === 122)
    for (const instance of Object.values(instances)) instance.down = true
    await eventuallyRefused(signal.read, 'nobody scrapes the service, so it is not known what it does')
    await prometheus.end()
    await expect(signal.read()).rejects.toThrow(/signal errors: http:.* did not answer: connect ECONNREFUSED/)
    for (const instance of Object.values(instances)) instance.down = false
    await prometheus.start()
    server('green-1').text = shown('green', 130, 2)
    const after = await eventually(signal.read, ({ slots }) => slots.green.total === 132)
    expect(countsBetween(before, after, 'green')).toMatchObject({ counts: { canary: 10, canaryBad: 0 } })
  })
})
