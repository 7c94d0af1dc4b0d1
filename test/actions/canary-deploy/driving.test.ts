import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/core/errors.ts'
import { Killed } from '../../support/traffic-world.ts'
import { deploy, leftAt5, withChampion } from './driven-world.ts'

it('a proof is not stepped up on after minutes in which the target did not answer and nobody looked', async () => {
  const { of, context } = await withChampion()
  const read = of.ports.target.read
  let until = 0
  of.ports.target.read = async () => {
    // The look that proved the first step is written; from now on nobody hears of the target for four minutes, in which v2 breaks.
    const proven = (await of.environment())?.rollout?.judgement.startsWith('promote') === true
    if (until === 0 && proven && of.percent.green === 5) {
      until = of.ports.clock.now() + 240_000
      of.errorRate.set(2, 0.3)
    }
    if (of.ports.clock.now() < until) throw new UserError('the target does not answer')
    return read()
  }
  expect((await deploy(of, context)).outputs).toMatchObject({ decision: 'rolled-back', version: 1 })
  expect(until).toBeGreaterThan(0)
  expect(of.calls).not.toContain('set green 50')
})

describe('a step up that a dead runner had announced and not taken', () => {
  const announced = async () => {
    const world = await withChampion()
    const { of, context } = world
    let seen = false
    of.killAt((boundary, moment) => {
      seen ||= boundary === 'canary-confirm'
      return seen && boundary === 'canary-intent' && moment === 'after'
    })
    await expect(deploy(of, context)).rejects.toThrow(Killed)
    of.killAt(null)
    expect((await of.environment())?.rollout).toMatchObject({ percent: 5, intent: { step: 1, percent: 50 } })
    return world
  }

  it('is proven anew where the proof is long ago', async () => {
    const { of, run } = await announced()
    await of.ports.clock.sleep(900_000)
    of.errorRate.set(2, 0.3)
    expect((await deploy(of, run('300'), { resume: true })).outputs).toMatchObject({ decision: 'rolled-back', version: 1 })
    expect(of.calls).not.toContain('set green 50')
  })

  it('is taken at once where it is not, and a version that is still good is promoted either way', async () => {
    const soon = await announced()
    const before = (await soon.events()).filter(event => event.kind === 'evidence').length
    soon.once(
      () => soon.of.percent.green === 50,
      async () => expect((await soon.events()).filter(event => event.kind === 'evidence')).toHaveLength(before),
    )
    expect((await deploy(soon.of, soon.context)).outputs.decision).toBe('promoted')
    const later = await announced()
    await later.of.ports.clock.sleep(900_000)
    expect((await deploy(later.of, later.run('300'), { resume: true })).outputs.decision).toBe('promoted')
  })
})

describe('a canary is judged in every state', () => {
  it('where somebody moved the weight by hand: harm still gives all traffic back', async () => {
    const { of, context, once, now } = await withChampion()
    let moved = 0
    once(
      () => of.percent.green === 5,
      () => {
        Object.assign(of.percent, { blue: 70, green: 30 })
        of.errorRate.set(2, 0.5)
        moved = now()
      },
    )
    const answer = await deploy(of, context)
    expect(answer.outputs).toMatchObject({ decision: 'rolled-back', version: 1 })
    expect(now() - moved).toBeLessThan(120)
    expect(of.percent).toEqual({ blue: 100, green: 0 })
  })

  it('and there nothing is promoted: what was moved by hand is held, and said at the end', async () => {
    const { of, context, once } = await withChampion()
    once(
      () => of.percent.green === 5,
      () => Object.assign(of.percent, { blue: 70, green: 30 }),
    )
    const answer = await deploy(of, context)
    expect(answer.outputs).toMatchObject({ decision: 'held', reason: expect.stringContaining('somebody else moved it') })
    expect(of.calls).not.toContain('set green 50')
  })

  it('where the target refuses its next step: harm gives all traffic back before the target is given up', async () => {
    const { of, context, now } = await withChampion({ judge: { provider_deadline: '20m' } })
    const { set } = of.ports.target
    let refused = 0
    of.ports.target.set = async (slot, share, expecting, seq) => {
      if (slot === 'green' && share === 50) {
        refused ||= now()
        of.errorRate.set(2, 0.5)
        throw new UserError('slot green is not ready, so it is given no more traffic and nothing was changed')
      }
      return set(slot, share, expecting, seq)
    }
    const answer = await deploy(of, context)
    expect(answer.outputs).toMatchObject({ decision: 'rolled-back', version: 1 })
    expect(now() - refused).toBeLessThan(300)
  })
})

it('a signal that refline.yml names no more is one that does not answer, and says so', async () => {
  const { of, run } = await leftAt5()
  const [errors] = of.ports.signals
  if (errors === undefined) throw new Error('this world has no signal')
  of.ports.signals = [{ ...errors, name: 'failures' }]
  const answer = await deploy(of, run('300'), { resume: true })
  expect(answer.outputs).toMatchObject({ decision: 'held', version: 1 })
  expect(answer.outputs.reason).toMatch(/^no answer for .*: refline\.yml of this job has no signal errors, which this rollout is judged by/)
})

describe('policies', () => {
  it('`hold` leaves an undecided canary at its weight for another runner, which goes on with its evidence', async () => {
    const { of, context, run, events } = await withChampion({ judge: { on_inconclusive: 'hold', max_duration: '5m' } })
    of.world.requestsPerSecond = 0
    const answer = await deploy(of, context)
    expect(answer.outputs.decision).toBe('held')
    expect(answer.failure).toContain('The watchdog workflow goes on with it')
    expect(of.percent.green).toBe(5)
    expect((await of.environment())?.rollout?.holder).toBeUndefined()
    of.world.requestsPerSecond = 1000
    const later = run('300')
    const settings = { ...later.settings, judge: { ...later.settings.judge, max_duration: '60m' } }
    expect((await deploy(of, { ...later, settings }, { resume: true })).outputs).toMatchObject({ decision: 'promoted', version: 2 })
    expect((await events()).filter(event => event.kind === 'rollout-start')).toHaveLength(2)
  })

  it.each([
    ['withdraw', 'held', 0, []],
    ['rollback', 'rolled-back', 0, ['2']],
    ['hold', 'held', 5, []],
  ] as const)('signals that stay silent: %s', async (policy, decision, percent, quarantined) => {
    const { of, context, once } = await withChampion({ judge: { on_provider_error: policy } })
    once(
      () => of.percent.green === 5,
      () => Object.assign(of.world, { signalDown: true }),
    )
    const answer = await deploy(of, context)
    expect(answer.outputs.decision).toBe(decision)
    expect(answer.outputs.reason).toMatch(/no answer for .*signal errors: no answer in time/)
    expect(of.percent.green).toBe(percent)
    expect(Object.keys((await of.ledger.read('cancer')).quarantine)).toEqual(quarantined)
  })
})

describe('weights', () => {
  it('that the target forgot are told it again, and the evidence stays', async () => {
    const { of, context, once, now } = await withChampion()
    once(
      () => of.percent.green === 5,
      () => {
        Object.assign(of.percent, { blue: 50, green: 50 })
        of.world.forgot = now()
      },
    )
    expect((await deploy(of, context)).outputs.decision).toBe('promoted')
    expect(of.lines.some(line => line.includes('the target forgot its weights and shows 50 %'))).toBe(true)
    expect(of.calls.filter(call => call === 'set green 5')).toHaveLength(2)
  })

  it('of the live version are given back by the watchdog when they were forgotten, and reported when somebody moved them', async () => {
    const { of, context, run, now } = await withChampion()
    await deploy(of, context)
    const resume = () => deploy(of, run('300'), { resume: true })
    expect(await resume()).toMatchObject({ outputs: { decision: '', reason: expect.stringContaining('has all traffic') } })
    Object.assign(of.percent, { blue: 60, green: 40 })
    const moved = await resume()
    expect(moved.failure).toContain('somebody moved it')
    expect(of.percent.green).toBe(40)
    of.world.forgot = now()
    expect(await resume()).toMatchObject({ outputs: { decision: '', reason: expect.stringContaining('had forgotten its weights') } })
    expect(of.percent).toEqual({ blue: 0, green: 100 })
  })

  it('are not confirmed before they are verified', async () => {
    const { of, context } = await withChampion()
    const { verify } = of.ports.target
    let refusals = 0
    of.ports.target.verify = async (slot, percent) => {
      if (percent === 5 && ++refusals <= 2) throw new Error('one of two instances has not been reloaded')
      return verify(slot, percent)
    }
    expect((await deploy(of, context)).outputs.decision).toBe('promoted')
    expect(refusals).toBe(3)
    expect(of.lines.some(line => line.includes('hold: one of two instances'))).toBe(true)
  })
})
