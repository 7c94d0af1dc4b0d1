import { describe, expect, it } from 'vitest'
import { countsBetween } from '../../src/core/rollout/batch.ts'
import { asBefore, champion, signalOf } from './world.ts'

// `refline release` at a terminal: test/cli/decide.test.ts, "canary.md failure group 12".

const slow = { steps: [5], requestsPerSecond: 50 }

describe('group 12: everything is keyed by the version and its digest (Flagger #1152, #30, #634; Argo #3120; devantler-tech #2387)', () => {
  it('a version that is registered while another is rolled out changes nothing of that rollout', async () => {
    const { of, context, deploy, once, state } = await champion()
    once(
      () => of.percent.green === 5,
      () => of.register(3, 1),
    )
    expect((await deploy(context)).outputs).toMatchObject({ decision: 'promoted', version: 2 })
    expect(of.running).toEqual({ blue: 1, green: 2 })
    expect((await state()).aliases.champion).toBe(2)
  })

  it('its job is refused, or replaces the other in so many words, and then begins with no evidence at all', async () => {
    const whole = await champion(slow)
    await whole.deploy(whole.context)
    const wanted = (await whole.eventsOf('evidence')).length

    const { of, run, deploy, dieAtLook, eventsOf, rollout } = await champion(slow)
    await dieAtLook(wanted - 2)
    const { rollout: first } = await rollout()
    const context = run('300')
    await of.register(3, 1)
    await expect(deploy(context, { version: 3 })).rejects.toThrow(/v2 is being rolled out in production .*supersede/)
    expect((await rollout()).rollout).toBe(first)
    expect((await deploy(context, { version: 3, supersede: true })).outputs).toMatchObject({ decision: 'promoted', version: 3 })
    const own = (await eventsOf('evidence')).filter(event => event.rollout !== first)
    expect(own).toHaveLength(wanted)
    expect(own[0]?.judge.signals.errors?.total.canary).toBeLessThan(50)
  })

  it('the same version begins anew as well: what an earlier rollout of it had nearly proven is not used', async () => {
    const { of, run, deploy, dieAtLook, eventsOf, rollout, rollback } = await champion(slow)
    await dieAtLook(8)
    const { rollout: first } = await rollout()
    await rollback(run('900'), { quarantine: false })
    expect((await deploy(run('300'))).outputs.decision).toBe('promoted')
    const own = (await eventsOf('evidence')).filter(event => event.rollout !== first)
    expect(own.length).toBeGreaterThan(8)
    expect(own[0]?.judge.signals.errors?.total.canary).toBeLessThan(50)
    expect(of.calls.filter(call => call === 'deploy v2 green')).toHaveLength(2)
  })

  it('what was quarantined stays so for every job, until somebody releases it; then it proves itself from the beginning', async () => {
    const { of, context, run, deploy, write, untouched, eventsOf } = await champion(slow)
    of.errorRate.set(2, 0.5)
    await deploy(context)
    of.errorRate.set(2, 0)
    expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
    for (const id of ['300', '301']) await expect(deploy(run(id))).rejects.toThrow('v2 is quarantined')
    expect((await deploy(run('302'), { resume: true })).outputs.decision).toBe('')
    const before = (await eventsOf('evidence')).length
    await write({ kind: 'release', version: 2, reason: 'the proxy was to blame' })
    expect((await deploy(run('303'))).outputs).toMatchObject({ decision: 'promoted', version: 2 })
    const own = (await eventsOf('evidence')).slice(before)
    expect(own.length).toBeGreaterThan(8)
    expect(own.at(-1)?.judge.signals.errors?.total.canaryBad).toBe(0)
  })

  it('a wedge is none: after a rollback the next version goes its way', async () => {
    const { of, context, run, deploy } = await champion()
    of.errorRate.set(2, 0.5)
    await deploy(context)
    const next = run('300')
    await of.register(3, 1)
    expect((await deploy(next, { version: 3 })).outputs).toMatchObject({ decision: 'promoted', version: 3 })
  })

  it.each([
    'takes it over',
    'is at work',
  ])('a version that is condemned elsewhere while it is rolled out here loses its traffic: its runner %s', async what => {
    const { of, context, run, deploy, dieAtLook, once, write, untouched, ended } = await champion(slow)
    const quarantine = () => write({ kind: 'quarantine', version: 2, reason: 'it did harm in staging' })
    if (what === 'is at work')
      once(
        () => of.percent.green === 5,
        () => quarantine(),
      )
    else {
      await dieAtLook(2)
      await quarantine()
    }
    expect((await deploy(what === 'is at work' ? context : run('300'))).outputs.decision).toBe('rolled-back')
    expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
    expect(await ended()).toMatchObject([{ decision: 'rolled-back', reason: 'v2 was quarantined meanwhile: it did harm in staging' }])
  })

  it('files that are not those of the digest are never deployed', async () => {
    const { of, context, deploy, untouched } = await champion()
    of.world.missingFiles.add('refline/cancer/000000000002')
    await expect(deploy(context)).rejects.toThrow('the files of v2 cannot be proven, so no traffic was touched')
    expect(of.calls).not.toContain('deploy v2 green')
    expect(await untouched()).toEqual(asBefore)
  })

  describe('more or fewer instances are no new version', () => {
    it('a slot that is scaled while it is judged keeps its evidence and its rollout', async () => {
      const { of, ports, context, deploy, eventsOf } = await champion(slow)
      const [counting] = ports.signals
      let scaled = 0
      const { sleep } = ports.clock
      ports.clock.sleep = async milliseconds => {
        await sleep(milliseconds)
        if (of.percent.green === 5) scaled += 1
      }
      // One series up to the sixth look, from then on three: each counts from its own beginning, and the first goes on.
      Object.assign(ports, {
        signals: [
          signalOf('errors', async () => {
            const reading = await counting?.read()
            if (reading === undefined) throw new Error('there is no signal')
            const { blue, green } = reading.slots
            const extra = scaled > 6 ? { two: { total: scaled, bad: 0 }, three: { total: scaled, bad: 0 } } : {}
            return { ...reading, series: { blue: { one: blue }, green: { one: green, ...extra } } }
          }),
        ],
      })
      expect((await deploy(context)).outputs.decision).toBe('promoted')
      expect(await eventsOf('rollout-start')).toHaveLength(2)
      const totals = (await eventsOf('evidence')).map(({ judge }) => judge.signals.errors?.total.canary ?? 0)
      expect(totals.length).toBeGreaterThan(7)
      expect(totals).toEqual([...totals].sort((a, b) => a - b))
      expect(of.lines.filter(line => line.includes('began again'))).toEqual([])
    })

    it('an instance that goes takes nothing of what was counted with it, and one that comes back counts what it shows', () => {
      const of = (green: Readonly<Record<string, number>>) => {
        const series = Object.fromEntries(Object.entries(green).map(([name, total]) => [name, { total, bad: 0 }]))
        return {
          slots: { blue: { total: 0, bad: 0 }, green: { total: 0, bad: 0 } },
          series: { blue: { one: { total: 0, bad: 0 } }, green: series },
        }
      }
      expect(countsBetween(of({ one: 50, two: 70 }), of({ one: 60 }), 'green').counts).toMatchObject({ canary: 10 })
      expect(countsBetween(of({ one: 60 }), of({ one: 65, two: 4 }), 'green').counts).toMatchObject({ canary: 9 })
      expect(countsBetween(of({ one: 65, two: 400 }), of({ one: 70, two: 3 }), 'green').counts).toMatchObject({ canary: 8 })
    })
  })
})
