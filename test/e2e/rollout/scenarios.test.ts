import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { foldOf } from '../../bundle/fold.ts'
import { eventually } from '../../support/eventually.ts'
import { startPrometheus } from '../../support/traffic/prometheus.ts'
import { type Daemons, type Front, longest, modelsOf, startDaemons, startHaproxies, startUsers } from './production.ts'
import { answersOf, precisionSignal, prometheusSignals, type Service, startService } from './service.ts'
import { watchSplit } from './split.ts'

const minutes = { timeout: 240_000 }
const apps = ['fraud', 'spike', 'idle', 'blind', 'sticky', 'clean']

describe('scenarios', () => {
  let daemons: Daemons
  beforeAll(async () => {
    daemons = await startDaemons(apps)
  })
  afterAll(() => daemons?.[Symbol.asyncDispose]())

  const errorsOf = (app: string, url = daemons.prometheus.url) => ({ errors: prometheusSignals(url, app).errors })
  const near = (front: Front, share: number) => async () => Math.abs((await front.green()) - share) < 0.3

  /** A service of which v1 is live, and a job that has registered v2. */
  const withChallenger = async (
    front: Front,
    options: Parameters<typeof startService>[2],
  ): Promise<{ readonly service: Service; readonly job: Awaited<ReturnType<Service['registered']>> }> => {
    const service = await startService(daemons, front, options)
    await service.live(1, 1.5)
    return { service, job: await service.registered(2, 2.2) }
  }

  it.concurrent('fraud model with precision below 99 % on live labels: rolled back', minutes, async () => {
    await using front = await startHaproxies(daemons, 'fraud', 1)
    const models = modelsOf(daemons, 'fraud')
    const signals = { ...errorsOf('fraud'), precision: precisionSignal(models) }
    const { service, job } = await withChallenger(front, { steps: [30, 60], judge: { max_duration: '90s' }, signals })
    await using _ = service
    await models.behave(2, { precision: 0.93 })
    const users = await startUsers(daemons, front, 150)
    const told = await service.rollOut(job)
    await users.stop()
    expect(told.outputs, told.said).toMatchObject({ decision: 'rolled-back', version: '1' })
    expect(told.said).toMatch(/v2 was rolled back and quarantined: .*precision/)
    expect(Object.keys((await foldOf(service.scenario)).quarantine)).toEqual(['2'])
    expect(await front.green()).toBe(0)
  })

  it.concurrent('latency spike: rolled back', minutes, async () => {
    await using front = await startHaproxies(daemons, 'spike', 1)
    const signals = prometheusSignals(daemons.prometheus.url, 'spike')
    const { service, job } = await withChallenger(front, { steps: [30, 60], judge: { max_duration: '90s' }, signals })
    await using _ = service
    const users = await startUsers(daemons, front, 150)
    const [told] = await Promise.all([
      service.rollOut(job),
      // It begins well; then every answer of it takes four times as long.
      eventually('green has answered', async () => (await answersOf(users.counts, 'green')) > 60, 90).then(() =>
        service.models.behave(2, { slowdown: 4 }),
      ),
    ])
    await users.stop()
    expect(told.outputs, told.said).toMatchObject({ decision: 'rolled-back', version: '1' })
    expect(told.said).toMatch(/v2 was rolled back and quarantined: .*slow/)
    expect(await front.green()).toBe(0)
  })

  it.concurrent('idle service: held, never failed', minutes, async () => {
    await using front = await startHaproxies(daemons, 'idle', 1)
    const { service, job } = await withChallenger(front, {
      steps: [20],
      judge: { max_duration: '12s', on_inconclusive: 'withdraw' },
      signals: errorsOf('idle'),
    })
    await using _ = service
    const told = await service.rollOut(job)
    expect(told.outputs, told.said).toMatchObject({ decision: 'held', version: '1' })
    expect(told.outputs.reason, told.said).toMatch(/no requests|traffic/)
    expect((await foldOf(service.scenario)).quarantine).toEqual({})
    expect(await front.green()).toBe(0)
  })

  it.concurrent('Prometheus down: frozen, then the champion has its traffic again', minutes, async () => {
    await using front = await startHaproxies(daemons, 'blind', 1)
    const models = modelsOf(daemons, 'blind')
    await using prometheus = await startPrometheus(join(daemons.folder, 'its-own'), [models], longest)
    const { service, job } = await withChallenger(front, {
      steps: [20, 50],
      judge: { max_duration: '90s', provider_deadline: '8s' },
      signals: errorsOf('blind', prometheus.url),
    })
    await using _ = service
    const users = await startUsers(daemons, front, 100)
    const split = watchSplit(front.green, users.counts)
    const [told, down] = await Promise.all([
      service.rollOut(job),
      eventually('the canary has 20 %', near(front, 20), 60).then(async () => {
        await prometheus.kill()
        return Date.now()
      }),
    ])
    const after = (Date.now() - down) / 1000
    await split.end()
    await users.stop()
    expect(told.outputs, told.said).toMatchObject({ decision: 'held', version: '1' })
    expect(told.said, told.said).toMatch(/hold: .*errors.*(did not answer|ECONNREFUSED)/)
    // It stayed where it was for as long as Prometheus was waited for, and then went back.
    expect(split.seen.map(share => Math.round(share)).filter(share => share !== 0)).toEqual([20])
    expect(after).toBeGreaterThan(8)
    expect(await front.green()).toBe(0)
    expect((await foldOf(service.scenario)).quarantine).toEqual({})
  })

  it.concurrent('sticky leak (weights say 5 %, traffic says 20 %): held with the reason', minutes, async () => {
    await using front = await startHaproxies(daemons, 'sticky', 1, 'SLOT')
    const { service, job } = await withChallenger(front, {
      steps: [5, 50],
      judge: { max_duration: '20s' },
      signals: errorsOf('sticky'),
    })
    await using _ = service
    // Users who were given a session on green before it was taken out of traffic.
    const users = await startUsers(daemons, front, 200, { cookie: 'SLOT=green', cookieShare: 0.16 })
    const told = await service.rollOut(job)
    expect(told.outputs, told.said).toMatchObject({ decision: 'held', version: '1' })
    expect(told.outputs.reason, told.said).toMatch(/the canary got [\d,]+ of [\d,]+ requests where 5\.?\d* % were set/)
    expect((await foldOf(service.scenario)).quarantine).toEqual({})
    expect(await front.green()).toBe(0)
    const before = await answersOf(users.counts, 'green')
    await users.stop()
    expect((await answersOf(users.counts, 'green')) - before).toBeLessThan(5)
  })

  it.concurrent('an error-free canary: promoted', minutes, async () => {
    await using front = await startHaproxies(daemons, 'clean', 1)
    const { service, job } = await withChallenger(front, { steps: [50], judge: { max_duration: '60s' }, signals: errorsOf('clean') })
    await using _ = service
    const users = await startUsers(daemons, front, 100)
    const told = await service.rollOut(job)
    const { slots, lost } = await users.stop()
    expect(told.outputs, told.said).toMatchObject({ decision: 'promoted', version: '2', previous: '1' })
    expect({ failed: slots.blue.failed + slots.green.failed, lost }).toEqual({ failed: 0, lost: 0 })
    expect(await front.green()).toBe(100)
  })
})
