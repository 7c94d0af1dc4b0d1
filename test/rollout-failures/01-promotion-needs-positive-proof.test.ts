import { describe, expect, it } from 'vitest'
import { UserError } from '../../src/core/errors.ts'
import { asBefore, champion, signalOf } from './world.ts'

// What the judge alone says of batches without proof: test/core/rollout/no-data.test.ts and threshold-rule.test.ts.

describe('group 1: promotion needs positive proof (Argo #4479, #1329, #4393, #2026, #1411)', () => {
  it.each([
    ['every measurement errored', { signalDown: true }, {}, /no answer for .*signal errors: no answer in time/],
    ['nothing was ever measured', {}, { requestsPerSecond: 0 }, /not proven within 10m: no requests in either arm/],
  ])('%s: the version does not go live, and is not condemned either', async (_, world, rules, reason) => {
    const { of, context, deploy, untouched, ended } = await champion({ judge: { max_duration: '10m' }, ...rules })
    Object.assign(of.world, world)
    const answer = await deploy(context)
    expect(answer.outputs.decision).toBe('held')
    expect(answer.failure).toMatch(reason)
    expect(await untouched()).toEqual(asBefore)
    expect(await ended()).toMatchObject([{ decision: 'withdrawn' }])
  })

  it('every measurement failed: it is rolled back and quarantined, and its job is red', async () => {
    const { of, context, deploy, untouched } = await champion()
    of.errorRate.set(2, 1)
    const answer = await deploy(context)
    expect(answer.outputs.decision).toBe('rolled-back')
    expect(answer.failure).toContain('rolled back and quarantined')
    expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
  })

  it('ended early by whatever ends jobs: what was not proven is not proven by that', async () => {
    const { of, run, deploy, dieAtLook, untouched, ended } = await champion({ requestsPerSecond: 100 })
    await dieAtLook(2)
    of.world.requestsPerSecond = 0
    expect((await deploy(run('300'), { resume: true })).outputs.decision).toBe('held')
    expect(await untouched()).toEqual(asBefore)
    expect(await ended()).toMatchObject([{ decision: 'withdrawn', reason: expect.stringContaining('not proven within 30m') }])
  })

  it('ended early by a rollback: that is a rollback, whatever was proven until then', async () => {
    const { of, context, deploy, rollback, once, untouched, ended } = await champion()
    once(
      () => of.percent.green === 50,
      () => rollback(context),
    )
    expect((await deploy(context)).outputs.decision).toBe('held')
    expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
    expect(await ended()).toEqual([])
  })

  it('a bake during which nothing could be measured is no bake: all traffic goes back', async () => {
    const { of, context, deploy, once, untouched } = await champion({ judge: { bake: '3m', provider_deadline: '10m' } })
    once(
      () => of.percent.green === 100,
      () => Object.assign(of.world, { signalDown: true }),
    )
    const answer = await deploy(context)
    expect(answer.outputs).toMatchObject({ decision: 'held', reason: expect.stringContaining('signal errors: no answer in time') })
    expect(await untouched()).toEqual(asBefore)
  })

  it('nor is one without a request', async () => {
    const { of, context, deploy, once, untouched } = await champion({ judge: { bake: '3m' } })
    once(
      () => of.percent.green === 100,
      () => Object.assign(of.world, { requestsPerSecond: 0 }),
    )
    expect((await deploy(context)).outputs).toMatchObject({ decision: 'held', reason: expect.stringContaining('waiting for traffic') })
    expect(await untouched()).toEqual(asBefore)
  })

  it('nothing required answers, and something optional is fine: no proof', async () => {
    const down = signalOf('labels', async () => {
      throw new UserError('signal labels: no answer in time')
    })
    const { context, deploy, untouched } = await champion({ more: [down] })
    expect((await deploy(context)).outputs).toMatchObject({
      decision: 'held',
      reason: expect.stringContaining('signal labels: no answer in time'),
    })
    expect(await untouched()).toEqual(asBefore)
  })

  describe('limits mean "at N", with `rule: threshold` too', () => {
    it.each([1, 3])('failures: %i rolls back at failed look %i and not after it', async failures => {
      const { of, context, deploy, eventsOf } = await champion({
        judge: { rule: 'threshold', failures, looks: 5 },
        errors: { max: 0.01, breaker: 1 },
      })
      of.errorRate.set(2, 0.05)
      const answer = await deploy(context)
      expect(answer.outputs.decision).toBe('rolled-back')
      expect(answer.outputs.reason).toContain(`${failures} look${failures === 1 ? '' : 's'} failed, ${failures} roll back`)
      expect(await eventsOf('evidence')).toHaveLength(failures)
    })

    it.each([1, 4])('looks: %i takes the next step after %i passed ones', async looks => {
      const { context, deploy, eventsOf } = await champion({ steps: [5], judge: { rule: 'threshold', looks }, errors: { max: 0.01 } })
      expect((await deploy(context)).outputs.decision).toBe('promoted')
      expect(await eventsOf('evidence')).toHaveLength(looks)
    })

    it('looks without requests, or without an answer, are neither: nothing is promoted and nothing failed', async () => {
      const judge = { rule: 'threshold', failures: 1, looks: 1, max_duration: '10m' } as const
      const idle = await champion({ judge, errors: { max: 0.01 }, requestsPerSecond: 0 })
      expect((await idle.deploy(idle.context)).outputs.decision).toBe('held')
      expect(await idle.untouched()).toEqual(asBefore)
      const blind = await champion({ judge, errors: { max: 0.01 } })
      blind.of.world.signalDown = true
      expect((await blind.deploy(blind.context)).outputs.decision).toBe('held')
      expect(await blind.untouched()).toEqual(asBefore)
    })
  })
})
