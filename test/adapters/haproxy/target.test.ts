import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { Agent, type IncomingMessage, request } from 'node:http'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Slot } from '../../../src/core/lineage/events.ts'
import { installMilliseconds } from '../../support/installed-program.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { type HaproxyWorld, haproxyProgram, haproxyWorld } from './world.ts'

beforeAll(haproxyProgram, installMilliseconds)

const release = { model: 'churn', version: 2, image: null, files: '/models/v2' }

const servers = (ports: Readonly<Record<Slot, number>>, more = '') =>
  `  server churn_blue 127.0.0.1:${ports.blue} check inter 50ms rise 1 fall 2 weight 256 ${more.replace('SLOT', 'blue')}
  server churn_green 127.0.0.1:${ports.green} check inter 50ms rise 1 fall 2 weight 0 ${more.replace('SLOT', 'green')}`

/** A backend of its own at the first instance, and the slot that answers a request with these headers. */
const withBackend = async (
  name: string,
  lines: (ports: Readonly<Record<Slot, number>>) => string,
  { mode = 'http', globals = '' }: { readonly mode?: string; readonly globals?: string } = {},
) => {
  const folder = await temporaryFolder('refline-front-')
  const front = folder.join('front.sock')
  const world = await haproxyWorld({
    instances: 1,
    globals,
    more: ports =>
      `frontend ${name}_in\n  mode ${mode}\n  bind ${front}\n  default_backend ${name}\nbackend ${name}\n  mode ${mode}\n${lines(ports)}`,
  })
  const stack = new AsyncDisposableStack()
  stack.use(folder)
  stack.use(world)
  return { world, front, target: world.targetOf({ backend: name }), [Symbol.asyncDispose]: () => stack.disposeAsync() }
}
const get = async (front: string, headers = ''): Promise<string> => {
  const socket = connect(front)
  let answer = ''
  socket.on('data', data => {
    answer += String(data)
  })
  socket.write(`GET / HTTP/1.1\r\nHost: churn\r\nConnection: close\r\n${headers}\r\n`)
  await once(socket, 'close')
  return answer
}
const slotOf = (answer: string): string => /(blue|green)\s*$/.exec(answer)?.[1] ?? answer

describe('group 5: sessions that stick to the other slot', () => {
  it.each([
    [
      'by a cookie of HAProxy',
      (ports: Readonly<Record<Slot, number>>) =>
        `  balance roundrobin\n  cookie SERVED insert indirect nocache\n${servers(ports, 'cookie SLOT')}`,
    ],
    [
      'by a stick table',
      (ports: Readonly<Record<Slot, number>>) =>
        `  balance roundrobin\n  stick-table type string len 32 size 1k\n  stick on req.hdr(x-user)\n${servers(ports)}`,
    ],
  ])('%s are left by a weight of 0 and led away by restore, and a deploy lets the slot back in', async (_, lines) => {
    await using of = await withBackend('sticky', lines)
    const { front, target } = of
    await target.set('green', 100, null, 1)
    const [, cookie = 'none'] = /set-cookie: (SERVED=\w+)/i.exec(await get(front, 'x-user: ann\r\n')) ?? []
    const client = `x-user: ann\r\nCookie: ${cookie}\r\n`

    await target.set('green', 0, 100, 2)
    expect(slotOf(await get(front, client))).toBe('green')

    await target.restore('blue', 3)
    expect(slotOf(await get(front, client))).toBe('blue')
    expect((await target.read()).ready).toEqual({ blue: true, green: false })
    await expect(target.set('green', 5, 0, 4)).rejects.toThrow(/green.*taken out of traffic.*nothing was changed/)

    await target.deploy('green', release, 4)
    expect((await target.read()).ready).toEqual({ blue: true, green: true })
    await target.set('green', 5, 0, 4)
    await target.verify('green', 5)
  })

  it('long connections of a TCP backend are ended by restore where its servers have `on-marked-down shutdown-sessions`', async () => {
    await using of = await withBackend('long', ports => `  balance roundrobin\n${servers(ports, 'on-marked-down shutdown-sessions')}`, {
      mode: 'tcp',
    })
    const { front, target } = of
    await target.set('green', 100, null, 1)
    const socket = connect(front)
    const ask = async () => {
      socket.write('GET / HTTP/1.1\r\nHost: churn\r\n\r\n')
      const [data] = await once(socket, 'data')
      return slotOf(String(data))
    }
    expect(await ask()).toBe('green')
    await target.set('green', 0, 100, 2)
    expect(await ask()).toBe('green')
    const closed = once(socket, 'close')
    await target.restore('blue', 3)
    await closed
  })
})

describe('a server that cannot serve', () => {
  it('gets nothing by restore: what has the traffic keeps it', async () => {
    await using world = await haproxyWorld()
    const target = world.target({ seconds: 0.5 })
    await target.set('green', 100, 0, 1)
    await world.slotDown('blue')
    await expect(target.restore('blue', 2)).rejects.toThrow(
      /0 of 2 HAProxy instances give all traffic to slot blue: .*for up, so it was given nothing/,
    )
    expect(await world.shares('green')).toEqual([100, 100])
  })

  it('that was taken out is let back in by restore only when a health check has passed', async () => {
    await using world = await haproxyWorld()
    const target = world.target()
    await target.set('green', 100, 0, 1)
    await target.restore('blue', 2)
    await world.models.green.stop()
    await expect(world.target({ seconds: 0.5 }).restore('green', 3)).rejects.toThrow('(slot green) for up')
    expect(await world.shares('blue')).toEqual([100, 100])
    await world.models.green.start()
    await target.restore('green', 3)
    expect(await world.shares('green')).toEqual([100, 100])
    expect((await target.read()).ready).toEqual({ blue: false, green: true })
  })
})

describe('balance algorithms', () => {
  const of = (name: string, balance: string) => withBackend(name, ports => `  balance ${balance}\n${servers(ports)}`)
  it.each([
    ['static-rr', 'takes only 0 and 100 %'],
    ['first', 'ignores weights'],
  ])('%s is refused before anything is deployed or moved', async (balance, words) => {
    await using at = await of('other', balance)
    await expect(at.target.deploy('green', release, 1)).rejects.toThrow(words)
    await expect(at.target.set('green', 25, 0, 1)).rejects.toThrow(/use `balance roundrobin`/)
    expect(await at.world.instance[0]?.shareOf('green', 'other')).toBe(0)
  })
  it('one that hashes to a fixed map says so itself, and nothing is changed', async () => {
    await using at = await of('hashed', 'source')
    await expect(at.target.set('green', 25, 0, 1)).rejects.toThrow(/did not take weight 192 for churn_blue: .*static LB algorithm/)
    expect(await at.world.instance[0]?.shareOf('green', 'hashed')).toBe(0)
  })
})

describe('a reload', () => {
  it('with a state file loses no weight, so nothing was forgotten; the seq is told again by the next move', async () => {
    await using states = await temporaryFolder('refline-state-')
    const file = states.join('servers')
    await using of = await withBackend('kept', ports => `  balance roundrobin\n  load-server-state-from-file global\n${servers(ports)}`, {
      globals: `  server-state-file ${file}\n`,
    })
    const [instance] = of.world.instance
    await of.target.set('green', 25, 0, 5)
    await writeFile(file, (await instance?.ask('show servers state')) ?? '')
    await instance?.reload()
    expect(await of.target.read()).toMatchObject({ percent: { blue: 75, green: 25 }, seq: null, forgot: null })
    await of.target.set('green', 50, 25, 6)
    expect((await of.target.read()).seq).toBe(6)
  })

  it('of one of two instances is a share between, and the next move completes it', async () => {
    await using world = await haproxyWorld()
    const target = world.target()
    await target.set('green', 50, 0, 1)
    await world.instance[1]?.reload()
    const traffic = await target.read()
    expect(traffic).toMatchObject({ percent: { blue: 75, green: 25 }, seq: 1 })
    expect(traffic.forgot).not.toBeNull()
    // The way a rollout asserts a forgotten weight: it expects what it read.
    await target.set('green', 50, traffic.percent.green, 1)
    expect(await world.shares('green')).toEqual([50, 50])
    expect((await target.read()).forgot).toBeNull()
  })
})

/** Ways to the sockets of all instances, on which each line is seen before it is passed on; a line that is refused is lost with its connection. */
const ways = async (world: HaproxyWorld, before: (line: string) => Promise<'pass' | 'lose'>) => {
  const stack = new AsyncDisposableStack()
  const paths = world.instance.map((_, index) => join(world.folder, `way-${index}.sock`))
  for (const [index, path] of paths.entries()) {
    const server = createServer(client => {
      client.on('error', () => undefined)
      client.once('data', async data => {
        if ((await before(String(data))) === 'lose') return client.destroy()
        const instance = connect(world.instance[index]?.socket ?? '')
        instance.end(data)
        instance.on('data', answer => client.write(answer)).on('close', () => client.end())
      })
    })
    server.listen(path)
    await once(server, 'listening')
    stack.defer(async () => void server.close())
  }
  return { paths, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

describe('a runner that dies after any of its messages', () => {
  /** Lets a move go on for so many messages and then lose everything; returns whether it had ended before. */
  const cut = async (world: HaproxyWorld, messages: number, move: (target: ReturnType<HaproxyWorld['targetOf']>) => Promise<void>) => {
    let left = messages
    await using way = await ways(world, async () => {
      left -= 1
      return left >= 0 ? 'pass' : 'lose'
    })
    // Awaited here, since the ways end with this function.
    return await move(world.targetOf({ sockets: way.paths })).then(
      () => true,
      () => false,
    )
  }

  it('leaves a set that the next runner reads as not done, and completes', async () => {
    await using world = await haproxyWorld()
    const next = world.target()
    let messages = 0
    for (let seq = 1; messages < 60; messages++, seq += 3) {
      await next.set('green', 10, null, seq)
      const done = await cut(world, messages, target => target.set('green', 50, 10, seq + 1))
      const { green } = (await next.read()).percent
      expect(green).toBeGreaterThanOrEqual(10 - world.grain)
      expect(green).toBeLessThanOrEqual(50 + world.grain)
      await next.set('green', 50, 10, seq + 1)
      expect(await world.shares('green')).toEqual([50, 50])
      if (done) break
    }
    // Looks, balance, orders, two weights and a look back at each of the two.
    expect(messages).toBeGreaterThanOrEqual(12)
    expect(messages).toBeLessThan(60)
  })

  it('leaves a restore that the next runner completes', async () => {
    await using world = await haproxyWorld()
    const next = world.target()
    let messages = 0
    for (let seq = 1; messages < 60; messages++, seq += 3) {
      await next.deploy('green', release, seq)
      await next.set('green', 50, null, seq)
      const done = await cut(world, messages, target => target.restore('blue', seq + 1))
      await next.restore('blue', seq + 1)
      expect(await world.shares('blue')).toEqual([100, 100])
      expect((await next.read()).ready).toEqual({ blue: true, green: false })
      if (done) break
    }
    expect(messages).toBeGreaterThanOrEqual(12)
    expect(messages).toBeLessThan(60)
  })
})

describe('two writers', () => {
  it('the older one that wrote last gives the newer one its weights back', async () => {
    await using world = await haproxyWorld({ instances: 1 })
    const newer = world.target()
    let told = false
    await using way = await ways(world, async line => {
      const first = !told && /^set server .* weight/.test(line)
      told ||= first
      if (first) await newer.set('green', 75, null, 9)
      return 'pass'
    })
    await expect(world.targetOf({ sockets: way.paths }).set('green', 25, null, 8)).rejects.toThrow(/told seq 9 .* newer than 8/)
    expect(await world.shares('green')).toEqual([75])
    expect((await newer.read()).seq).toBe(9)
  })

  it('the older one is refused by HAProxy itself where the newer one came between its look and its order', async () => {
    await using world = await haproxyWorld({ instances: 1 })
    const newer = world.target()
    await using way = await ways(world, async line => {
      if (line.includes('set var')) await newer.set('green', 75, null, 9)
      return 'pass'
    })
    await expect(world.targetOf({ sockets: way.paths }).set('green', 25, null, 8)).rejects.toThrow(/told seq 9 .* newer than 8/)
    expect(await world.shares('green')).toEqual([75])
  })
})

it('real requests are split as the weights say, and those of a slot without weight are none', async () => {
  await using world = await haproxyWorld({ instances: 1 })
  const target = world.target()
  const front = world.instance[0]?.address
  const ask = async (requests: number) => {
    const slots = await Promise.all(Array.from({ length: requests }, async () => (await fetch(`http://${front}/`)).text()))
    return slots.filter(slot => slot === 'green').length
  }
  await target.set('green', 25, 0, 1)
  // Round robin: exact but for the place in the turn.
  const green = await ask(256)
  expect(green).toBeGreaterThanOrEqual(60)
  expect(green).toBeLessThanOrEqual(68)
  await target.restore('blue', 2)
  expect(await ask(50)).toBe(0)
})

describe('after a move', () => {
  /** How many of so many requests, one after the other on one connection, green answers. */
  const greenOf = async (agent: Agent, address: string, requests: number): Promise<number> => {
    let green = 0
    for (let index = 0; index < requests; index++) {
      const [answer] = (await once(request(`http://${address}/`, { agent }).end(), 'response')) as [IncomingMessage]
      if (slotOf(await text(answer)) === 'green') green += 1
    }
    return green
  }

  it('the first requests are split as the new weights say, wherever in their turn the servers were', async () => {
    await using world = await haproxyWorld({ instances: 1 })
    const [target, address] = [world.target(), world.instance[0]?.address ?? '']
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    let seq = 1
    // With large weights the canary gets all of the 100 at two of these places.
    for (const requests of Array.from({ length: 12 }, (_, round) => 15 + 90 * round)) {
      await target.restore('blue', seq++)
      await target.deploy('green', release, seq++)
      await target.set('green', 20, 0, seq++)
      await greenOf(agent, address, requests)
      await target.set('green', 50, 20, seq++)
      const green = await greenOf(agent, address, 100)
      expect(Math.abs(green - 50), `${requests} requests at 20 %`).toBeLessThanOrEqual(4)
    }
    agent.destroy()
  })
})
