import { describe, expect, it } from 'vitest'
import { canaryDeployHandler } from '../../../src/actions/canary-deploy/handler.ts'
import { rollbackHandler } from '../../../src/actions/rollback/handler.ts'
import { boundaries } from '../../../src/kernel/failpoint.ts'
import { Killed, trafficWorld } from '../../support/traffic-world.ts'

type World = ReturnType<typeof trafficWorld>
const deploy = (of: World, context = of.context, inputs: { version?: number; plan?: boolean } = {}) =>
  canaryDeployHandler(of.ports, context)({ version: inputs.version, plan: inputs.plan ?? false })

/** v1 is live in slot blue, v2 is registered by workflow run 200. */
const withChampion = async (options: { requestsPerSecond?: number } = {}) => {
  const of = trafficWorld(options)
  await of.register(1, null)
  await deploy(of)
  const context = of.workflowRun('200')
  await of.register(2, 1)
  return { of, context }
}

describe('the first version of an environment', () => {
  it('is deployed, must be ready and goes live without a comparison, said so', async () => {
    const of = trafficWorld()
    await of.register(1, null)
    const answer = await deploy(of)
    expect(answer).toMatchObject({ outputs: { decision: 'promoted', version: 1, previous: null } })
    expect(answer.failure).toBeUndefined()
    expect(of.calls).toEqual(['prove refline/cancer/000000000001', 'fetch refline/cancer/000000000001', 'deploy v1 blue', 'set blue 100'])
    expect(of.lines.join('\n')).toContain('without a comparison')
    expect((await of.ledger.read('cancer')).aliases.champion).toBe(1)
  })

  it('ends withdrawn, with no traffic moved, where the deploy fails', async () => {
    const { of, context } = await withChampion()
    of.world.deployFails = true
    const answer = await deploy(of, context)
    expect(answer.outputs).toMatchObject({ decision: 'held', version: 1 })
    expect(answer.failure).toContain('could not be deployed')
    expect(of.percent).toEqual({ blue: 100, green: 0 })
    of.world.deployFails = false
    expect((await deploy(of, context)).outputs.decision).toBe('promoted')
  })
})

describe('a canary', () => {
  it('that never errs is promoted step by step, on proof', async () => {
    const { of, context } = await withChampion()
    const answer = await deploy(of, context)
    expect(answer.outputs).toMatchObject({ decision: 'promoted', version: 2, previous: 1 })
    expect(answer.failure).toBeUndefined()
    expect(of.calls.filter(call => call.startsWith('set'))).toEqual([
      'set blue 100',
      'set green 0',
      'set green 5',
      'set green 50',
      'set green 100',
    ])
    expect(await of.environment()).toMatchObject({
      live: { version: 2, slot: 'green' },
      history: [{ version: 1, slot: 'blue' }],
      rollout: null,
    })
    expect((await of.ledger.read('cancer')).aliases.champion).toBe(2)
    expect(of.lines.some(line => /5 % {2}500 canary requests, 0 errors.*next step$/.test(line))).toBe(true)
    expect(of.statuses.at(-1)).toBe('success')
    expect([...of.comments.keys()].some(key => key.startsWith('42 '))).toBe(true)
    expect(of.incidents).toEqual([])
  })

  it('that harms is rolled back, quarantined and explained', async () => {
    const { of, context } = await withChampion()
    of.errorRate.set(2, 0.08)
    const answer = await deploy(of, context)
    expect(answer.outputs).toMatchObject({ decision: 'rolled-back', version: 1 })
    expect(answer.failure).toMatch(
      /v2 was rolled back and quarantined: canary \d+\/500 errors, stable 0\/9500, harm .*; all traffic is on v1/,
    )
    expect(of.percent).toEqual({ blue: 100, green: 0 })
    const state = await of.ledger.read('cancer')
    expect(state.quarantine['2']).toMatch(/canary \d+\/500/)
    expect(state.aliases.champion).toBe(1)
    expect(of.ledger.subjects.at(-1)).toMatch(/^quarantine cancer v2: canary \d+\/500 errors, stable 0\/9500, harm \d\.\de\d+$/)
    expect(of.incidents).toHaveLength(1)
    expect(of.incidents[0]?.body).toContain('quarantined')
    await expect(deploy(of, of.workflowRun('300'), { version: 2 })).rejects.toThrow('quarantined')
  })

  it('without traffic is withdrawn at the deadline, eligible, and may be tried again', async () => {
    const { of, context } = await withChampion({ requestsPerSecond: 0 })
    const answer = await deploy(of, context)
    expect(answer.outputs).toMatchObject({ decision: 'held', version: 1 })
    expect(answer.failure).toMatch(/not proven within 30m: no requests in either arm.*Run this job again/)
    expect((await of.ledger.read('cancer')).quarantine).toEqual({})
    of.world.requestsPerSecond = 1000
    expect((await deploy(of, context)).outputs.decision).toBe('promoted')
  })

  it('is withdrawn, not promoted, when its signal stays silent', async () => {
    const { of, context } = await withChampion()
    of.world.signalDown = true
    const answer = await deploy(of, context)
    expect(answer.outputs).toMatchObject({ decision: 'held', version: 1 })
    expect(answer.outputs.reason).toContain('no answer for')
    expect(of.percent).toEqual({ blue: 100, green: 0 })
  })

  it('survives a signal that is silent for a while, and counters that begin again', async () => {
    const { of, context } = await withChampion()
    const sleep = of.ports.clock.sleep
    let naps = 0
    of.ports.clock.sleep = async milliseconds => {
      naps += 1
      of.world.signalDown = naps >= 4 && naps <= 6
      if (naps === 8) of.restartCounters('green')
      await sleep(milliseconds)
    }
    expect((await deploy(of, context)).outputs.decision).toBe('promoted')
    expect(of.lines.some(line => line.startsWith('warning: hold: signal errors'))).toBe(true)
  })

  it.each([
    [
      'of several instances of which another answers each time',
      (look: number) => 3000 - 10 * (look % 2),
      /5 looks.*or another instance answered/,
    ],
    ['of a server that begins again all the time', (look: number) => 5000 - look, /5 looks.*slot green began again/],
  ])('is not promoted on the counters %s', async (_what, total, reason) => {
    const { of, context } = await withChampion()
    let look = 0
    const read = async () => {
      look += 1
      return { at: of.ports.clock.now() / 1000, slots: { blue: { total: 6000 * look, bad: 0 }, green: { total: total(look), bad: 0 } } }
    }
    const answer = await canaryDeployHandler(
      { ...of.ports, signals: [{ name: 'errors', check: async () => undefined, read }] },
      context,
    )({ version: undefined, plan: false })
    expect(answer.outputs).toMatchObject({ decision: 'held', version: 1 })
    expect(answer.failure).toMatch(reason)
    expect(of.percent).toEqual({ blue: 100, green: 0 })
  })

  it('says in the end why nothing could be judged', async () => {
    const { of, context } = await withChampion()
    const read = async () => Promise.reject(new Error('signal errors answered with status 500'))
    const settings = { ...context.settings, judge: { ...context.settings.judge, max_duration: '1m' } }
    const ports = { ...of.ports, signals: [{ name: 'errors', check: async () => undefined, read }] }
    const answer = await canaryDeployHandler(ports, { ...context, settings })({ version: undefined, plan: false })
    expect(answer.failure).toMatch(/not proven within 1m: signal errors answered with status 500/)
  })

  it('is held while somebody else moves the weight, and gives the traffic back in the end', async () => {
    const { of, context } = await withChampion()
    of.world.movedBy = 'kubectl-edit at 2026-11-20T12:00:00Z'
    const sleep = of.ports.clock.sleep
    of.ports.clock.sleep = async milliseconds => {
      await sleep(milliseconds)
      if (of.percent.green === 5) Object.assign(of.percent, { blue: 70, green: 30 })
    }
    const answer = await deploy(of, context)
    expect(answer.outputs.decision).toBe('held')
    expect(answer.outputs.reason).toContain('somebody else moved it (changed last by kubectl-edit at 2026-11-20T12:00:00Z)')
    expect(of.percent).toEqual({ blue: 100, green: 0 })
  })

  it('stops when a rollback takes over', async () => {
    const { of, context } = await withChampion()
    of.world.requestsPerSecond = 0
    const sleep = of.ports.clock.sleep
    let rolled = false
    of.ports.clock.sleep = async milliseconds => {
      await sleep(milliseconds)
      if (of.percent.green !== 5 || rolled) return
      rolled = true
      const back = await rollbackHandler(of.ports, { ...context, request: '999' })({
        reason: 'on call',
        to: undefined,
        quarantine: true,
        dryRun: false,
      })
      expect(back.outputs).toMatchObject({ from: 2, to: 1, outcome: 'rolled-back' })
    }
    const answer = await deploy(of, context)
    expect(answer.outputs).toMatchObject({ decision: 'held', version: 1 })
    expect(of.percent).toEqual({ blue: 100, green: 0 })
  })
})

describe('refusals', () => {
  it.each(['keep', 'inconclusive'] as const)('takes nothing live by itself that the comparison did not: %s', async decision => {
    const of = trafficWorld()
    await of.register(1, null)
    await deploy(of)
    const context = of.workflowRun('200')
    await of.register(2, 1, decision)
    const before = [...of.calls]
    const answer = await deploy(of, context)
    expect(answer).toMatchObject({ outputs: { decision: '', version: 1, reason: expect.stringContaining(`not to go live (${decision})`) } })
    expect(answer.failure).toBeUndefined()
    expect(of.calls).toEqual(before)
    expect((await deploy(of, context, { version: 2 })).outputs).toMatchObject({ decision: 'promoted', version: 2 })
  })
  it('takes what somebody overrode the gate for', async () => {
    const of = trafficWorld()
    await of.register(1, null)
    await deploy(of)
    const context = of.workflowRun('200')
    await of.register(2, 1, 'keep', { reason: 'the holdout is known to be wrong', actor: 'ada' })
    expect((await deploy(of, context)).outputs).toMatchObject({ decision: 'promoted', version: 2 })
  })

  it('never takes the newest version: nothing registered by this run is an error, unless a step said so', async () => {
    const { of } = await withChampion()
    await expect(deploy(of, of.workflowRun('555'))).rejects.toThrow(/no version to roll out.*Looked for:.*workflow run 555/s)
    of.ports.kept = async () => 'kept: worse than v1'
    const answer = await deploy(of, of.workflowRun('555'))
    expect(answer).toMatchObject({ outputs: { decision: '', reason: expect.stringContaining('worse than v1') } })
    expect(answer.failure).toBeUndefined()
  })

  /** v2 became champion after v3 was judged against v1. */
  const superseded = async () => {
    const { of, context } = await withChampion()
    await deploy(of, context)
    const late = of.workflowRun('300')
    await of.register(3, 1)
    return { of, late }
  }

  it('holds a version that was judged against another champion and cannot be judged again', async () => {
    const { of, late } = await superseded()
    const answer = await deploy(of, late)
    expect(answer.failure).toBe('superseded: nothing is stored beside them')
    expect(of.percent).toEqual({ blue: 0, green: 100 })
  })

  it('judges such a version again first: it goes live only where it is better than the champion of now', async () => {
    const { of, late } = await superseded()
    const asked: unknown[] = []
    const judged = (decision: 'promote' | 'keep') => {
      of.ports.judgeAgain = async ({ version, champion }) => {
        asked.push([version.version, champion.version])
        return { outcome: 'again', decision, reason: `v3 judged again, against v2: ${decision}`, assessment: {} as never }
      }
    }
    judged('keep')
    expect((await deploy(of, late)).failure).toContain(
      'superseded: v3 was judged against v1, but the champion is v2 now. Judged again, it may not replace',
    )
    expect(of.percent).toEqual({ blue: 0, green: 100 })
    judged('promote')
    expect((await deploy(of, late)).outputs).toMatchObject({ decision: 'promoted', version: 3 })
    expect(of.results.at(-1)).toHaveProperty('judged_again')
    expect(asked).toEqual([
      [3, 2],
      [3, 2],
    ])
    const events = (await of.ledger.records('cancer')).flatMap(record => record.events)
    expect(events.findLast(event => event.kind === 'rollout-start')).toMatchObject({
      again: { champion: 2, reason: 'v3 judged again, against v2: promote' },
    })
  })

  it('touches no traffic where files are missing or the idle slot is not idle', async () => {
    const { of, context } = await withChampion()
    of.world.missingFiles.add('refline/cancer/000000000002')
    await expect(deploy(of, context)).rejects.toThrow('cannot be proven')
    of.world.missingFiles.clear()
    Object.assign(of.percent, { blue: 90, green: 10 })
    await expect(deploy(of, context)).rejects.toThrow('slot green should be idle but gets 10 %')
    expect((await of.environment())?.rollout).toBeNull()
  })

  it('does not start beside a rollout of another version', async () => {
    const { of, context } = await withChampion()
    of.killAt((boundary, moment) => boundary === 'traffic-weight' && moment === 'after')
    await expect(deploy(of, context)).rejects.toThrow(Killed)
    of.killAt(null)
    const other = of.workflowRun('300')
    await of.register(3, 1)
    await expect(deploy(of, other)).rejects.toThrow('v2 is being rolled out')
  })

  it('changes nothing for a plan', async () => {
    const { of, context } = await withChampion()
    const before = await of.ledger.read('cancer')
    const answer = await deploy(of, context, { plan: true })
    expect(answer.outputs.decision).toBe('')
    expect(await of.ledger.read('cancer')).toEqual(before)
    expect(of.lines.join('\n')).toMatch(/at your traffic, 1 % -> 2 % is seen after about .* at 5 % of 1,000 requests\/s/)
  })
})

describe('killed at a write and run again', () => {
  const used = boundaries.filter(boundary => /^(canary-(?!head)|traffic-(?!deploy)|announce-comment)/.test(boundary))
  const cases = used.flatMap(boundary =>
    (['before', 'after'] as const).flatMap(moment => ([1, 2, 3] as const).map(time => [boundary, moment, time] as const)),
  )
  const fates = [
    ['good', 0, 'promoted'],
    ['bad', 0.08, 'rolled-back'],
  ] as const

  it.each(
    cases.flatMap(place => fates.map(fate => [...place, ...fate] as const)),
  )('at %s:%s, time %d, of a %s canary', async (boundary, moment, time, _fate, rate, decision) => {
    const whole = await withChampion()
    whole.of.errorRate.set(2, rate)
    await deploy(whole.of, whole.context)
    const expected = await whole.of.ledger.read('cancer')

    const { of, context } = await withChampion()
    of.errorRate.set(2, rate)
    let seen = 0
    of.killAt((at, when) => at === boundary && when === moment && ++seen === time)
    const first = await deploy(of, context).catch((error: unknown) => error)
    // A boundary passed less often than that leaves nothing to repeat but the answer.
    if (seen >= time && boundary !== 'announce-comment') expect(first).toBeInstanceOf(Killed)
    of.killAt(null)
    const answer = await deploy(of, context)
    expect(answer.outputs.decision).toBe(decision)
    const state = await of.ledger.read('cancer')
    expect(state.environments).toEqual(expected.environments)
    expect(state.aliases).toEqual(expected.aliases)
    expect(Object.keys(state.quarantine)).toEqual(Object.keys(expected.quarantine))
    expect(of.percent).toEqual(whole.of.percent)
    expect(of.comments.size).toBe(whole.of.comments.size)
    expect(of.calls.filter(call => call.startsWith('DEPLOYED'))).toEqual([])
    const ends = (await of.ledger.records('cancer')).flatMap(record => record.events).filter(event => event.kind === 'rollout-end')
    expect(ends).toHaveLength(2)
  })

  it('at every single record of the ledger, before and after it is written', async () => {
    for (const moment of ['before', 'after'] as const)
      for (let time = 1; time <= 9; time++) {
        const { of, context } = await withChampion()
        let seen = 0
        of.ledger.interrupt(at => {
          if (at === moment && ++seen === time) throw new Killed(`record ${time}`)
        })
        await deploy(of, context).catch(() => undefined)
        of.ledger.interrupt(null)
        of.killAt(null)
        const answer = await deploy(of, context)
        expect([moment, time, answer.outputs.decision, answer.outputs.version]).toEqual([moment, time, 'promoted', 2])
        expect(of.percent).toEqual({ blue: 0, green: 100 })
      }
  })
})
