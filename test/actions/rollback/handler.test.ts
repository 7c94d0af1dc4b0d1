import { describe, expect, it } from 'vitest'
import { canaryDeployHandler } from '../../../src/actions/canary-deploy/handler.ts'
import { rollbackHandler } from '../../../src/actions/rollback/handler.ts'
import { Killed, trafficWorld } from '../../support/traffic-world.ts'

type World = ReturnType<typeof trafficWorld>
const inputs = { reason: 'demo: on call says so', to: undefined, quarantine: true, dryRun: false }
const back = (of: World, context: World['context'], change: Partial<Omit<typeof inputs, 'to'> & { to: number | undefined }> = {}) =>
  rollbackHandler(of.ports, context)({ ...inputs, ...change })

/** v1 and v2 (or more) were promoted one after the other; the newest is live. */
const withVersions = async (versions: number) => {
  const of = trafficWorld()
  for (let version = 1; version <= versions; version++) {
    const context = of.workflowRun(String(version * 100))
    await of.register(version, version === 1 ? null : version - 1)
    await canaryDeployHandler(of.ports, context)({ version, plan: false })
  }
  of.calls.length = 0
  of.lines.length = 0
  return { of, context: of.workflowRun('900') }
}

describe('rollback', () => {
  it('goes to the previous champion, which is still up: one weight, alias, quarantine, issue, comment', async () => {
    const { of, context } = await withVersions(2)
    const answer = await back(of, context)
    expect(answer.outputs).toMatchObject({ from: 2, to: 1, outcome: 'rolled-back', issueUrl: 'https://github.test/issues/4' })
    expect(answer.failure).toBeUndefined()
    expect(of.lines[0]).toBe('rollback cancer in production: v2 -> v1 (still up in slot blue); v2 will be quarantined')
    expect(of.calls).toEqual(['prove refline/cancer/000000000001', 'set blue 100'])
    const state = await of.ledger.read('cancer')
    expect(state.aliases.champion).toBe(1)
    expect(state.quarantine).toEqual({ '2': 'demo: on call says so' })
    expect(state.environments.production).toMatchObject({
      live: { version: 1, slot: 'blue' },
      history: [{ version: 2, slot: 'green' }],
      move: null,
    })
    expect(of.ledger.subjects.at(-1)).toBe('rollback cancer in production v2 -> v1: demo: on call says so')
    expect([...of.comments.keys()].some(key => key.startsWith('42 '))).toBe(true)
  })

  it('is done once for one request', async () => {
    const { of, context } = await withVersions(3)
    await back(of, context)
    const again = await back(of, context)
    expect(again.outputs).toMatchObject({ from: 3, to: 2, outcome: 'already' })
    expect(of.calls.filter(call => call.startsWith('set'))).toEqual(['set green 100'])
    const pressedAgain = await back(of, of.workflowRun('901'))
    expect(pressedAgain.outputs).toMatchObject({ from: 2, to: 1, outcome: 'rolled-back' })
    expect(of.percent).toEqual({ blue: 100, green: 0 })
  })

  it('deploys again what its slot no longer holds', async () => {
    const { of, context } = await withVersions(3)
    const answer = await back(of, context, { to: 1 })
    expect(answer.outputs).toMatchObject({ from: 3, to: 1, outcome: 'rolled-back' })
    // v3 took slot blue from v1; green holds v2 and is idle. The target learns the seq before anything is deployed.
    expect(of.calls).toEqual([
      'prove refline/cancer/000000000001',
      'fetch refline/cancer/000000000001',
      'set blue 100',
      'deploy v1 green',
      'set green 100',
    ])
    expect(of.running.green).toBe(1)
  })

  it('deploys again a version whose slot does not answer', async () => {
    const { of, context } = await withVersions(2)
    of.running.blue = null
    await back(of, context)
    expect(of.calls).toEqual([
      'prove refline/cancer/000000000001',
      'fetch refline/cancer/000000000001',
      'set green 100',
      'deploy v1 blue',
      'set blue 100',
    ])
  })

  it('only plans on a dry run', async () => {
    const { of, context } = await withVersions(2)
    const before = await of.ledger.read('cancer')
    const answer = await back(of, context, { dryRun: true })
    expect(answer.outputs).toMatchObject({ from: 2, to: 1, outcome: 'planned' })
    expect(await of.ledger.read('cancer')).toEqual(before)
    expect(of.percent).toEqual({ blue: 0, green: 100 })
  })

  it('keeps the version eligible where it is told to', async () => {
    const { of, context } = await withVersions(2)
    await back(of, context, { quarantine: false })
    expect((await of.ledger.read('cancer')).quarantine).toEqual({})
    expect((await back(of, of.workflowRun('901'), { to: 2, quarantine: false })).outputs).toMatchObject({
      from: 1,
      to: 2,
      outcome: 'rolled-back',
    })
  })

  it('refuses quarantined versions and says what exists', async () => {
    const { of, context } = await withVersions(2)
    await back(of, context)
    await expect(back(of, of.workflowRun('901'), { to: 2 })).rejects.toThrow(
      /v2 is quarantined.*live is v1, before that v2 \(quarantined\)/,
    )
    await expect(back(of, of.workflowRun('902'))).rejects.toThrow(/no version in production to go back to from v1/)
    await expect(back(of, of.workflowRun('903'), { to: 7 })).rejects.toThrow('no version 7')
    expect((await back(of, of.workflowRun('904'), { to: 1 })).outputs.outcome).toBe('already')
  })

  it('is done once for one request, also where the state had no room to remember it', async () => {
    const { of, context } = await withVersions(3)
    await back(of, context)
    const { ledger } = of.ports
    const read: typeof ledger.read = async model => {
      const state = await ledger.read(model)
      return { ...state, requests: [], forgotten: [state.seq, 20_000] }
    }
    const again = await rollbackHandler({ ...of.ports, ledger: { ...ledger, read } }, context)(inputs)
    expect(again.outputs).toMatchObject({ from: 3, to: 2, outcome: 'already' })
    expect(of.calls.filter(call => call.startsWith('set'))).toEqual(['set green 100'])
  })

  it('gives the version that is live its traffic, which a job that was stopped half way had taken from it', async () => {
    const { of, context } = await withVersions(2)
    await back(of, context)
    Object.assign(of.percent, { blue: 0, green: 100 })
    of.calls.length = 0
    const looked = await back(of, of.workflowRun('901'), { to: 1, dryRun: true })
    expect(looked.outputs).toMatchObject({ outcome: 'already', reason: 'v1 is live in production already' })
    expect(of.percent).toEqual({ blue: 0, green: 100 })
    const answer = await back(of, of.workflowRun('902'), { to: 1 })
    expect(answer.outputs).toMatchObject({ from: 1, to: 1, outcome: 'already' })
    expect(answer.outputs.reason).toContain('the target showed 0 % of the traffic on its slot, and has all of it there again')
    expect(of.percent).toEqual({ blue: 100, green: 0 })
    expect(of.calls.filter(call => call.startsWith('set'))).toEqual(['set blue 100'])
  })

  it('proves the files before it touches traffic or ledger', async () => {
    const { of, context } = await withVersions(2)
    of.world.missingFiles.add('refline/cancer/000000000001')
    const before = await of.ledger.read('cancer')
    await expect(back(of, context)).rejects.toThrow(/cannot be proven, so no traffic was touched: model.joblib is missing/)
    expect(await of.ledger.read('cancer')).toEqual(before)
    expect(of.percent).toEqual({ blue: 0, green: 100 })
  })

  it('works when the ledger is a step behind: promoted in reality, not yet confirmed', async () => {
    const { of } = await withVersions(1)
    const context = of.workflowRun('200')
    await of.register(2, 1)
    of.killAt((boundary, moment) => boundary === 'traffic-weight' && moment === 'after' && of.percent.green === 100)
    await expect(canaryDeployHandler(of.ports, context)({ version: 2, plan: false })).rejects.toThrow(Killed)
    of.killAt(null)
    expect(of.percent).toEqual({ blue: 0, green: 100 })
    const answer = await back(of, of.workflowRun('900'))
    expect(answer.outputs).toMatchObject({ from: 2, to: 1, outcome: 'rolled-back' })
    expect(of.lines.some(line => line.includes('abort the canary v2 at 50 %'))).toBe(true)
    expect(of.percent).toEqual({ blue: 100, green: 0 })
    expect(await of.environment()).toMatchObject({ live: { version: 1, slot: 'blue' }, rollout: null, move: null })
  })

  it.each([
    'rollback-intent',
    'traffic-deploy',
    'traffic-weight',
    'traffic-read',
    'rollback-confirm',
    'announce-comment',
  ] as const)('killed at %s and run again ends the same', async boundary => {
    for (const moment of ['before', 'after'] as const)
      for (const to of [undefined, 1] as const) {
        const { of, context } = await withVersions(3)
        of.killAt((at, when) => at === boundary && when === moment)
        await back(of, context, { to }).catch(() => undefined)
        of.killAt(null)
        const answer = await back(of, context, { to })
        const goal = to ?? 2
        expect(answer.outputs).toMatchObject({ from: 3, to: goal })
        const state = await of.ledger.read('cancer')
        expect(state.environments.production?.live?.version).toBe(goal)
        expect(state.aliases.champion).toBe(goal)
        expect(of.percent[state.environments.production?.live?.slot ?? 'blue']).toBe(100)
        expect(of.calls.filter(call => call.startsWith('DEPLOYED'))).toEqual([])
        expect(of.comments.size).toBe(3)
        expect(of.incidents).toHaveLength(1)
        const confirms = (await of.ledger.records('cancer'))
          .flatMap(record => record.events)
          .filter(event => event.kind === 'rollback-confirm')
        expect(confirms).toHaveLength(1)
      }
  })

  it('waits for a target that does not answer for a while', async () => {
    const { of, context } = await withVersions(2)
    of.world.targetDown = true
    const sleep = of.ports.clock.sleep
    let naps = 0
    of.ports.clock.sleep = async milliseconds => {
      naps += 1
      if (naps === 3) of.world.targetDown = false
      await sleep(milliseconds)
    }
    expect((await back(of, context)).outputs.outcome).toBe('rolled-back')
    expect(of.lines.some(line => line.startsWith('warning: reading the target did not work'))).toBe(true)
  })
})

describe('two rollbacks, or a rollback and a canary, at once', () => {
  it('leaves the traffic alone where another rollback has finished and others have decided since', async () => {
    const { of, context } = await withVersions(2)
    const { append } = of.ports.ledger
    let once = true
    const ledger: typeof of.ports.ledger = {
      ...of.ports.ledger,
      append: async (model, request, decide) => {
        const appended = await append(model, request, decide)
        if (!request.id.startsWith('rollback-intent') || !once) return appended
        once = false
        await back(of, of.workflowRun('901'))
        of.calls.length = 0
        return { ...appended, state: await of.ledger.read(model) }
      },
    }
    const answer = await rollbackHandler({ ...of.ports, ledger }, context)(inputs)
    expect(answer.outputs).toMatchObject({ from: 2, to: 1, outcome: 'rolled-back' })
    expect(of.calls.filter(call => !call.startsWith('prove'))).toEqual([])
    expect(of.lines).toContain('another rollback has put v1 back meanwhile')
  })

  it('does not take traffic back that another job of the same rollback has moved meanwhile', async () => {
    const { of } = await withVersions(2)
    of.killAt((boundary, moment) => boundary === 'rollback-intent' && moment === 'after')
    await expect(back(of, of.workflowRun('900'))).rejects.toThrow(Killed)
    of.killAt(null)
    const ledger: typeof of.ports.ledger = {
      ...of.ports.ledger,
      append: async (model, request, decide) => {
        const appended = await of.ports.ledger.append(model, request, decide)
        Object.assign(of.percent, { blue: 100, green: 0 })
        return appended
      },
    }
    const answer = await rollbackHandler({ ...of.ports, ledger }, of.workflowRun('901'))(inputs)
    expect(answer.outputs).toMatchObject({ from: 2, to: 1, outcome: 'rolled-back' })
    expect(of.calls.filter(call => call.startsWith('set') || call.startsWith('deploy'))).toEqual([])
  })

  it('does not take the traffic of a canary in its slot for its own', async () => {
    const { of } = await withVersions(2)
    // v3 has all the traffic in slot blue, and its runner was killed before it could say so.
    await of.register(3, 2)
    of.killAt((boundary, moment) => boundary === 'traffic-weight' && moment === 'after' && of.percent.blue === 100)
    await expect(canaryDeployHandler(of.ports, of.workflowRun('300'))({ version: 3, plan: false })).rejects.toThrow(Killed)
    const context = of.workflowRun('900')
    of.killAt((boundary, moment) => boundary === 'rollback-intent' && moment === 'after')
    await expect(back(of, context, { to: 1 })).rejects.toThrow(Killed)
    of.killAt(null)
    expect(of.percent).toEqual({ blue: 100, green: 0 })
    expect((await back(of, context, { to: 1 })).outputs).toMatchObject({ from: 3, to: 1, outcome: 'rolled-back' })
    expect(of.running.blue).toBe(1)
    expect(of.percent).toEqual({ blue: 100, green: 0 })
  })
})
