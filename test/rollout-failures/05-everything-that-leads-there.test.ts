import { describe, expect, it } from 'vitest'
import { UserError } from '../../src/core/errors.ts'
import { haproxyWorld } from '../adapters/haproxy/world.ts'
import { asBefore, champion, signalOf } from './world.ts'

// What each data plane does with what sticks: test/adapters/haproxy/target.test.ts, test/adapters/nginx/target.test.ts and test/adapters/kubernetes/scenarios.ts.

/** Clients of which so many requests per second stick to slot green by a cookie, whatever its weight says; `restore` leads them away. */
const sticky = async (perSecond: number) => {
  const world = await champion({ judge: { max_duration: '10m' } })
  const { of, ports } = world
  const [counting] = ports.signals
  let stuck = 0
  let sticks = true
  let total = 0
  const { sleep } = ports.clock
  ports.clock.sleep = async milliseconds => {
    await sleep(milliseconds)
    if (sticks && of.running.green === 2) total += (perSecond * milliseconds) / 1000
  }
  const { set } = ports.target
  const verbs: string[] = []
  ports.target.set = async (slot, share, ...rest) => {
    verbs.push(`set ${slot} ${share}`)
    return set(slot, share, ...rest)
  }
  ports.target.restore = async slot => {
    verbs.push(`restore ${slot}`)
    sticks = false
    Object.assign(of.percent, { [slot]: 100, [slot === 'blue' ? 'green' : 'blue']: 0 })
  }
  Object.assign(ports, {
    signals: [
      signalOf('errors', async () => {
        const reading = await counting?.read()
        if (reading === undefined) throw new Error('there is no signal')
        const { blue, green } = reading.slots
        stuck = Math.floor(total)
        return { ...reading, slots: { blue, green: { total: green.total + stuck, bad: green.bad } } }
      }),
    ],
  })
  return { ...world, verbs, sticks: () => sticks }
}

describe('group 5: traffic is back when nothing leads to the canary any more (Argo #1838)', () => {
  it('sessions that stick are seen by the split: 5 % set and 20 % come, so it is held with that reason and given back whole', async () => {
    const { context, deploy, verbs, sticks, untouched } = await sticky(200)
    const answer = await deploy(context)
    expect(answer.outputs.decision).toBe('held')
    expect(answer.outputs.reason).toMatch(/the canary got [\d,]+ of [\d,]+ requests where 5 % were set.*traffic sticks/)
    expect(verbs.at(-1)).toBe('restore blue')
    expect(sticks()).toBe(false)
    expect(await untouched()).toEqual(asBefore)
  })

  it.each<[string, (world: Awaited<ReturnType<typeof sticky>>) => Promise<unknown>]>([
    [
      'harm',
      async ({ of, context, deploy }) => {
        of.errorRate.set(2, 0.5)
        await deploy(context)
      },
    ],
    [
      'the rollback action',
      async ({ context, dieAtLook, rollback }) => {
        await dieAtLook(1)
        await rollback(context)
      },
    ],
    [
      'a version that supersedes it',
      async ({ of, run, dieAtLook, deploy }) => {
        await dieAtLook(1)
        const context = run('300')
        await of.register(3, 1)
        await deploy(context, { version: 3, supersede: true })
      },
    ],
  ])('also after %s the target is told to give back everything, and not only a weight of 0', async (_, abort) => {
    const world = await sticky(0)
    await abort(world)
    expect(world.verbs.filter(verb => verb === 'restore blue')).toHaveLength(1)
    expect(world.sticks()).toBe(false)
  })

  it('it is over when what carries the traffic has verified that, and not before', async () => {
    const { of, ports, context, deploy, ended } = await champion()
    of.errorRate.set(2, 0.5)
    const { verify } = ports.target
    const open: number[] = []
    ports.target.verify = async (slot, share) => {
      if (share === 0 && open.length < 2) {
        open.push((await ended()).length)
        throw new UserError('sessions still stick to green')
      }
      await verify(slot, share)
    }
    expect((await deploy(context)).outputs.decision).toBe('rolled-back')
    expect(open).toEqual([0, 0])
  })

  it('requests that reach the canary after its traffic was given back are said: the weight alone is not believed', async () => {
    const { of, ports, context, deploy, untouched } = await champion()
    of.errorRate.set(2, 0.5)
    const [counting] = ports.signals
    let stuck = 0
    Object.assign(ports, {
      signals: [
        signalOf('errors', async () => {
          const reading = await counting?.read()
          if (reading === undefined) throw new Error('there is no signal')
          if (of.percent.green === 0 && of.running.green === 2) stuck += 30
          const { blue, green } = reading.slots
          return { ...reading, slots: { blue, green: { total: green.total + stuck, bad: green.bad } } }
        }),
      ],
    })
    const answer = await deploy(context)
    const leak = /slot green still got 30 requests in 10 s after all traffic was given to slot blue/
    expect(answer.outputs.decision).toBe('rolled-back')
    expect(answer.failure).toMatch(leak)
    expect(of.lines.filter(line => line.startsWith('warning: ')).at(-1)).toMatch(leak)
    expect(await untouched()).toEqual({ ...asBefore, quarantined: ['2'] })
  })

  it('with a real HAProxy whose cookies lead to a server, an abort takes the canary out, so that no cookie leads there', async () => {
    await using haproxy = await haproxyWorld({
      instances: 1,
      more: ports =>
        `backend sticky\n  balance roundrobin\n  cookie SERVED insert indirect nocache\n${(['blue', 'green'] as const)
          .map(slot => `  server churn_${slot} 127.0.0.1:${ports[slot]} cookie ${slot} weight ${slot === 'blue' ? 256 : 0}`)
          .join('\n')}`,
    })
    const target = haproxy.targetOf({ backend: 'sticky' })
    const { ports, context, deploy } = await champion({ judge: { on_provider_error: 'rollback', provider_deadline: '1m' } })
    const { deploy: deployed } = ports.target
    let share = 0
    const set: typeof target.set = async (slot, percent, expecting, seq) => {
      share = Math.max(share, slot === 'green' ? percent : 0)
      await target.set(slot, percent, expecting, seq)
    }
    Object.assign(ports, {
      target: { ...target, set, deploy: deployed },
      signals: [signalOf('errors', async () => Promise.reject(new UserError('signal errors: no answer in time')))],
    })
    expect((await deploy(context)).outputs.decision).toBe('rolled-back')
    expect(share).toBe(5)
    expect(await target.read()).toMatchObject({ percent: { blue: 100, green: 0 }, ready: { blue: true, green: false } })
  })
})
