import { describe, expect, it } from 'vitest'
import { UserError } from '../../src/core/errors.ts'
import { asBefore, champion, signalOf } from './world.ts'

// The judge alone, of signals that did not report: test/core/rollout/no-data.test.ts.

/** About 25 requests of the canary a look: it takes more than ten of them to prove anything. */
const slow = { steps: [5], requestsPerSecond: 50 }

describe('group 9: a rollout goes on with the evidence that it has, and every required signal must have reported (Argo #3015, #3850, #3873, #1360)', () => {
  it('as many looks prove it with one runner as with three, one after the other', async () => {
    const whole = await champion(slow)
    expect((await whole.deploy(whole.context)).outputs.decision).toBe('promoted')
    const wanted = (await whole.eventsOf('evidence')).length
    expect(wanted).toBeGreaterThan(10)

    const world = await champion(slow)
    await world.dieAtLook(4)
    await world.dieAtLook(4, world.run('300'))
    expect((await world.deploy(world.run('400'), { resume: true })).outputs.decision).toBe('promoted')
    expect(await world.eventsOf('evidence')).toHaveLength(wanted)
    expect(await world.eventsOf('rollout-start')).toHaveLength(2)
    const canary = (await world.eventsOf('evidence')).map(({ judge }) => judge.signals.errors?.total.canary ?? 0)
    expect(canary).toEqual([...canary].sort((a, b) => a - b))
  })

  it('harm that was found is not forgotten by who takes over, though nothing errs any more', async () => {
    const { of, run, deploy, dieAtLook, untouched } = await champion()
    of.errorRate.set(2, 0.3)
    await dieAtLook(1)
    of.errorRate.set(2, 0)
    expect((await deploy(run('300'), { resume: true })).outputs.decision).toBe('rolled-back')
    expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
  })

  it.each([
    ['by a runner that comes too late', (of: { flow: (milliseconds: number) => void }) => of.flow(5 * 3600_000), { resume: true }],
    ['by a version that supersedes it', () => undefined, { version: 3, supersede: true }],
  ])('nor %s: what did harm is rolled back and quarantined, not only withdrawn', async (_, meanwhile, inputs) => {
    const { of, run, deploy, dieAtLook, ended, state } = await champion()
    of.errorRate.set(2, 0.3)
    await dieAtLook(1)
    meanwhile(of)
    const context = run('300')
    await of.register(3, 1)
    await deploy(context, inputs)
    expect((await ended())[0]).toMatchObject({ decision: 'rolled-back', reason: expect.stringContaining('errors') })
    expect(Object.keys((await state()).quarantine)).toEqual(['2'])
    expect(of.incidents).toHaveLength(1)
  })

  it('a signal that begins later than the others is waited for, however well the others are', async () => {
    let began: number | null = null
    const late = async () => {
      if (began === null || now() < began + 900) throw new UserError('signal slow: no answer in time')
      const total = Math.floor(100 * (now() - began))
      return { at: now(), slots: { blue: { total: total * 19, bad: 0 }, green: { total, bad: 0 } } }
    }
    const { of, context, deploy, now, once, eventsOf } = await champion({
      steps: [5],
      more: [signalOf('slow', late)],
      judge: { provider_deadline: '20m' },
    })
    once(
      () => of.percent.green === 5,
      () => {
        began = now()
      },
    )
    expect((await deploy(context)).outputs.decision).toBe('promoted')
    const evidence = await eventsOf('evidence')
    const at100 = (await eventsOf('weight-intent')).find(({ percent }) => percent === 100)
    expect(at100).toBeDefined()
    expect(evidence.filter(({ judgement }) => judgement.includes('signal slow gave no answer')).length).toBeGreaterThan(80)
    expect(evidence.at(-1)?.judge.signals.slow?.total.canary).toBeGreaterThan(300)
  })

  it('a signal that answers again carries on: what it was silent for is no restart of the others', async () => {
    const { of, context, deploy, once, eventsOf } = await champion(slow)
    once(
      () => of.percent.green === 5 && of.lines.some(line => /^ +5 %/.test(line)),
      () => Object.assign(of.world, { signalDown: true }),
    )
    const { sleep } = of.ports.clock
    let naps = 0
    of.ports.clock.sleep = async milliseconds => {
      await sleep(milliseconds)
      if (of.world.signalDown && ++naps === 5) of.world.signalDown = false
    }
    expect((await deploy(context)).outputs.decision).toBe('promoted')
    const totals = (await eventsOf('evidence')).map(({ judge }) => judge.signals.errors?.total.canary ?? 0)
    expect(totals).toEqual([...totals].sort((a, b) => a - b))
  })

  describe('rules that were changed in refline.yml between two runners', () => {
    it('do not change a rollout under way: its steps, waits and bounds are those that it began with', async () => {
      const { run, deploy, dieAtLook, rollout, eventsOf } = await champion({ ...slow, steps: [5, 50] })
      await dieAtLook(4)
      const { settings } = await rollout()
      const context = run('300', { steps: [1, 2, 3], judge: { alpha: 0.5, beta: 0.9, bake: '10h' }, errors: { acceptable: 0.9 } })
      expect((await deploy(context, { resume: true })).outputs.decision).toBe('promoted')
      expect((await eventsOf('weight-confirm')).map(({ percent }) => percent)).toEqual([100, 5, 50, 100])
      expect((await eventsOf('rollout-start')).at(-1)?.judge).toEqual(settings)
      expect((await eventsOf('evidence')).length).toBeGreaterThan(10)
    })

    it('a required signal that was taken out is missed in words, and nothing is promoted without it', async () => {
      const clean = signalOf('slow', async () => ({ at: now(), slots: { blue: { total: 0, bad: 0 }, green: { total: 0, bad: 0 } } }))
      const { ports, run, deploy, dieAtLook, now, untouched } = await champion({ ...slow, more: [clean] })
      await dieAtLook(2)
      Object.assign(ports, { signals: ports.signals.filter(({ name }) => name !== 'slow') })
      const answer = await deploy(run('300', { more: [] }), { resume: true })
      expect(answer.outputs).toMatchObject({
        decision: 'held',
        reason: expect.stringContaining('refline.yml of this job has no signal slow, which this rollout is judged by'),
      })
      expect(await untouched()).toEqual(asBefore)
    })

    it('a signal that is new there says nothing of a rollout that began without it', async () => {
      const broken = signalOf('slow', async () => Promise.reject(new UserError('signal slow: no answer in time')))
      const { ports, run, deploy, dieAtLook } = await champion(slow)
      await dieAtLook(2)
      Object.assign(ports, { signals: [...ports.signals, broken] })
      expect((await deploy(run('300', { more: [broken] }), { resume: true })).outputs.decision).toBe('promoted')
    })

    it('the live report goes on with the plan that is followed', async () => {
      const { of, run, deploy, dieAtLook } = await champion({ ...slow, steps: [5, { pause: '1m' }, 50] })
      await dieAtLook(2)
      of.summaries.length = 0
      await deploy(run('300', { steps: [33] }), { resume: true })
      expect(of.summaries[0]).toContain('pause of 60 s')
      expect(of.summaries.join('\n')).not.toContain('33 %')
    })
  })
})
