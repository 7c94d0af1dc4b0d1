import { describe, expect, it } from 'vitest'
import { UserError } from '../../src/core/errors.ts'
import { asBefore, champion } from './world.ts'

/** v2 harms, and giving its traffic back leaves 5 % of it for as many times. */
const stubborn = async (times: number) => {
  const world = await champion({ judge: { provider_deadline: '2m' } })
  const { of, ports } = world
  of.errorRate.set(2, 0.5)
  const { restore } = ports.target
  let asked = 0
  ports.target.restore = async (slot, seq) => {
    asked += 1
    if (asked <= times) return
    await restore(slot, seq)
  }
  return { ...world, asked: () => asked }
}

describe('group 4: an abort is done when the live weight reads 0 (Argo #4841, #4973)', () => {
  it('a weight that stays is given back again and again, with pauses, and the rollout does not end before it reads 0', async () => {
    const { of, context, deploy, asked, untouched, ended, once } = await stubborn(4)
    let open = 0
    once(
      () => asked() === 3,
      async () => {
        open = (await ended()).length
        expect(of.percent.green).toBe(5)
      },
    )
    expect((await deploy(context)).outputs.decision).toBe('rolled-back')
    expect(open).toBe(0)
    expect(asked()).toBe(5)
    expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
  })

  it('where it never reads 0 that is an error in words, by a deadline, and the next runner asserts it again', async () => {
    const { of, context, run, deploy, asked, ended, now, rollout, untouched } = await stubborn(40)
    const began = now()
    const error = await deploy(context).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(UserError)
    expect(String(error)).toMatch(/slot green still has 5 % of the traffic.*all of it was given to slot blue/)
    expect(String(error)).toMatch(/rollback action/)
    expect(now() - began).toBeLessThan(600)
    expect(asked()).toBeGreaterThan(3)
    expect(await ended()).toEqual([])
    expect(await rollout()).toMatchObject({ intent: { step: -1, percent: 0 } })
    expect(of.percent.green).toBe(5)
    let answer: unknown = null
    for (let attempt = 0; attempt < 5 && answer === null; attempt++)
      answer = await deploy(run(String(300 + attempt)), { resume: true }).catch(() => null)
    expect(answer).toMatchObject({ outputs: { decision: 'rolled-back' } })
    expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
  })

  it('a target that says 0 once and then shows the weight again is given back again', async () => {
    const { of, ports, context, deploy, untouched } = await champion()
    of.errorRate.set(2, 0.5)
    const { read, restore } = ports.target
    let asked = 0
    let lies = 0
    ports.target.restore = async (slot, seq) => {
      asked += 1
      if (asked > 1) await restore(slot, seq)
    }
    ports.target.read = async () => {
      const traffic = await read()
      if (asked !== 1 || lies++ > 0) return traffic
      return { ...traffic, percent: { blue: 100, green: 0 } }
    }
    expect((await deploy(context)).outputs.decision).toBe('rolled-back')
    expect(asked).toBeGreaterThan(1)
    expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
  })

  it('0 for both slots is not done: the champion must have everything', async () => {
    const { of, ports, context, deploy, untouched } = await champion()
    of.errorRate.set(2, 0.5)
    const { restore, verify } = ports.target
    let asked = 0
    ports.target.restore = async (slot, seq) => {
      asked += 1
      if (asked > 1) return restore(slot, seq)
      Object.assign(of.percent, { blue: 0, green: 0 })
    }
    ports.target.verify = async (slot, share) => (slot === 'green' && share === 0 ? undefined : verify(slot, share))
    expect((await deploy(context)).outputs.decision).toBe('rolled-back')
    expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
  })

  it('a weight that comes back after the end is seen by the watchdog: given back where it was forgotten, reported where somebody moved it', async () => {
    const { of, context, run, deploy, now, untouched } = await champion()
    of.errorRate.set(2, 0.5)
    await deploy(context)
    Object.assign(of.percent, { blue: 95, green: 5 })
    const reported = await deploy(run('300'), { resume: true })
    expect(reported.failure).toContain('shows 95 % of the traffic on slot blue, where v1 is live')
    of.world.forgot = now()
    await deploy(run('301'), { resume: true })
    expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
  })

  it('a step up that the target takes and does not show is no hot loop, and in the end the champion has everything', async () => {
    const { ports, context, deploy, untouched } = await champion({ judge: { provider_deadline: '2m' } })
    const { set } = ports.target
    let asked = 0
    ports.target.set = async (slot, share, expecting, seq) => {
      if (slot !== 'green' || share !== 50) return set(slot, share, expecting, seq)
      asked += 1
      if (asked > 1000) throw new Error('asked a thousand times')
    }
    const answer = await deploy(context)
    expect(answer.outputs).toMatchObject({ decision: 'held', reason: expect.stringMatching(/told .*50 %.*still shows 5 %/) })
    expect(asked).toBeLessThan(60)
    expect(await untouched()).toEqual(asBefore)
  })
})
