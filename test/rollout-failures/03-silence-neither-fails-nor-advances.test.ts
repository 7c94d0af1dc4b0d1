import { describe, expect, it } from 'vitest'
import { asBefore, champion, signalOf } from './world.ts'

// The judge alone: test/core/rollout/no-data.test.ts.

describe('group 3: advance only on new requests, and never fail for silence alone (Flagger #1035, #1689, #1633, #1011)', () => {
  it('an idle service is held at its first step, and in the end withdrawn: not failed, not quarantined, no incident', async () => {
    const { of, context, deploy, untouched, eventsOf } = await champion({ requestsPerSecond: 0 })
    const answer = await deploy(context)
    expect(answer.outputs.decision).toBe('held')
    expect(answer.failure).toContain('is held, not quarantined')
    expect(await untouched()).toEqual(asBefore)
    expect(of.incidents).toEqual([])
    expect((await eventsOf('weight-confirm')).map(({ percent }) => percent)).toEqual([100, 5, 0])
    of.world.requestsPerSecond = 1000
    expect((await deploy(context)).outputs.decision).toBe('promoted')
  })

  it('traffic that stops at a step stops the rollout there, however good it was, and it goes on with the traffic', async () => {
    const { of, context, deploy, once, now, eventsOf } = await champion({ steps: [5, { pause: '2m' }, 50] })
    let stopped = 0
    once(
      () => of.percent.green === 5 && of.lines.some(line => line.includes('proven at this step')),
      () => {
        of.world.requestsPerSecond = 0
        stopped = now()
      },
    )
    once(
      () => stopped > 0 && now() > stopped + 900,
      () => Object.assign(of.world, { requestsPerSecond: 1000 }),
    )
    expect((await deploy(context)).outputs.decision).toBe('promoted')
    const at50 = (await eventsOf('weight-confirm')).find(({ percent }) => percent === 50)
    expect(at50?.at).toBeGreaterThan(stopped + 900)
    expect((await eventsOf('evidence')).some(({ judgement }) => judgement.includes('no requests in either arm since the last look'))).toBe(
      true,
    )
  })

  it('a step without a request of its own is no step up, whatever was proven at the one before', async () => {
    const { of, context, deploy, once, untouched } = await champion({ judge: { max_duration: '10m' } })
    once(
      () => of.percent.green === 50,
      () => Object.assign(of.world, { requestsPerSecond: 0 }),
    )
    expect((await deploy(context)).outputs.decision).toBe('held')
    expect(of.calls).not.toContain('set green 100')
    expect(await untouched()).toEqual(asBefore)
  })

  it('traffic that is too little to prove anything is not enough, and not a failure', async () => {
    const { context, deploy, untouched } = await champion({ requestsPerSecond: 1 })
    const answer = await deploy(context)
    expect(answer.outputs).toMatchObject({ decision: 'held', reason: expect.stringContaining('errors is not proven acceptable yet') })
    expect(await untouched()).toEqual(asBefore)
  })

  it.each([
    ['canary', 'green', /canary got 0 of|the canary has had no request|has counted no request of the canary/],
    ['stable', 'blue', /canary got [\d,]+ of [\d,]+ requests where 5 % were set/],
  ] as const)('counters that show nothing of the %s arm: held with that reason, not promoted, not failed', async (_, slot, reason) => {
    const { of, ports, context, deploy, untouched } = await champion({ judge: { max_duration: '5m' } })
    const [errors] = ports.signals
    Object.assign(ports, {
      signals: [
        signalOf('errors', async () => {
          const reading = await errors?.read()
          if (reading === undefined) throw new Error('there is no signal')
          return { ...reading, slots: { ...reading.slots, [slot]: { total: 0, bad: 0 } } }
        }),
      ],
    })
    const answer = await deploy(context)
    expect(answer.outputs.decision).toBe('held')
    expect(answer.outputs.reason).toMatch(reason)
    expect(await untouched()).toEqual(asBefore)
    expect(of.incidents).toEqual([])
  })
})
