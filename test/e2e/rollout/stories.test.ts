import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../../support/eventually.ts'
import { decisionsOf } from './decisions.ts'
import { type Daemons, type Front, startDaemons, startHaproxies, startNginxFront, startUsers, type Users } from './production.ts'
import { answersOf, prometheusSignals, type Service, startService, type Told } from './service.ts'
import { expectSplit, type Stretch, watchSplit } from './split.ts'

describe('real traffic', () => {
  let daemons: Daemons
  beforeAll(async () => {
    daemons = await startDaemons(['haproxy', 'nginx'])
  })
  afterAll(() => daemons?.[Symbol.asyncDispose]())

  /** One version is tried after the other under load; `during` is done while the canary of the first has its first share. */
  const tell = async (front: Front, during: (users: Users) => Promise<void>) => {
    const { app } = front
    const signals = prometheusSignals(daemons.prometheus.url, app)
    await using service: Service = await startService(daemons, front, { steps: [20, 50], judge: { max_duration: '80s' }, signals })
    await service.live(1, 1.5)
    const users = await startUsers(daemons, front, 200)
    const release = async (
      runId: number,
      separation: number,
      meanwhile: () => Promise<void>,
    ): Promise<{ readonly told: Told; readonly stretches: readonly Stretch[]; readonly seen: readonly number[] }> => {
      const job = await service.registered(runId, separation)
      const split = watchSplit(front.green, users.counts)
      const [told] = await Promise.all([service.rollOut(job), meanwhile()])
      return { told, stretches: await split.end(), seen: split.seen }
    }
    const nothing = async () => {}

    const good = await release(2, 2.2, async () => {
      await eventually(`the canary of ${app} has 20 %`, async () => Math.abs((await front.green()) - 20) < 0.3, 60)
      await during(users)
    })
    expect(good.told.outputs, good.told.said).toMatchObject({ decision: 'promoted', version: '2', previous: '1' })
    expectSplit(`${app}, a good version`, good.stretches)
    expect(await front.green()).toBe(100)
    const { starts, canaryRequests } = await decisionsOf(service.scenario, 2)
    expect(starts).toBe(1)
    expect(canaryRequests.toSorted((a, b) => a - b)).toEqual(canaryRequests)

    await service.models.behave(3, { errors: 0.05 })
    const failing = await release(3, 3, nothing)
    expect(failing.told.exitCode, failing.told.said).toBe(1)
    expect(failing.told.outputs, failing.told.said).toMatchObject({ decision: 'rolled-back', version: '2' })
    expect(failing.told.said).toMatch(/v3 was rolled back and quarantined: .*errors/)
    expect(await front.green()).toBe(100)

    await service.models.behave(4, { slowdown: 3 })
    const slow = await release(4, 3.5, nothing)
    expect(slow.told.outputs, slow.told.said).toMatchObject({ decision: 'rolled-back', version: '2' })
    expect(slow.told.said).toMatch(/v4 was rolled back and quarantined: .*slow/)
    expectSplit(`${app}, versions that do harm`, [...failing.stretches, ...slow.stretches])
    expect(await front.green()).toBe(100)

    const job = await service.scenario.job({ runId: 9, job: 'rollback', event: 'workflow_dispatch' })
    const back = await job.step('rollback', { reason: 'on call says so' })
    expect(back.outputs, back.stdout + back.stderr).toMatchObject({ from: '2', to: '1', outcome: 'rolled-back' })
    console.log(`${app}: rolled back by hand, all traffic on v1 ${back.outputs.seconds} s after the action's start`)
    expect(Number(back.outputs.seconds)).toBeLessThan(30)
    expect(await front.green()).toBe(0)
    const before = await answersOf(users.counts, 'green')
    await eventually('users are answered by blue', async () => (await answersOf(users.counts, 'blue')) > 100)
    const { lost, refused, slots } = await users.stop()
    expect(slots.green.ok + slots.green.failed - before).toBeLessThan(5)
    expect({ lost, refused }).toEqual({ lost: 0, refused: 0 })
    return good
  }

  it.concurrent(
    'two HAProxys: a good version is promoted through a reload, failing and slow ones are rolled back, and the first one by hand',
    {
      timeout: 300_000,
    },
    async () => {
      await using front = await startHaproxies(daemons, 'haproxy', 2)
      const { seen } = await tell(front, async users => {
        // Once some of the evidence is there that must not be lost.
        await eventually('green has answered', async () => (await answersOf(users.counts, 'green')) > 150, 60)
        await front.reload?.()
      })
      const shares = seen.map(share => Math.round(share))
      // The reloaded one began again with all traffic on blue, and was given its share once more.
      expect(shares.slice(0, 5)).toEqual([0, 20, 10, 20, 50])
    },
  )

  it.concurrent(
    'nginx: a good version is promoted, failing and slow ones are rolled back, and the first one by hand',
    {
      timeout: 300_000,
    },
    async () => {
      await using front = await startNginxFront(daemons, 'nginx')
      const { seen } = await tell(front, async () => {})
      // The last one may come and the job end between two looks.
      expect(seen.map(share => Math.round(share)).slice(0, 3)).toEqual([0, 20, 50])
    },
  )
})
