import { describe, expect, it } from 'vitest'
import { canaryDeployHandler } from '../../src/actions/canary-deploy/handler.ts'
import { Killed, trafficWorld } from '../support/traffic-world.ts'
import { asBefore, champion } from './world.ts'

// Every write boundary, before and after, one by one: test/actions/canary-deploy/handler.test.ts and test/bundle/crash.test.ts.

describe('ours by construction: killed between two writes, a lease, a watchdog, and no trust in what a cancelled job still does', () => {
  it.each([
    ['written ahead, not set', 'canary-intent', 'after', 0],
    ['set, not written', 'traffic-weight', 'after', 5],
  ] as const)('a weight that was %s is found by the next runner, which compares what is live with what was intended', async (_, at, when, live) => {
    const { of, context, run, deploy, eventsOf, rollout } = await champion()
    let seen = 0
    // The first weight that is set is that of the deploy.
    of.killAt((boundary, moment) => boundary === at && moment === when && ++seen === (at === 'traffic-weight' ? 2 : 1))
    await expect(deploy(context)).rejects.toThrow(Killed)
    of.killAt(null)
    expect(await rollout()).toMatchObject({ percent: 0, intent: { step: 0, percent: 5, expecting: 0 } })
    expect(of.percent.green).toBe(live)
    expect((await deploy(run('300'), { resume: true })).outputs.decision).toBe('promoted')
    expect((await eventsOf('weight-intent')).map(({ percent }) => percent)).toEqual([100, 5, 50, 100])
    expect(of.calls.filter(call => call === 'set green 5')).toHaveLength(1)
  })

  it('who drives says so at every look: two jobs never drive at once, and who was replaced does nothing more', async () => {
    const { of, context, run, deploy, once, now, eventsOf, write, rollout } = await champion({ requestsPerSecond: 50 })
    let calls: readonly string[] = []
    once(
      () => of.percent.green === 5,
      async () => {
        const { rollout: id } = await rollout()
        await write({ kind: 'rollout-taken', environment: 'production', rollout: id, holder: '300', from: '200', at: now() })
        calls = [...of.calls]
      },
    )
    const answer = await deploy(context)
    expect(answer.failure).toBe('held: v2 is being rolled out in production by workflow run 300')
    expect(of.calls).toEqual(calls)
    expect((await deploy(run('300'), { resume: true })).outputs.decision).toBe('promoted')
    for (const { at } of await eventsOf('evidence')) expect(at).toBeGreaterThan(0)
  })

  it('past abandon_after the champion is restored, with whatever was intended', async () => {
    for (const at of ['canary-intent', 'canary-confirm'] as const) {
      const { of, context, run, deploy, untouched, ended } = await champion()
      of.killAt((boundary, moment) => boundary === at && moment === 'after')
      await expect(deploy(context)).rejects.toThrow(Killed)
      of.killAt(null)
      of.flow(3 * 3600_000)
      expect((await deploy(run('300'), { resume: true })).outputs.decision).toBe('held')
      expect(await ended()).toMatchObject([{ decision: 'withdrawn', reason: expect.stringContaining('abandoned') }])
      expect(await untouched()).toEqual(asBefore)
    }
  })

  it('a rollback whose job died is not undone and not finished by the watchdog: it says which one it is', async () => {
    const { of, context, run, deploy, dieAtLook, rollback, untouched } = await champion()
    await dieAtLook(1)
    of.killAt((boundary, moment) => boundary === 'rollback-intent' && moment === 'after')
    await expect(rollback(context)).rejects.toThrow(Killed)
    of.killAt(null)
    const answer = await deploy(run('300'), { resume: true })
    expect(answer.failure).toMatch(
      /a rollback from v2 to v1 was begun in production and is not confirmed \(on call\).*run the rollback action again/,
    )
    const again = await deploy(run('301'))
    expect(again.failure).toContain('a rollback to v1 has begun in production')
    expect(of.percent.green).toBe(5)
    expect((await rollback(run('302'))).outputs).toMatchObject({ from: 2, to: 1, outcome: 'rolled-back' })
    expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
  })

  describe('the first version of an environment, which has nobody to give traffic back to', () => {
    const first = async () => {
      const of = trafficWorld()
      await of.register(1, null)
      const deploy = (id: string, inputs: { readonly resume?: boolean; readonly supersede?: boolean; readonly version?: number } = {}) =>
        canaryDeployHandler(of.ports, of.workflowRun(id))({ version: undefined, plan: false, ...inputs })
      return { of, deploy }
    }

    it('is taken over where its runner died', async () => {
      for (const at of ['canary-start', 'traffic-deploy', 'canary-intent', 'traffic-weight'] as const) {
        const { of, deploy } = await first()
        of.killAt((boundary, moment) => boundary === at && moment === 'after')
        await expect(deploy('100')).rejects.toThrow(Killed)
        of.killAt(null)
        expect((await deploy('300', { resume: true })).outputs).toMatchObject({ decision: 'promoted', version: 1 })
        expect(of.percent).toEqual({ blue: 100, green: 0 })
      }
    })

    it('ends where the target does not take it, without traffic to an empty slot, and the next one is not wedged', async () => {
      const { of, deploy } = await first()
      const { set } = of.ports.target
      let broken = true
      of.ports.target.set = async (slot, ...rest) => {
        if (broken) throw new Error('nginx: configuration file test failed')
        return set(slot, ...rest)
      }
      expect((await deploy('100')).outputs).toMatchObject({ decision: 'held', version: null })
      expect(of.percent).toEqual({ blue: 50, green: 50 })
      expect(of.calls.filter(call => call.includes('green'))).toEqual([])
      broken = false
      expect((await deploy('300', { version: 1 })).outputs).toMatchObject({ decision: 'promoted', version: 1 })
    })

    it('is replaced by another one', async () => {
      const { of, deploy } = await first()
      of.killAt((boundary, moment) => boundary === 'canary-intent' && moment === 'after')
      await expect(deploy('100')).rejects.toThrow(Killed)
      of.killAt(null)
      of.workflowRun('300')
      await of.register(2, null)
      expect((await deploy('300', { version: 2, supersede: true })).outputs).toMatchObject({ decision: 'promoted', version: 2 })
      expect(of.percent).toEqual({ blue: 100, green: 0 })
      expect(of.calls.filter(call => call === 'set green 100')).toEqual([])
    })
  })
})
