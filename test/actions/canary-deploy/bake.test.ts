import { describe, expect, it } from 'vitest'
import { Killed } from '../../support/traffic-world.ts'
import { deploy, withChampion } from './driven-world.ts'

describe('bake', () => {
  it('the old champion stays champion until the bake is over', async () => {
    const { of, context, once, now, events } = await withChampion({ judge: { bake: '20m' } })
    let champion: unknown
    let live: unknown
    once(
      () => of.percent.green === 100,
      async () => {
        const state = await of.ledger.read('cancer')
        champion = state.aliases.champion
        live = state.environments.production?.live?.version
      },
    )
    expect((await deploy(of, context)).outputs).toMatchObject({
      decision: 'promoted',
      reason: expect.stringContaining('no harm was seen in 20 min with all traffic'),
    })
    expect([champion, live]).toEqual([1, 1])
    const confirmed = (await events()).findLast(event => event.kind === 'weight-confirm' && event.percent === 100)
    expect(now() - ((confirmed?.kind === 'weight-confirm' && confirmed.at) || 0)).toBeGreaterThanOrEqual(1200)
  })

  it('harm during the bake gives all traffic back to the old champion, which is still up', async () => {
    const { of, context, once } = await withChampion({ judge: { bake: '20m' } })
    once(
      () => of.percent.green === 100,
      () => of.errorRate.set(2, 0.5),
    )
    const answer = await deploy(of, context)
    expect(answer.outputs).toMatchObject({ decision: 'rolled-back', version: 1 })
    expect(of.percent).toEqual({ blue: 100, green: 0 })
    expect((await of.ledger.read('cancer')).aliases.champion).toBe(1)
    expect(of.calls.filter(call => call.startsWith('deploy v1'))).toHaveLength(1)
  })
})

describe('a bake that nobody watched', () => {
  const lastJudged = (events: Awaited<ReturnType<Awaited<ReturnType<typeof withChampion>>['events']>>) =>
    events.findLast(event => event.kind === 'evidence')

  it('is not over because time has passed: a runner that comes after it looks first', async () => {
    const { of, context, run, events, now } = await withChampion({ judge: { bake: '10m' } })
    let at100 = false
    of.killAt((boundary, moment) => {
      at100 ||= of.percent.green === 100 && boundary === 'canary-confirm'
      return at100 && moment === 'after'
    })
    await expect(deploy(of, context)).rejects.toThrow(Killed)
    of.killAt(null)
    expect((await of.environment())?.rollout).toMatchObject({ percent: 100, intent: null, bake: 600 })
    await of.ports.clock.sleep(1_200_000)
    of.errorRate.set(2, 0.5)
    const came = now()
    expect((await deploy(of, run('300'), { resume: true })).outputs).toMatchObject({ decision: 'rolled-back', version: 1 })
    expect(lastJudged(await events())?.until).toBeGreaterThan(came)
    expect(of.percent).toEqual({ blue: 100, green: 0 })
  })

  it('is not over where its signals do not answer', async () => {
    const { of, context, once, now } = await withChampion({ judge: { bake: '2m', provider_deadline: '10m' } })
    let reached = 0
    once(
      () => of.percent.green === 100,
      () => {
        reached = now()
        of.world.signalDown = true
      },
    )
    const answer = await deploy(of, context)
    expect(answer.outputs).toMatchObject({ decision: 'held', version: 1, reason: expect.stringContaining('no answer for') })
    expect(now() - reached).toBeGreaterThan(600)
    expect(of.percent).toEqual({ blue: 100, green: 0 })
  })

  it('is not over where no request came that could have shown anything', async () => {
    const { of, context, once } = await withChampion({ judge: { bake: '2m', max_duration: '30m' } })
    once(
      () => of.percent.green === 100,
      () => {
        of.world.requestsPerSecond = 0
      },
    )
    expect((await deploy(of, context)).outputs).toMatchObject({ decision: 'held', version: 1 })
  })
})
