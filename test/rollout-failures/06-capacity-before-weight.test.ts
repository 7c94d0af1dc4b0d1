import { describe, expect, it } from 'vitest'
import { UserError } from '../../src/core/errors.ts'
import type { Slot } from '../../src/core/lineage/events.ts'
import { asBefore, champion } from './world.ts'

// That no target gives a slot more than it can serve is the contract: "group 6" in test/support/target-contract.ts, run against HAProxy, nginx, kubectl and commands.

/** A target that keeps the contract: a slot that is not ready is given no more traffic. What is done to it is kept in order. */
const counting = async (rules: Parameters<typeof champion>[0] = {}) => {
  const world = await champion(rules)
  const { of, ports } = world
  const down = new Set<Slot>()
  const done: string[] = []
  const { set, read, deploy } = ports.target
  const raise = (slot: Slot, share: number) => {
    if (share > of.percent[slot] && down.has(slot))
      throw new UserError(`slot ${slot} is not ready, so it is given no more traffic and nothing was changed`)
  }
  ports.target.read = async () => {
    const traffic = await read()
    return { ...traffic, ready: { blue: traffic.ready.blue && !down.has('blue'), green: traffic.ready.green && !down.has('green') } }
  }
  ports.target.set = async (slot, share, ...rest) => {
    raise(slot, share)
    raise(slot === 'blue' ? 'green' : 'blue', 100 - share)
    done.push(`set ${slot} ${share}`)
    return set(slot, share, ...rest)
  }
  ports.target.restore = async (slot, seq) => {
    raise(slot, 100)
    done.push(`restore ${slot}`)
    return set(slot, 100, null, seq)
  }
  ports.target.deploy = async (slot, release, seq) => {
    done.push(`deploy v${release.version} ${slot}`)
    return deploy(slot, release, seq)
  }
  return { ...world, down, done }
}

describe('group 6: capacity before weight, for either arm (Argo PR #4612, #3888; Flagger #635)', () => {
  it('the effects come in order: deployed and ready first, then the first share', async () => {
    const { context, deploy, done } = await counting()
    await deploy(context)
    expect(done).toEqual(['set green 0', 'deploy v2 green', 'set green 5', 'set green 50', 'set green 100'])
  })

  it('a version that is not ready when its deploy has ended gets nothing', async () => {
    const { context, deploy, done, down, untouched } = await counting()
    down.add('green')
    const answer = await deploy(context)
    expect(answer.failure).toContain('slot green is not ready although `target.deploy` has ended')
    expect(done).toEqual(['set green 0', 'deploy v2 green'])
    expect(await untouched()).toEqual(asBefore)
  })

  it('a canary that fell over is given no more, and its traffic goes back', async () => {
    const { of, context, deploy, once, done, down } = await counting()
    once(
      () => of.percent.green === 5,
      () => down.add('green'),
    )
    const answer = await deploy(context)
    expect(answer.outputs).toMatchObject({ decision: 'rolled-back', reason: 'slot green was not ready at two looks in a row' })
    expect(done.slice(-2)).toEqual(['set green 5', 'restore blue'])
  })

  it('a runner that takes over with a step up written ahead gives nothing to a canary that is down by then', async () => {
    const { of, context, run, deploy, done, down, untouched } = await counting()
    of.killAt((boundary, moment) => boundary === 'canary-intent' && moment === 'after' && of.percent.green === 5)
    await deploy(context).catch(() => undefined)
    of.killAt(null)
    down.add('green')
    const answer = await deploy(run('300'), { resume: true })
    expect(answer.outputs).toMatchObject({ decision: 'rolled-back', reason: 'slot green was not ready at two looks in a row' })
    expect(of.lines.some(line => line.includes('slot green is not ready, so it is given no more traffic'))).toBe(true)
    expect(done.slice(-2)).toEqual(['set green 5', 'restore blue'])
    expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
  })

  it('no traffic is thrown at a champion that is down: it stays where it is served, and that is said', async () => {
    const { of, context, run, deploy, once, done, down, ended } = await counting({ judge: { provider_deadline: '2m' } })
    of.errorRate.set(2, 0.1)
    once(
      () => of.percent.green === 5,
      () => down.add('blue'),
    )
    await expect(deploy(context)).rejects.toThrow('slot blue is not ready, so it is given no more traffic')
    expect(of.percent).toEqual({ blue: 95, green: 5 })
    expect(await ended()).toEqual([])
    down.clear()
    expect((await deploy(run('300'), { resume: true })).outputs.decision).toBe('rolled-back')
    expect(done.at(-1)).toBe('restore blue')
  })

  it('the rollback action brings the champion up again first where it is down', async () => {
    const { of, context, dieAtLook, rollback, done, down, ports } = await counting()
    await dieAtLook(1)
    down.add('blue')
    const { deploy } = ports.target
    ports.target.deploy = async (slot, release, seq) => {
      await deploy(slot, release, seq)
      down.delete(slot)
    }
    await rollback(context)
    expect(done.slice(-2)).toEqual(['deploy v1 blue', 'restore blue'])
    expect(of.percent).toEqual({ blue: 100, green: 0 })
  })

  it('the champion stays up and whole until the end: nothing is deployed into its slot, not even at 100 %', async () => {
    const { context, deploy, done } = await counting({ judge: { bake: '5m' } })
    expect((await deploy(context)).outputs.decision).toBe('promoted')
    expect(done.filter(effect => effect.startsWith('deploy'))).toEqual(['deploy v2 green'])
  })
})
