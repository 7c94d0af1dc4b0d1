import { describe, expect, it } from 'vitest'
import { replayOf } from '../../src/core/lineage/views/replay.ts'
import { prometheusErrors } from './prometheus.ts'
import { asBefore, champion, signalOf } from './world.ts'

/** The champion of every test, asked for its requests by the real signal from Prometheus. */
const asked = async (known?: readonly string[], rules: Parameters<typeof champion>[0] = {}) => {
  const world = await champion(rules)
  const [counting] = world.ports.signals
  const { signal } = prometheusErrors({
    clock: world.ports.clock,
    ...(known === undefined ? {} : { known }),
    rows: async ({ slot, bad }) => {
      const reading = await counting?.read()
      return reading === undefined ? [] : [[{ slot }, bad ? reading.slots[slot].bad : reading.slots[slot].total]]
    },
  })
  Object.assign(world.ports, { signals: [signal] })
  return world
}

describe('group 10: what was asked, of which window, and what came is known of every decision (Flagger #1815, #1581; Argo #1591, #2658)', () => {
  it('each look keeps its resolved query, its window, its counts and what was said, by a digest that the ledger holds', async () => {
    const { of, context, deploy, eventsOf, rollout, dieAtLook, run } = await asked()
    await dieAtLook(1)
    const { rollout: id } = await rollout()
    await deploy(run('300'), { resume: true })
    const looks = await eventsOf('evidence')
    expect(looks.length).toBeGreaterThan(1)
    let until = 0
    for (const { evidence, judge } of looks) {
      const kept = JSON.parse(of.ledger.evidence.get(evidence ?? '') ?? 'null')
      expect(kept).toMatchObject({ rollout: id, judgement: expect.any(String), signals: { errors: judge.signals.errors?.last } })
      expect(kept.sources.errors).toMatch(
        /^total blue: requests_total\{slot="blue"\} = [\d.e+]+ in 1 series; total green: requests_total\{slot="green"\} =/,
      )
      expect(kept.sources.errors).toContain('code=~"5.."')
      expect(kept.until).toBeGreaterThan(kept.from)
      expect(kept.from).toBeGreaterThanOrEqual(until)
      until = kept.until
      expect([0.05, 0.5]).toContain(kept.weight)
    }
    expect(context.model).toBe('cancer')
  })

  it.each([
    ['promotes', 0],
    ['rolls back', 0.3],
  ])('a decision that %s is computed again from what was kept, to the same words', async (_, rate) => {
    const { of, context, deploy } = await asked()
    of.errorRate.set(2, rate)
    await deploy(context)
    const replayed = replayOf('cancer', await of.ledger.records('cancer'), await of.ledger.evidenceOf('cancer'), null)
    expect(replayed.difference).toBeNull()
    expect(replayed.looks.length).toBeGreaterThan(0)
  })

  it('an old point is no new look: a signal whose clock stands still decides nothing', async () => {
    const { ports, context, deploy, untouched } = await champion({ judge: { max_duration: '5m' } })
    const [counting] = ports.signals
    const stale = signalOf('errors', async () => {
      const reading = await counting?.read()
      if (reading === undefined) throw new Error('there is no signal')
      return { ...reading, at: 1_700_000_000 }
    })
    Object.assign(ports, { signals: [stale] })
    const answer = await deploy(context)
    expect(answer.outputs).toMatchObject({ decision: 'held', reason: expect.stringContaining('no time has passed since its last reading') })
    expect(await untouched()).toEqual(asBefore)
  })

  it('a metric that nobody knows is an error before anything is begun or deployed, with the one that was meant', async () => {
    const { of, context, deploy, eventsOf, untouched } = await asked(['request_total'])
    const before = of.calls.filter(call => !call.startsWith('prove'))
    await expect(deploy(context)).rejects.toThrow(/knows no metric requests_total.*did you mean request_total\?/)
    expect(of.calls.filter(call => !call.startsWith('prove'))).toEqual(before)
    expect(await eventsOf('rollout-start')).toHaveLength(1)
    expect(await untouched()).toEqual(asBefore)
  })

  it('a plan shows target, queries and values, what would be seen how soon, and changes nothing', async () => {
    const { of, context, deploy, state, untouched } = await asked()
    const before = await state()
    const calls = [...of.calls]
    const answer = await deploy(context, { plan: true })
    expect(answer).toMatchObject({ outputs: { decision: '', reason: 'only the plan was asked for; nothing was changed' } })
    const said = of.lines.join('\n')
    expect(said).toMatch(/v1 is live in slot blue; v2 would go live/)
    expect(said).toContain('steps: 5 % -> 50 % -> 100 %')
    expect(said).toMatch(/the target of this test: blue 100 %, green 0 % \(not ready\)/)
    expect(said).toMatch(/signal errors: blue 0 bad of [\d.]+, green .*requests_total\{slot="blue"\} = \d+ in 1 series/)
    expect(await state()).toEqual(before)
    expect(of.calls).toEqual(calls)
    expect(await untouched()).toEqual(asBefore)
  })

  it('a plan says of a metric that nobody knows that nobody knows it', async () => {
    const { of, context, deploy } = await asked(['up'])
    await deploy(context, { plan: true })
    expect(of.lines.some(line => /^warning: signal errors: .*knows no metric requests_total/.test(line))).toBe(true)
  })
})
