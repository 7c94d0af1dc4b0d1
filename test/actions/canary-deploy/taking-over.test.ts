import { describe, expect, it } from 'vitest'
import { Killed } from '../../support/traffic-world.ts'
import { deploy, leftAt5, withChampion } from './driven-world.ts'

describe('a runner that died', () => {
  it('is followed by another workflow run once it has written nothing for three ticks, with the same evidence', async () => {
    const { of, run, events } = await leftAt5()
    const before = (await of.environment())?.rollout
    const answer = await deploy(of, run('300'), { resume: true })
    expect(answer.outputs).toMatchObject({ decision: 'promoted', version: 2, rollout: before?.rollout })
    const all = await events()
    expect(all.filter(event => event.kind === 'rollout-taken')).toMatchObject([{ holder: '300', from: '200' }])
    expect(all.filter(event => event.kind === 'rollout-start')).toHaveLength(2)
  })

  it('is followed at once where GitHub knows that its workflow run is over', async () => {
    const { of, run, now } = await leftAt5()
    const asked: string[] = []
    of.ports.workflowRuns = {
      find: async id => {
        asked.push(id)
        return { actor: null, commit: '', path: '', event: 'push', created: 0, ended: 1 }
      },
    }
    const began = now()
    let took = 0
    of.killAt((boundary, moment) => {
      if (boundary === 'canary-take' && moment === 'before') took = now() - began
      return false
    })
    expect((await deploy(of, run('300'), { resume: true })).outputs.decision).toBe('promoted')
    expect(asked).toEqual(['200'])
    expect(took).toBe(0)
  })

  it('is not followed while it writes: the watchdog ends green and changes nothing', async () => {
    const { of, run, once, now } = await leftAt5()
    once(
      () => true,
      () =>
        of.ledger.append('cancer', { id: 'heartbeat:production:1:200', subject: 'watch' }, head => ({
          events: [
            {
              kind: 'heartbeat',
              environment: 'production',
              rollout: head.environments.production?.rollout?.rollout ?? '',
              at: now(),
              judgement: 'hold: waiting',
            },
          ],
        })),
    )
    const calls = [...of.calls]
    const answer = await deploy(of, run('300'), { resume: true })
    expect(answer).toMatchObject({ outputs: { decision: '', reason: expect.stringContaining('workflow run 200, which is at work') } })
    expect(answer.failure).toBeUndefined()
    expect(of.calls).toEqual(calls)
  })

  it('and was not dead after all finds that it was replaced, and does nothing more', async () => {
    const { of, context, once, now } = await withChampion()
    let calls: readonly string[] = []
    once(
      () => of.percent.green === 5,
      async () => {
        await of.ledger.append('cancer', { id: 'take:production:1:300', subject: 'take over' }, head => {
          const rollout = head.environments.production?.rollout?.rollout ?? ''
          return { events: [{ kind: 'rollout-taken', environment: 'production', rollout, holder: '300', from: '200', at: now() }] }
        })
        calls = [...of.calls]
      },
    )
    const answer = await deploy(of, context)
    expect(answer.failure).toBe('held: v2 is being rolled out in production by workflow run 300')
    expect(of.calls).toEqual(calls)
    expect(of.percent.green).toBe(5)
    // The other one tells of the deployment that both have.
    expect(of.statuses.at(-1)).toBe('in_progress')
  })

  it.each([
    ['before anybody was told', 'announce-summary', 'before', 1],
    ['before the last status', 'announce-status', 'before', 1],
    ['after the last status', 'announce-status', 'after', 0],
  ] as const)('%s, after the last record, leaves it to the watchdog to tell of harm', async (_, place, side, told) => {
    const { of, run, context } = await withChampion()
    of.errorRate.set(2, 0.3)
    let ended = false
    of.killAt((boundary, moment) => {
      ended ||= boundary === 'canary-end' && moment === 'after'
      return ended && boundary === place && moment === side
    })
    await deploy(of, context).catch((error: unknown) => {
      if (!(error instanceof Killed)) throw error
    })
    of.killAt(null)
    const before = of.statuses.length
    for (const id of ['300', '301'])
      expect((await deploy(of, run(id), { resume: true })).outputs).toMatchObject({ decision: '', version: 1 })
    expect(of.statuses.slice(before)).toEqual(Array(told).fill('failure'))
    expect(of.statuses.at(-1)).toBe('failure')
    expect(new Set(of.incidents.map(({ told: marker }) => marker)).size).toBe(1)
  })

  it('and ended longer than a day ago is told of no more', async () => {
    const { of, run, context } = await withChampion()
    let ended = false
    of.killAt((boundary, moment) => {
      ended ||= boundary === 'canary-end' && moment === 'after'
      return ended && boundary === 'announce-summary'
    })
    await expect(deploy(of, context)).rejects.toThrow(Killed)
    of.killAt(null)
    of.flow(25 * 3_600_000)
    const { statuses } = of
    const before = [...statuses]
    expect((await deploy(of, run('300'), { resume: true })).outputs).toMatchObject({ decision: '', version: 2 })
    expect(statuses).toEqual(before)
  })

  it('long ago is not gone on with: the champion gets its traffic back', async () => {
    const { of, run } = await leftAt5()
    of.flow(3 * 3600 * 1000)
    const answer = await deploy(of, run('300'), { resume: true })
    expect(answer.outputs).toMatchObject({
      decision: 'held',
      version: 1,
      reason: expect.stringContaining('abandoned: no runner watched it for'),
    })
    expect(of.percent).toEqual({ blue: 100, green: 0 })
  })
})

describe('another version', () => {
  it('replaces the rollout under way only when it is told to, and begins with evidence of its own', async () => {
    const { of, run, events } = await leftAt5()
    const context = run('300')
    await of.register(3, 1)
    await expect(deploy(of, context)).rejects.toThrow('v2 is being rolled out in production')
    expect((await deploy(of, context, { supersede: true })).outputs).toMatchObject({ decision: 'promoted', version: 3 })
    const all = await events()
    expect(all.filter(event => event.kind === 'rollout-end')).toMatchObject([
      { decision: 'promoted' },
      { decision: 'withdrawn', reason: 'superseded by v3' },
      { decision: 'promoted' },
    ])
    expect((await of.ledger.read('cancer')).quarantine).toEqual({})
    expect(of.calls.filter(call => call.startsWith('DEPLOYED'))).toEqual([])
  })
})
