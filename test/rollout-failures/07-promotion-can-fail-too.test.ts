import { describe, expect, it } from 'vitest'
import { UserError } from '../../src/core/errors.ts'
import { asBefore, champion } from './world.ts'

const baking = { judge: { bake: '20m' } }

describe('group 7: promotion is a state of its own, and the old champion is kept until it has passed (Flagger #1898, #1931, #1932, #1202)', () => {
  it.each([
    [
      'is refused',
      async () => {
        throw new UserError('instance 2 does not answer')
      },
      'set',
    ],
    [
      'is not accepted by what carries the traffic',
      async () => {
        throw new UserError('instance 2 still shows 50 %')
      },
      'verify',
    ],
  ] as const)('the last step to all traffic %s: everything goes back to the champion, which is up', async (_, fail, verb) => {
    const { of, ports, context, deploy, untouched } = await champion({ judge: { provider_deadline: '2m' } })
    const { set, verify } = ports.target
    if (verb === 'set')
      ports.target.set = (slot, share, ...rest) => (slot === 'green' && share === 100 ? fail() : set(slot, share, ...rest))
    else ports.target.verify = (slot, share) => (slot === 'green' && share === 100 ? fail() : verify(slot, share))
    const answer = await deploy(context)
    expect(answer.outputs).toMatchObject({ decision: 'held', reason: expect.stringContaining('instance 2') })
    expect(await untouched()).toEqual(asBefore)
    expect(of.calls.filter(call => call.startsWith('deploy v1'))).toHaveLength(1)
  })

  it.each([
    ['before', 50],
    ['after', 100],
  ] as const)('a runner that dies %s the last weight is set leaves the champion whole, and the next one goes on', async (moment, live) => {
    const { of, context, run, deploy, state } = await champion(baking)
    of.killAt(
      (boundary, when) =>
        boundary === 'traffic-weight' && when === moment && of.lines.some(line => line.includes('50 %')) && of.percent.green === live,
    )
    await deploy(context).catch(() => undefined)
    of.killAt(null)
    expect(of.percent.green).toBe(live)
    expect((await state()).aliases.champion).toBe(1)
    expect((await deploy(run('300'), { resume: true })).outputs.decision).toBe('promoted')
    expect(of.calls.filter(call => call.startsWith('deploy'))).toEqual(['deploy v1 blue', 'deploy v2 green'])
  })

  it('while it bakes the old champion is champion and live, and its slot is not touched', async () => {
    const { of, context, deploy, once, state } = await champion(baking)
    let seen: unknown
    once(
      () => of.percent.green === 100,
      async () => {
        const { aliases, environments } = await state()
        seen = [aliases.champion, environments.production?.live, environments.production?.rollout?.version, of.running.blue]
      },
    )
    expect((await deploy(context)).outputs).toMatchObject({
      decision: 'promoted',
      reason: expect.stringContaining('no harm was seen in 20 min with all traffic'),
    })
    expect(seen).toEqual([1, { version: 1, slot: 'blue' }, 2, 1])
  })

  it('who is champion changes in the record that ends the rollout, in no other', async () => {
    const { context, deploy, of, eventsOf } = await champion(baking)
    await deploy(context)
    const records = await of.ledger.records('cancer')
    const last = records.findLast(({ events }) => events.some(({ kind }) => kind === 'rollout-end'))
    expect(last?.events.map(({ kind }) => kind)).toEqual(['rollout-end', 'alias'])
    expect(await eventsOf('alias')).toHaveLength(2)
  })

  it.each([
    ['it begins to fail', ({ of }: Awaited<ReturnType<typeof champion>>) => of.errorRate.set(2, 0.5), 'rolled-back', ['2']],
    [
      'its server falls over',
      ({ of }: Awaited<ReturnType<typeof champion>>) => Object.assign(of.running, { green: null }),
      'rolled-back',
      ['2'],
    ],
    [
      'its signals fall silent',
      ({ of }: Awaited<ReturnType<typeof champion>>) => Object.assign(of.world, { signalDown: true }),
      'held',
      [],
    ],
    ['its traffic ends', ({ of }: Awaited<ReturnType<typeof champion>>) => Object.assign(of.world, { requestsPerSecond: 0 }), 'held', []],
  ] as const)('while it bakes %s: one change of weight gives everything back, without a deploy', async (_, change, decision, quarantined) => {
    const world = await champion(baking)
    const { of, context, deploy, once, untouched } = world
    once(
      () => of.percent.green === 100,
      () => change(world),
    )
    expect((await deploy(context)).outputs.decision).toBe(decision)
    expect(await untouched()).toEqual({ ...asBefore, quarantined: [...quarantined] })
    expect(of.calls.filter(call => call.startsWith('deploy'))).toEqual(['deploy v1 blue', 'deploy v2 green'])
    expect(of.calls.at(-1)).toBe('set blue 100')
  })

  it.each([
    0.03, 0.15,
  ])('a version with all traffic that errs below the hard limit (%f, where stable had 0.5 %%) is rolled back, however well it was proven before', async rate => {
    const { of, context, deploy, once, now, untouched } = await champion({
      steps: [5, { pause: '40m' }, 50],
      judge: { bake: '20m', tick: 60 },
    })
    of.errorRate.set(1, 0.005).set(2, 0.005)
    let at = 0
    once(
      () => of.percent.green === 100,
      () => {
        at = now()
        of.errorRate.set(2, rate)
      },
    )
    const answer = await deploy(context)
    expect(answer.outputs).toMatchObject({
      decision: 'rolled-back',
      reason: expect.stringContaining('errors with all traffic, where at most 1 % was proven'),
    })
    expect(now() - at).toBeLessThan(300)
    // Nothing had requests that it could be compared with, so it may be tried again.
    expect(await untouched()).toEqual(asBefore)
  })

  it('a version with all traffic that errs as it was proven to is promoted, also where that is more than nothing', async () => {
    const { of, context, deploy } = await champion({ steps: [5, { pause: '40m' }, 50], judge: { bake: '20m', tick: 60 } })
    of.errorRate.set(1, 0.02).set(2, 0.02)
    expect((await deploy(context)).outputs.decision).toBe('promoted')
  })

  it('a rollout that bakes is replaced or rolled back like any other', async () => {
    const { of, context, run, deploy, rollback, once, state } = await champion(baking)
    of.killAt((boundary, moment) => boundary === 'canary-evidence' && moment === 'after' && of.percent.green === 100)
    await deploy(context).catch(() => undefined)
    of.killAt(null)
    const other = run('300', { judge: { bake: '5m' } })
    await of.register(3, 1)
    once(
      () => of.percent.green === 100 && of.running.green === 3,
      () => rollback(other),
    )
    expect((await deploy(other, { version: 3, supersede: true })).outputs.decision).toBe('held')
    expect(of.calls.filter(call => call.startsWith('DEPLOYED'))).toEqual([])
    expect(of.percent).toEqual({ blue: 100, green: 0 })
    expect((await state()).aliases.champion).toBe(1)
    expect(Object.keys((await state()).quarantine)).toEqual(['3'])
  })
})
