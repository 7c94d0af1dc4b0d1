import { describe, expect, it } from 'vitest'
import { asBefore, champion } from './world.ts'

// That the rollback action outranks every state of a rollout, one by one: test/actions/rollback/states.test.ts, "canary.md failure group 8".

const within = (duration: string, otherwise: 'withdraw' | 'rollback' = 'withdraw') => ({ approval: { within: duration, otherwise } })
/** Long waits are looked at once a minute. */
const slow = { judge: { tick: 60 } }

describe('group 8: judging goes on in every wait, a rollback outranks it, and it has a deadline (Flagger #1801; Argo #4461, #4128)', () => {
  it.each([
    ['an approval', [5, within('24h'), 50]],
    ['a pause', [5, { pause: '10h' }, 50]],
  ])('harm during %s rolls back at once', async (_, steps) => {
    const { of, context, deploy, once, now, untouched } = await champion({ steps, ...slow })
    const began = now()
    once(
      () => now() > began + 3600,
      () => of.errorRate.set(2, 0.3),
    )
    expect((await deploy(context)).outputs.decision).toBe('rolled-back')
    expect(now() - began).toBeLessThan(3600 + 600)
    expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
  })

  it('harm that comes right after an approval was given outranks it', async () => {
    const { of, context, deploy, approve, once, now, untouched } = await champion({ steps: [5, within('24h'), 50], ...slow })
    const began = now()
    once(
      () => now() > began + 1800,
      async () => {
        of.errorRate.set(2, 0.6)
        await approve()
      },
    )
    expect((await deploy(context)).outputs.decision).toBe('rolled-back')
    expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
  })

  it.each([
    ['withdraw', 'held', []],
    ['rollback', 'rolled-back', ['2']],
  ] as const)('an approval that nobody gives ends by its deadline as the plan says: %s', async (otherwise, decision, quarantined) => {
    const { context, deploy, now, untouched } = await champion({ steps: [5, within('3h', otherwise), 50], ...slow })
    const began = now()
    expect((await deploy(context)).outputs).toMatchObject({ decision, reason: 'step 1 was not approved in time' })
    expect(now() - began).toBeLessThan(3 * 3600 + 300)
    expect(await untouched()).toEqual({ ...asBefore, quarantined: [...quarantined] })
  })

  it('an approval is for one step: that of an earlier one, or of no step that waits, is refused and opens nothing', async () => {
    const { of, context, deploy, approve, once, now, eventsOf } = await champion({ steps: [5, within('2h'), 50, within('2h')], ...slow })
    const began = now()
    const refused: string[] = []
    const refuse = async (step: number) => void refused.push(String(await approve(step).catch((error: unknown) => error)))
    once(
      () => now() > began + 600 && of.percent.green === 5,
      async () => {
        await refuse(1)
        await approve(0)
      },
    )
    once(
      () => now() > began + 600 && of.percent.green === 50,
      () => refuse(0),
    )
    expect((await deploy(context)).outputs).toMatchObject({ decision: 'held', reason: 'step 2 was not approved in time' })
    expect(refused[0]).toContain('step 1 of rollout')
    expect(refused[1]).toMatch(/step 0 of rollout .* is not the present one, which is 1/)
    expect((await eventsOf('weight-confirm')).map(({ percent }) => percent)).toEqual([100, 5, 50, 0])
  })

  it('of an approval and a rollback at once the rollback is what counts, in either order', async () => {
    for (const order of ['approval first', 'rollback first']) {
      const { of, context, deploy, rollback, approve, once, now, untouched } = await champion({ steps: [5, within('24h'), 50], ...slow })
      const began = now()
      once(
        () => now() > began + 900,
        async () => {
          if (order === 'approval first') await approve()
          await rollback(context)
          if (order === 'rollback first') await expect(approve()).rejects.toThrow('no rollout is under way')
        },
      )
      expect((await deploy(context)).outputs.decision).toBe('held')
      expect(of.calls.filter(call => call === 'set green 50')).toEqual([])
      expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
    }
  })

  it('an abort after full promotion is done like any other', async () => {
    const { of, context, run, deploy, rollback, untouched } = await champion()
    expect((await deploy(context)).outputs.decision).toBe('promoted')
    expect((await rollback(run('400'))).outputs).toMatchObject({ from: 2, to: 1, outcome: 'rolled-back' })
    expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
    expect(of.calls.filter(call => call.startsWith('deploy v1'))).toHaveLength(1)
  })

  it('time that was waited for an approval is not time to be undecided later', async () => {
    const { of, context, deploy, approve, once, now } = await champion({ steps: [5, within('24h'), 50], ...slow })
    const began = now()
    once(
      () => now() > began + 900,
      () => approve(),
    )
    once(
      () => of.percent.green === 50,
      () => Object.assign(of.world, { requestsPerSecond: 0 }),
    )
    expect((await deploy(context)).outputs).toMatchObject({ decision: 'held', reason: expect.stringContaining('not proven within 30m') })
    expect(now() - began).toBeLessThan(2 * 3600)
  })

  it('a pause that is longer than max_duration is a pause, not the end', async () => {
    const { context, deploy } = await champion({ steps: [5, { pause: '2h' }, 50], judge: { tick: 60, max_duration: '10m' } })
    expect((await deploy(context)).outputs.decision).toBe('promoted')
  })

  it('a bake that is longer than max_duration is too', async () => {
    const { context, deploy } = await champion({ judge: { tick: 60, max_duration: '10m', bake: '1h' } })
    expect((await deploy(context)).outputs.decision).toBe('promoted')
  })

  it.each([
    ['signals that are down', { signalDown: true }],
    ['a target that does not answer', { targetDown: true }],
    ['no traffic', { requestsPerSecond: 0 }],
  ])('who only waits for an approval is not taken for dead by the watchdog, also with %s', async (_, down) => {
    const { of, run, context, deploy, once, now, eventsOf } = await champion({
      steps: [5, within('5h'), 50],
      judge: { tick: 60, provider_deadline: '20h', abandon_after: '1h' },
    })
    const began = now()
    once(
      () => now() > began + 900,
      () => Object.assign(of.world, down),
    )
    const answers: string[] = []
    const { sleep } = of.ports.clock
    let next = began + 3600
    let looking = false
    // The watchdog comes every 15 minutes of two hours, and watches while the other runner goes on.
    of.ports.clock.sleep = async milliseconds => {
      await sleep(milliseconds)
      if (looking || now() < next || now() > began + 3 * 3600) return
      looking = true
      next = now() + 900
      const resumed = deploy(run('300'), { resume: true }).then(({ outputs }) => answers.push(outputs.reason))
      of.workflowRun('200')
      void resumed.then(() => {
        looking = false
      })
    }
    once(
      () => now() > began + 4 * 3600,
      () => Object.assign(of.world, { signalDown: false, targetDown: false, requestsPerSecond: 1000 }),
    )
    await deploy(context)
    expect(answers.length).toBeGreaterThan(3)
    expect(answers.filter(answer => !answer.includes('workflow run 200, which is at work'))).toEqual([])
    expect(await eventsOf('rollout-taken')).toEqual([])
  })

  it('a rollout that is held undecided is judged again by each runner that takes it over: harm is seen however long it was held', async () => {
    const hold = { judge: { on_inconclusive: 'hold', max_duration: '10m', tick: 60 } } as const
    const { of, context, run, deploy, untouched, rollout } = await champion({ ...hold, requestsPerSecond: 0 })
    expect((await deploy(context)).outputs.decision).toBe('held')
    expect(of.percent.green).toBe(5)
    of.flow(60 * 60 * 1000)
    expect((await deploy(run('300'), { resume: true })).outputs.decision).toBe('held')
    expect((await rollout()).judgement).toContain('left: not proven within 10m')
    of.world.requestsPerSecond = 1000
    of.errorRate.set(2, 0.5)
    of.flow(60 * 60 * 1000)
    expect((await deploy(run('301'), { resume: true })).outputs.decision).toBe('rolled-back')
    expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
  })

  it('a clock that jumps back neither stops the rollout nor makes it spin', async () => {
    const { of, ports, context, deploy, now } = await champion({ steps: [5, { pause: '5m' }, 50] })
    const { now: right } = ports.clock
    let back = 0
    let naps = 0
    const { sleep } = ports.clock
    let silent = 0
    ports.clock.now = () => right() - back
    ports.clock.sleep = async milliseconds => {
      naps += 1
      if (naps > 2000) throw new Error('it spins')
      await sleep(milliseconds)
      if (silent === 0 && of.lines.some(line => line.includes('proven at this step'))) {
        silent = right()
        of.world.targetDown = true
      }
      // An hour back, one minute after the target fell silent; two minutes later it answers again.
      if (silent > 0 && right() > silent + 60_000) back = 3600_000
      if (silent > 0 && right() > silent + 180_000) of.world.targetDown = false
    }
    const began = now()
    const answer = await deploy(context)
    expect(answer.outputs.decision).toBe('promoted')
    expect(now() - began).toBeLessThan(7200)
  })

  it('a beginning in the future, by a clock that was wrong, is no reason to wait for ever', async () => {
    const { of, ports, context, run, deploy, dieAtLook, now, untouched } = await champion({ requestsPerSecond: 100 })
    const { now: right } = ports.clock
    ports.clock.now = () => right() + 400 * 24 * 3600_000
    await dieAtLook(2, context)
    ports.clock.now = right
    of.world.requestsPerSecond = 0
    const began = now()
    const answer = await deploy(run('300'), { resume: true })
    expect(answer.outputs.decision).toBe('held')
    expect(now() - began).toBeLessThan(3 * 3600)
    expect(await untouched()).toEqual(asBefore)
  })
})
