import { describe, expect, it } from 'vitest'
import { shareOf } from '../../src/adapters/kubernetes/layout.ts'
import { weightsFor } from '../../src/adapters/kubernetes/weights.ts'
import { nginxWorld } from '../adapters/nginx/world.ts'
import { asBefore, champion } from './world.ts'

// Compare-and-set, explicit zeros and who moved it, at each data plane: "group 11" in test/support/target-contract.ts and test/adapters/kubernetes/scenarios.ts.

describe('group 11: a weight that somebody else moved is held and reported, never fought over (gateway plugin #208, #190; Flagger #1692, #930)', () => {
  it('a manual edit holds the rollout, both numbers are said, and it goes on once the edit was taken back', async () => {
    const { of, context, deploy, once, now, eventsOf } = await champion()
    let moved = 0
    once(
      () => of.percent.green === 5,
      () => {
        moved = now()
        Object.assign(of.percent, { blue: 70, green: 30 })
      },
    )
    once(
      () => moved > 0 && now() > moved + 600,
      () => {
        expect(of.percent.green).toBe(30)
        Object.assign(of.percent, { blue: 95, green: 5 })
      },
    )
    expect((await deploy(context)).outputs.decision).toBe('promoted')
    expect(of.lines).toContain('warning: hold: the canary has 30 % of the traffic where 5 % were set: somebody else moved it')
    // What was counted meanwhile was counted at the weight that there was, and took no step.
    const meanwhile = (await eventsOf('evidence')).filter(({ at = 0 }) => at > moved + 10 && at < moved + 590)
    expect(meanwhile.length).toBeGreaterThan(10)
    for (const { evidence } of meanwhile) expect(JSON.parse(of.ledger.evidence.get(evidence ?? '') ?? '{}').weight).toBe(0.3)
    expect((await eventsOf('weight-intent')).filter(({ expecting }) => expecting === 30)).toEqual([])
  })

  it('harm at a weight that somebody else set rolls back all the same', async () => {
    const { of, context, deploy, once, untouched } = await champion()
    once(
      () => of.percent.green === 5,
      () => {
        Object.assign(of.percent, { blue: 70, green: 30 })
        of.errorRate.set(2, 0.1)
      },
    )
    expect((await deploy(context)).outputs.decision).toBe('rolled-back')
    expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
  })

  it.each([
    ['a self-heal writes back what stands in its repository', { blue: 100, green: 0 }],
    ['the two weights become equal', { blue: 50, green: 50 }],
    ['both weights become 0', { blue: 0, green: 0 }],
  ])('where %s each time, it is held until the end and no promotion comes of it', async (_, percent) => {
    const { of, ports, context, deploy, ended, state } = await champion({ judge: { max_duration: '5m' } })
    const { sleep } = ports.clock
    ports.clock.sleep = async milliseconds => {
      await sleep(milliseconds)
      if (of.running.green === 2 && of.percent.green === 5) Object.assign(of.percent, percent)
    }
    const answer = await deploy(context)
    expect(answer.outputs.decision).toBe('held')
    expect(answer.outputs.reason).toContain('somebody else moved it')
    expect(await ended()).toMatchObject([{ decision: 'withdrawn' }])
    expect((await state()).environments.production?.live?.version).toBe(1)
    expect(of.percent).toEqual({ blue: 100, green: 0 })
    expect(of.calls.filter(call => call === 'set green 5').length).toBeLessThanOrEqual(1)
  })

  it('somebody who moves it between the look and the step wins: the step is not taken over what was not seen', async () => {
    const { of, ports, context, deploy, once } = await champion()
    const { set } = ports.target
    let refused = ''
    let taken = false
    ports.target.set = async (slot, share, expecting, seq) => {
      if (slot === 'green' && share === 50 && !taken) {
        taken = true
        Object.assign(of.percent, { blue: 80, green: 20 })
      }
      await set(slot, share, expecting, seq).catch((error: unknown) => {
        refused = String(error)
        throw error
      })
    }
    once(
      () => refused !== '',
      () => {
        expect(of.percent.green).toBe(20)
        Object.assign(of.percent, { blue: 95, green: 5 })
      },
    )
    expect((await deploy(context)).outputs.decision).toBe('promoted')
    expect(refused).toContain('slot green has 20 %, expected 5 %')
  })

  it('every step up expects the weight that was written last', async () => {
    const { ports, context, deploy } = await champion()
    const { set } = ports.target
    const expected: (number | null)[] = []
    ports.target.set = async (slot, share, expecting, seq) => {
      expected.push(expecting)
      await set(slot, share, expecting, seq)
    }
    await deploy(context)
    expect(expected).toEqual([0, 0, 5, 50])
  })

  it.each([
    ['the idle slot has traffic', { blue: 90, green: 10 }, 'slot green should be idle but gets 10 %'],
    [
      'neither slot has traffic',
      { blue: 0, green: 0 },
      /v1 is live in slot blue, which gets none of the traffic, .*somebody took both out/,
    ],
    ['100 and 100 are halves', { blue: 50, green: 50 }, 'slot green should be idle but gets 50 %'],
  ])('where %s before a rollout, it is refused and nothing is changed', async (_, percent, words) => {
    const { of, context, deploy, eventsOf } = await champion()
    Object.assign(of.percent, percent)
    await expect(deploy(context)).rejects.toThrow(words)
    expect(of.percent).toEqual(percent)
    expect(await eventsOf('rollout-start')).toHaveLength(1)
  })

  it('a target that lies once costs a look, and nothing else', async () => {
    const { of, ports, context, deploy } = await champion()
    const { read } = ports.target
    let lied = false
    ports.target.read = async () => {
      const traffic = await read()
      if (lied || of.percent.green !== 5) return traffic
      lied = true
      return { ...traffic, percent: { blue: 40, green: 60 } }
    }
    expect((await deploy(context)).outputs.decision).toBe('promoted')
    expect(of.calls.filter(call => call.startsWith('set green'))).toEqual(['set green 0', 'set green 5', 'set green 50', 'set green 100'])
  })

  it('an HTTPRoute never gets a weight left out: 0 is written as 0, and 100 beside 100 is read as a half', () => {
    const split = { rule: 0, at: { blue: [0], green: [1] }, weights: { blue: 100, green: 100 }, others: 0, sticky: false, withdrawn: null }
    expect(shareOf(split, 'green')).toBe(50)
    expect(weightsFor('green', 0)).toEqual({ blue: expect.any(Number), green: 0 })
    expect(weightsFor('green', 0).blue).toBeGreaterThan(0)
    expect(weightsFor('green', 100)).toEqual({ blue: 0, green: expect.any(Number) })
  })

  it('with a real nginx a file that somebody else overwrote is held: the rollout neither writes over it nor takes a step', async () => {
    await using nginx = await nginxWorld()
    const target = nginx.target()
    const { of, ports, context, deploy, once } = await champion({ judge: { max_duration: '3m' } })
    Object.assign(ports, { target: { ...target, deploy: ports.target.deploy } })
    let shares: readonly number[] = []
    once(
      () => of.lines.some(line => line.includes('hold: no requests')) || of.statuses.includes('in_progress'),
      () => nginx.moveByHand('green', 30),
    )
    once(
      () => of.lines.some(line => line.includes('somebody else moved it')),
      async () => {
        shares = await nginx.shares('green')
      },
    )
    const answer = await deploy(context)
    expect(answer.outputs).toMatchObject({ decision: 'held', reason: expect.stringMatching(/30 % of the traffic where 5 % were set/) })
    expect(shares.every(share => Math.abs(share - 30) < 0.5) && shares.length > 0).toBe(true)
    expect((await target.read()).percent).toEqual(asBefore.percent)
  })
})
