import { describe, expect, it } from 'vitest'
import { canaryDeployHandler } from '../../../src/actions/canary-deploy/handler.ts'
import { rollbackHandler } from '../../../src/actions/rollback/handler.ts'
import type { EventOf, LedgerEvent } from '../../../src/core/lineage/events.ts'
import { judgeSettingsOf } from '../../../src/core/rollout/settings.ts'
import { trafficWorld } from '../../support/traffic-world.ts'

type World = ReturnType<typeof trafficWorld>
const inputs = { reason: 'on call says so', to: undefined, quarantine: true, dryRun: false }
const wanted = { plan: false, supersede: false, resume: false }
const back = (of: World, run = '900', change: Partial<Omit<typeof inputs, 'to'> & { to: number | undefined }> = {}) =>
  rollbackHandler(of.ports, of.workflowRun(run))({ ...inputs, ...change })

/** v1 to vN were promoted one after the other; the newest is live. */
const promoted = async (versions: number): Promise<World> => {
  const of = trafficWorld()
  for (let version = 1; version <= versions; version++) {
    await of.register(version, version === 1 ? null : version - 1)
    await canaryDeployHandler(of.ports, of.workflowRun(String(version * 100)))({ version, ...wanted })
  }
  of.calls.length = 0
  of.lines.length = 0
  return of
}

const rollout = 'a'.repeat(12)
const at = Date.parse('2026-11-20T12:00:00Z') / 1000
const here = { environment: 'production', rollout } as const

const write = async (of: World, ...events: readonly LedgerEvent[]) => {
  const { seq } = await of.ledger.read('cancer')
  await of.ledger.append('cancer', { id: `test:production:${seq}:300`, subject: 'test' }, () => ({ events }))
}

/** v2 was begun beside v1 by workflow run 300, which says nothing more: its record is all that is left of it. */
const begun = async (change: Partial<EventOf<'rollout-start'>> = {}): Promise<World> => {
  const of = await promoted(1)
  await of.register(2, 1)
  of.running.green = 2
  await write(of, {
    kind: 'rollout-start',
    ...here,
    version: 2,
    from: 1,
    canary: 'green',
    steps: [5, 50],
    judge: judgeSettingsOf('production', of.context.settings),
    holder: '300',
    at,
    ...change,
  })
  of.calls.length = 0
  return of
}

const moved = async (of: World, step: number, percent: number, expecting: number) => {
  await write(of, { kind: 'weight-intent', ...here, step, percent, expecting })
  Object.assign(of.percent, { green: percent, blue: 100 - percent })
  await write(of, { kind: 'weight-confirm', ...here, step, percent, at: at + 60 })
}

/** Every state of a canary that somebody may have to get out of, and how the plan says it. */
const states: Readonly<Record<string, { readonly world: () => Promise<World>; readonly said: RegExp }>> = {
  'it was begun and has no traffic yet': { world: () => begun(), said: /the canary v2 is at 0 %; driven by 300/ },
  'a pause after its first step': {
    world: async () => {
      const of = await begun({ waits: [{ step: 0, pause: 600 }] })
      await moved(of, 0, 5, 0)
      return of
    },
    said: /the canary v2 pauses at 5 % for another \d+ min;/,
  },
  'an approval that nobody gives': {
    world: async () => {
      const of = await begun({ waits: [{ step: 0, approval: { within: 86_400, otherwise: 'withdraw' } }] })
      await moved(of, 0, 5, 0)
      return of
    },
    said: /the canary v2 waits for approval of step 1 at 5 % since 2026-11-20 12:01:00 UTC; driven by 300, last heard of at/,
  },
  'the bake, with all traffic and not yet champion': {
    world: async () => {
      const of = await begun({ bake: 600 })
      await moved(of, 0, 5, 0)
      await moved(of, 1, 50, 5)
      await moved(of, 2, 100, 50)
      return of
    },
    said: /the canary v2 bakes at 100 %/,
  },
  'a runner that died between intent and weight': {
    world: async () => {
      const of = await begun()
      await write(of, { kind: 'weight-intent', ...here, step: 0, percent: 5, expecting: 0 })
      return of
    },
    said: /the canary v2 is at 0 %, about to be set to 5 %/,
  },
  'a runner that died between weight and confirmation': {
    world: async () => {
      const of = await begun()
      await write(of, { kind: 'weight-intent', ...here, step: 0, percent: 5, expecting: 0 })
      Object.assign(of.percent, { green: 5, blue: 95 })
      return of
    },
    said: /the canary v2 is at 0 %, about to be set to 5 %/,
  },
  'a rollout that its runner has left': {
    world: async () => {
      const of = await begun()
      await moved(of, 0, 5, 0)
      await write(of, { kind: 'rollout-left', ...here, reason: 'the job ends', at: at + 120 })
      return of
    },
    said: /the canary v2 is at 5 %.*; no runner says that it drives it, last heard of at 2026-11-20 12:02:00 UTC/,
  },
  'a weight that somebody else moved': {
    world: async () => {
      const of = await begun()
      await moved(of, 0, 5, 0)
      Object.assign(of.percent, { green: 70, blue: 30 })
      return of
    },
    said: /drift: slot green has 70 % where the ledger says 5 %; the rollback moves all of it all the same/,
  },
  'signals that give no answer': {
    world: async () => {
      const of = await begun()
      await moved(of, 0, 5, 0)
      of.world.signalDown = true
      return of
    },
    said: /the canary v2 is at 5 %/,
  },
}

describe('canary.md failure group 8: a rollback outranks every wait', () => {
  it.each(Object.entries(states))('aborts a canary in this state at once: %s', async (_, { world }) => {
    const of = await world()
    const began = of.clock.now()
    const answer = await back(of)
    expect(answer.outputs).toMatchObject({ from: 2, to: 1, outcome: 'rolled-back', seconds: 0 })
    expect(of.clock.now()).toBe(began)
    expect(of.percent).toEqual({ blue: 100, green: 0 })
    expect(of.calls).toEqual(['prove refline/cancer/000000000001', 'set blue 100'])
    const state = await of.ledger.read('cancer')
    expect(state.environments.production).toMatchObject({ live: { version: 1, slot: 'blue' }, rollout: null, move: null })
    expect(state.quarantine).toEqual({ '2': 'on call says so' })
    expect(state.aliases.champion).toBe(1)
  })

  it.each(Object.entries(states))('a dry run says it and changes nothing: %s', async (_, { world, said }) => {
    const of = await world()
    const before = [await of.ledger.read('cancer'), { ...of.percent }, { ...of.running }]
    const answer = await back(of, '900', { dryRun: true })
    expect(answer.outputs).toMatchObject({ from: 2, to: 1, outcome: 'planned' })
    expect(of.lines.join('\n')).toMatch(said)
    expect([await of.ledger.read('cancer'), of.percent, of.running]).toEqual(before)
    expect(of.calls).toEqual(['prove refline/cancer/000000000001'])
    expect([of.incidents, of.comments.size, of.statuses]).toEqual([[], 1, ['queued', 'success']])
  })

  it('the canary that was aborted does nothing more when its runner wakes up', async () => {
    const of = await promoted(1)
    await of.register(2, 1)
    const { sleep } = of.ports.clock
    let rolledBack = false
    const clock = {
      ...of.ports.clock,
      sleep: async (milliseconds: number) => {
        if (of.percent.green === 50 && !rolledBack) {
          rolledBack = true
          await back(of)
          of.calls.length = 0
          of.workflowRun('200')
        }
        await sleep(milliseconds)
      },
    }
    const context = of.workflowRun('200')
    const ended = await canaryDeployHandler({ ...of.ports, clock }, context)({ version: 2, ...wanted })
    expect(rolledBack).toBe(true)
    expect(ended.outputs.decision).toBe('held')
    expect(of.calls).toEqual([])
    expect(of.percent).toEqual({ blue: 100, green: 0 })
  })
})

describe('a dry run', () => {
  it('prints the whole plan: who leaves, who comes, files, target, alias, quarantine, issue and comment', async () => {
    const of = await promoted(3)
    await back(of, '900', { to: 1, dryRun: true })
    expect(of.lines.slice(0, 9)).toEqual([
      'rollback cancer in production: v3 -> v1 (to be deployed into slot green); v3 will be quarantined',
      '  leaves: v3, live in slot blue',
      '  comes: v1, deployed into slot green, once slot blue has all traffic, then one change of weight',
      '  files: 1 proven by digest in refline/cancer/000000000001',
      '  target: the target of this test: blue 100 %, green 0 %',
      '  alias: champion v3 -> v1',
      '  quarantine: v3, for: on call says so',
      '  issue: "cancer v3 was rolled back in production" is opened, or added to where one is open',
      '  comment: on pull request 43, which brought v3',
    ])
    expect(of.results.at(-1)).toMatchObject({ outcome: 'planned', plan: expect.arrayContaining(['leaves: v3, live in slot blue']) })
    expect(of.summaries.at(-1)).toMatch(/^### Plan, nothing was changed\n\n- rollback cancer/)
  })

  it('says that files are not there, and is refused as the rollback itself would be', async () => {
    const of = await promoted(2)
    of.world.missingFiles.add('refline/cancer/000000000001')
    await expect(back(of, '900', { dryRun: true })).rejects.toThrow(/the files of v1 cannot be proven, so no traffic was touched/)
    expect(of.lines).toContain('  files: NOT proven in refline/cancer/000000000001: model.joblib is missing')
  })

  it('says what stays eligible', async () => {
    const of = await promoted(2)
    await back(of, '900', { quarantine: false, dryRun: true })
    expect(of.lines).toContain('  quarantine: none, v2 may go live again')
  })
})

describe('a target that does not show what the ledger says', () => {
  it('is moved all the same, and the drift is in the plan', async () => {
    const of = await promoted(2)
    Object.assign(of.percent, { blue: 40, green: 60 })
    await back(of, '900', { dryRun: true })
    expect(of.lines).toContain('  drift: slot green has 60 % where the ledger says 100 %; the rollback moves all of it all the same')
    expect((await back(of, '901')).outputs).toMatchObject({ from: 2, to: 1, outcome: 'rolled-back' })
    expect(of.percent).toEqual({ blue: 100, green: 0 })
  })

  it('is moved where it shows what the ledger will say: a step behind, confirmed by nobody', async () => {
    const of = await promoted(2)
    await of.register(3, 2)
    of.running.blue = 3
    await write(of, {
      kind: 'rollout-start',
      ...here,
      version: 3,
      from: 2,
      canary: 'blue',
      steps: [5, 50],
      judge: judgeSettingsOf('production', of.context.settings),
    })
    await write(of, { kind: 'weight-intent', ...here, step: 0, percent: 5, expecting: 0 })
    Object.assign(of.percent, { blue: 100, green: 0 })
    expect((await back(of)).outputs).toMatchObject({ from: 3, to: 2, outcome: 'rolled-back' })
    expect(of.percent).toEqual({ blue: 0, green: 100 })
  })
})

describe('a rollback that has nothing good to go to', () => {
  it('refuses and says what exists: each version, its state, why it is quarantined, its files', async () => {
    const of = await promoted(2)
    await back(of)
    of.world.missingFiles.add('refline/cancer/000000000001')
    const before = await of.ledger.read('cancer')
    const refused = await back(of, '901').catch((error: unknown) => String(error))
    expect(refused).toContain('there is no version in production to go back to from v1')
    expect(String(refused).split('\n').slice(1)).toEqual([
      'Versions of cancer:',
      '  v1: live in slot blue; not quarantined; its files cannot be proven: model.joblib is missing',
      '  v2: live before; quarantined: on call says so; its files are there',
      'A version that was not to blame leaves its quarantine by `refline release <version> --reason ...`.',
    ])
    expect(await of.ledger.read('cancer')).toEqual(before)
    expect(of.percent).toEqual({ blue: 100, green: 0 })
  })

  it('refuses where a first version is being rolled out: nothing was live before it', async () => {
    const of = trafficWorld()
    await of.register(1, null)
    await write(of, {
      kind: 'rollout-start',
      ...here,
      version: 1,
      from: null,
      canary: 'blue',
      steps: [],
      judge: judgeSettingsOf('production', of.context.settings),
    })
    await expect(back(of)).rejects.toThrow(/no version in production to go back to from v1[\s\S]*v1: being rolled out in slot blue/)
  })

  it('lists at most twelve, the ones that were live here first', async () => {
    const of = await promoted(2)
    for (let version = 3; version <= 30; version += 1) await of.register(version, 2)
    await back(of)
    const refused = String(await back(of, '901', { to: 2 }).catch((error: unknown) => error))
    const listed = [...refused.matchAll(/^ {2}v(\d+): /gm)].map(([, version]) => Number(version))
    expect(listed).toEqual([1, 2, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21])
    expect(refused).toContain('and 18 more, of which `refline history` tells')
  })
})

describe('a rollback of a rollback', () => {
  it('puts back the version that was left, where it was not quarantined', async () => {
    const of = await promoted(2)
    await back(of, '900', { quarantine: false })
    of.calls.length = 0
    expect((await back(of, '901')).outputs).toMatchObject({ from: 1, to: 2, outcome: 'rolled-back' })
    expect(of.percent).toEqual({ blue: 0, green: 100 })
    expect(of.calls).toEqual(['prove refline/cancer/000000000002', 'set green 100'])
    expect((await of.ledger.read('cancer')).quarantine).toEqual({ '1': 'on call says so' })
  })

  it('goes further back where the version that was left is quarantined', async () => {
    const of = await promoted(3)
    await back(of)
    expect((await back(of, '901')).outputs).toMatchObject({ from: 2, to: 1, outcome: 'rolled-back' })
    expect(of.running[of.percent.blue === 100 ? 'blue' : 'green']).toBe(1)
  })

  it('canary.md failure group 12: goes to a quarantined version once it was released', async () => {
    const of = await promoted(2)
    await back(of)
    await expect(back(of, '901', { to: 2 })).rejects.toThrow(/v2 is quarantined \(on call says so\)/)
    await write(of, { kind: 'release', version: 2, reason: 'the proxy was to blame' })
    expect((await back(of, '902', { to: 2, quarantine: false })).outputs).toMatchObject({ from: 1, to: 2, outcome: 'rolled-back' })
  })
})

describe('the incident of a rollback', () => {
  it('says how its rollout was judged, and that a person decided this', async () => {
    const of = await promoted(2)
    await back(of)
    const [incident] = of.incidents
    expect(incident?.body).toContain('A person decided this. When v2 was rolled out, it was judged so:')
    expect(incident?.body).toMatch(/\| errors \| 0 of [\d,]+ \| 0 of [\d,]+ \| [^|]+ \| [^|]+ \| ✅ healthy \|/)
    expect(incident?.body).toContain('refline release v2 --model cancer')
    expect([...of.comments.values()].at(-1)).toContain('A person decided this.')
  })
})

describe('the target', () => {
  it('is asked to give back everything, also what sticks, and to say that it has accepted it', async () => {
    const of = await promoted(2)
    const asked: string[] = []
    const { target } = of.ports
    const verify: typeof target.verify = async (slot, percent) => {
      asked.push(`verify ${slot} ${percent}`)
      return target.verify(slot, percent)
    }
    const restore: typeof target.restore = async (slot, seq) => {
      asked.push(`restore ${slot}`)
      return target.restore(slot, seq)
    }
    await rollbackHandler({ ...of.ports, target: { ...target, verify, restore } }, of.workflowRun('900'))(inputs)
    expect(asked).toEqual(['restore blue', 'verify blue 100'])
  })

  it('is asked again until it has accepted it, and the rollback is not confirmed before', async () => {
    const of = await promoted(2)
    const { target } = of.ports
    let refusals = 3
    const verify: typeof target.verify = async (slot, percent) => {
      expect((await of.environment())?.live?.version).toBe(2)
      refusals -= 1
      if (refusals >= 0) throw new Error('instance 2 still shows 50 %')
      return target.verify(slot, percent)
    }
    const answer = await rollbackHandler({ ...of.ports, target: { ...target, verify } }, of.workflowRun('900'))(inputs)
    expect(answer.outputs.outcome).toBe('rolled-back')
    expect(answer.outputs.seconds).toBeGreaterThan(0)
    expect(of.lines.filter(line => line.includes('instance 2 still shows 50 %'))).toHaveLength(3)
    expect(of.lines).toContain(`all traffic on v1 after ${answer.outputs.seconds} s`)
  })

  it('gets the live version anew where that does not answer, before it gets all traffic', async () => {
    const of = await begun()
    await moved(of, 0, 5, 0)
    of.running.blue = null
    await back(of)
    expect(of.calls).toEqual(['prove refline/cancer/000000000001', 'fetch refline/cancer/000000000001', 'deploy v1 blue', 'set blue 100'])
    expect(of.running.blue).toBe(1)
  })
})
