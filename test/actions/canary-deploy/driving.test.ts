import { describe, expect, it } from 'vitest'
import { canaryDeployHandler } from '../../../src/actions/canary-deploy/handler.ts'
import { rollbackHandler } from '../../../src/actions/rollback/handler.ts'
import type { EnvironmentConfiguration } from '../../../src/core/configuration/schema.ts'
import { UserError } from '../../../src/core/errors.ts'
import { Killed, trafficWorld } from '../../support/traffic-world.ts'

type World = ReturnType<typeof trafficWorld>
type Inputs = Parameters<ReturnType<typeof canaryDeployHandler>>[0]

const deploy = (of: World, context: World['context'], inputs: Partial<Inputs> = {}) =>
  canaryDeployHandler(of.ports, context)({ version: undefined, plan: false, ...inputs })

interface Rules {
  readonly steps?: EnvironmentConfiguration['steps']
  readonly judge?: Partial<EnvironmentConfiguration['judge']>
}

/** v1 is live in slot blue, v2 is registered by workflow run 200 and is rolled out by these rules. */
const withChampion = async ({ steps, judge = {} }: Rules = {}) => {
  const of = trafficWorld()
  await of.register(1, null)
  await deploy(of, of.context)
  const run = (id: string) => {
    const context = of.workflowRun(id)
    const { settings } = context
    return { ...context, settings: { ...settings, steps: steps ?? settings.steps, judge: { ...settings.judge, ...judge } } }
  }
  const context = run('200')
  await of.register(2, 1)
  /** Does something once while time passes, as soon as it is so. */
  const once = (when: () => boolean, act: () => unknown) => {
    const { sleep } = of.ports.clock
    let done = false
    of.ports.clock.sleep = async milliseconds => {
      await sleep(milliseconds)
      if (done || !when()) return
      done = true
      await act()
    }
  }
  const events = async () => (await of.ledger.records('cancer')).flatMap(record => record.events)
  const now = () => of.ports.clock.now() / 1000
  return { of, context, run, once, events, now }
}

/** The runner of workflow run 200 dies when the canary has 5 %. */
const leftAt5 = async (rules: Rules = {}) => {
  const world = await withChampion(rules)
  const { of, context } = world
  of.killAt((boundary, moment) => boundary === 'canary-evidence' && moment === 'after')
  await expect(deploy(of, context)).rejects.toThrow(Killed)
  of.killAt(null)
  expect(of.percent.green).toBe(5)
  return world
}

describe('waits', () => {
  it('a pause keeps the share for as long as it says, however early it is proven', async () => {
    const { of, context, events } = await withChampion({ steps: [5, { pause: '10m' }, 50] })
    expect((await deploy(of, context)).outputs.decision).toBe('promoted')
    const reached = (await events()).flatMap(event => (event.kind === 'weight-confirm' && event.at !== undefined ? [event] : []))
    const at = (percent: number) => reached.find(event => event.percent === percent)?.at ?? 0
    expect(at(50) - at(5)).toBeGreaterThanOrEqual(600)
    expect(of.lines.some(line => line.includes('the pause is over in'))).toBe(true)
  })

  const approval = { approval: { within: '2h', otherwise: 'withdraw' as const } }
  const approve = (of: World) =>
    of.ledger.append('cancer', { id: 'approve:production:1:900', subject: 'approve' }, head => {
      const rollout = head.environments.production?.rollout
      return {
        events: [
          { kind: 'approve', environment: 'production', rollout: rollout?.rollout ?? '', step: rollout?.step ?? 0, reason: 'looks good' },
        ],
      }
    })

  it('an approval is waited for beyond max_duration, and the rollout goes on when it is given', async () => {
    const { of, context, once, now } = await withChampion({ steps: [5, approval, 50] })
    const began = now()
    once(
      () => now() > began + 3600,
      () => approve(of),
    )
    expect((await deploy(of, context)).outputs.decision).toBe('promoted')
    expect(of.lines.some(line => line.includes('it waits for an approval: refline approve'))).toBe(true)
    expect(now() - began).toBeGreaterThan(3600)
  })

  it('an approval that nobody gives ends as the plan says', async () => {
    const { of, context } = await withChampion({ steps: [5, approval, 50] })
    const answer = await deploy(of, context)
    expect(answer.outputs).toMatchObject({ decision: 'held', reason: 'step 1 was not approved in time' })
    expect(of.percent).toEqual({ blue: 100, green: 0 })
  })

  it('harm rolls back while an approval is waited for', async () => {
    const { of, context, once, now } = await withChampion({ steps: [5, approval, 50] })
    const began = now()
    once(
      () => now() > began + 1800,
      () => of.errorRate.set(2, 0.3),
    )
    const answer = await deploy(of, context)
    expect(answer.outputs.decision).toBe('rolled-back')
    expect(now() - began).toBeLessThan(7200)
  })
})

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

it('a rollback outranks a wait for an approval, and the runner that waits stops', async () => {
  const { of, context, once, now } = await withChampion({ steps: [5, { approval: { within: '24h', otherwise: 'withdraw' } }, 50] })
  const began = now()
  once(
    () => now() > began + 600,
    () => rollbackHandler(of.ports, { ...context, request: '999' })({ reason: 'on call', to: undefined, quarantine: true, dryRun: false }),
  )
  const answer = await deploy(of, context)
  expect(answer.outputs).toMatchObject({ decision: 'held', version: 1 })
  expect(of.percent).toEqual({ blue: 100, green: 0 })
})
