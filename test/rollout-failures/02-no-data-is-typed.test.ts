import { describe, expect, it } from 'vitest'
import { prometheusErrors, type Rows } from './prometheus.ts'
import { asBefore, champion } from './world.ts'

/** The champion of every test, whose signal errors is the real one from Prometheus; `rows` makes of what was counted what Prometheus shows of it. */
const scraped = async (
  rows: (counted: { readonly total: number; readonly bad: number }, of: { readonly slot: 'blue' | 'green'; readonly bad: boolean }) => Rows,
  rules: Parameters<typeof champion>[0] = {},
) => {
  const world = await champion(rules)
  const [counting] = world.ports.signals
  const { signal } = prometheusErrors({
    clock: world.ports.clock,
    rows: async of => {
      const reading = await counting?.read()
      return reading === undefined ? [] : rows(reading.slots[of.slot], of)
    },
  })
  Object.assign(world.ports, { signals: [signal] })
  return world
}
const series = (slot: string, value: number): Rows => [[{ __name__: 'requests_total', slot }, value]]

// The judge alone: test/core/rollout/no-data.test.ts; answers of a Prometheus: test/adapters/prometheus/signal.test.ts.

describe('group 2: no rows are typed, and zero errors with traffic are zero (Argo #1466, #1905, #3503)', () => {
  it('no series of errors beside requests is no error: an error-free version is promoted by what was counted', async () => {
    const { context, deploy, eventsOf } = await scraped(({ total }, { slot, bad }) => (bad ? [] : series(slot, total)))
    expect((await deploy(context)).outputs.decision).toBe('promoted')
    const { errors } = (await eventsOf('evidence')).at(-1)?.judge.signals ?? {}
    expect(errors?.total).toMatchObject({ canaryBad: 0, stableBad: 0 })
    expect(errors?.total.canary).toBeGreaterThan(300)
  })

  it('an empty answer of both slots before the first step cannot be told from a wrong name: it does not begin, in words', async () => {
    const { context, deploy, untouched, eventsOf } = await scraped(() => [])
    await expect(deploy(context)).rejects.toThrow(/signal errors: total: .*requests_total/)
    expect(await untouched()).toEqual(asBefore)
    expect(await eventsOf('rollout-start')).toHaveLength(1)
  })

  it('series that end while traffic goes on are an answer that is missing, never zero: frozen, then given back', async () => {
    let scrapes = true
    const { of, context, deploy, once, untouched, eventsOf } = await scraped(
      ({ total, bad: errors }, { slot, bad }) => (scrapes ? series(slot, bad ? errors : total) : []),
      { requestsPerSecond: 100 },
    )
    once(
      () => of.percent.green === 5 && of.lines.some(line => /^ +5 %.* canary requests/.test(line)),
      () => {
        scrapes = false
      },
    )
    const answer = await deploy(context)
    expect(answer.outputs).toMatchObject({ decision: 'held', reason: expect.stringContaining('nobody scrapes the service') })
    expect(await untouched()).toEqual(asBefore)
    expect((await eventsOf('weight-intent')).map(({ percent }) => percent)).toEqual([100, 5, 0])
  })

  it('each look says what it was without: no traffic, or no answer', async () => {
    const idle = await champion({ requestsPerSecond: 0, judge: { max_duration: '3m' } })
    await idle.deploy(idle.context)
    const looks = await idle.eventsOf('evidence')
    expect(looks.every(({ judge }) => judge.signals.errors?.unanswered === undefined)).toBe(true)
    expect(looks.at(-1)?.judgement).toBe('hold: no requests in either arm: waiting for traffic')
    const blind = await champion({ judge: { provider_deadline: '1m' } })
    blind.of.world.signalDown = true
    await blind.deploy(blind.context)
    expect(await blind.eventsOf('evidence')).toEqual([])
    expect((await blind.eventsOf('heartbeat')).at(-1)?.judgement).toBe('hold: signal errors: no answer in time')
  })
})
