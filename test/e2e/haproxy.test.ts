import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from '../../src/adapters/haproxy/runtime.ts'
import { haproxyTarget } from '../../src/adapters/haproxy/target.ts'
import { systemClock } from '../../src/adapters/runner/clock.ts'

/** A free port: taken, seen and given back. */
const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

const started: Server[] = []
const serve = async (name: string): Promise<number> => {
  const server = createServer((_, response) => response.end(name))
  started.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

describe('HAProxy itself', () => {
  let folder: string
  let haproxy: ChildProcess
  let front: number
  let socket: string
  let tcp: string
  let output = ''

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'refline-haproxy-'))
    front = await freePort()
    socket = join(folder, 'admin.sock')
    const admin = await freePort()
    tcp = `127.0.0.1:${admin}`
    const [blue, green] = [await serve('blue'), await serve('green')]
    await writeFile(
      join(folder, 'haproxy.cfg'),
      [
        'global',
        `  stats socket ${socket} mode 600 level admin`,
        `  stats socket ${tcp} level admin`,
        'defaults',
        '  mode http',
        '  timeout connect 1s',
        '  timeout client 5s',
        '  timeout server 5s',
        'frontend in',
        `  bind 127.0.0.1:${front}`,
        '  default_backend churn',
        'backend churn',
        '  balance roundrobin',
        `  server churn_blue 127.0.0.1:${blue} check inter 100ms weight 100`,
        `  server churn_green 127.0.0.1:${green} check inter 100ms weight 100`,
        'backend fixed',
        '  balance source',
        `  server churn_blue 127.0.0.1:${blue}`,
        `  server churn_green 127.0.0.1:${green}`,
        '',
      ].join('\n'),
    )
    haproxy = spawn('haproxy', ['-db', '-f', join(folder, 'haproxy.cfg')], { stdio: ['ignore', 'pipe', 'pipe'] })
    haproxy.stderr?.on('data', data => {
      output += String(data)
    })
    const deadline = Date.now() + 10_000
    for (;;) {
      try {
        await ask(socket, 'show info', 1)
        break
      } catch (error) {
        if (Date.now() > deadline || haproxy.exitCode !== null) throw new Error(`HAProxy did not start: ${output}`, { cause: error })
        await systemClock.sleep(50)
      }
    }
  })
  afterAll(async () => {
    haproxy.kill('SIGKILL')
    for (const server of started) {
      server.closeAllConnections()
      server.close()
    }
    await rm(folder, { recursive: true, force: true })
  })

  const targetOf = (at: string, backend = 'churn') =>
    haproxyTarget({
      sockets: [at],
      backend,
      slots: { blue: 'churn_blue', green: 'churn_green' },
      deploy: async () => undefined,
      clock: systemClock,
      readySeconds: 5,
    })
  const answers = async (requests: number): Promise<Record<string, number>> => {
    const seen: Record<string, number> = { blue: 0, green: 0 }
    for (let index = 0; index < requests; index++) {
      const slot = await (await fetch(`http://127.0.0.1:${front}/`)).text()
      seen[slot] = (seen[slot] ?? 0) + 1
    }
    return seen
  }

  it('moves real requests, over a unix and a tcp socket', async () => {
    expect(execFileSync('haproxy', ['-v'], { encoding: 'utf8' })).toContain('HAProxy')
    const target = targetOf(socket)
    expect((await target.read()).percent).toEqual({ blue: 50, green: 50 })
    await target.set('blue', 100, null, 1)
    expect(await answers(50)).toEqual({ blue: 50, green: 0 })
    await targetOf(tcp).set('green', 25, 0, 2)
    expect((await target.read()).percent.green).toBe(25)
    const split = await answers(400)
    expect(split.green).toBeGreaterThan(85)
    expect(split.green).toBeLessThan(115)
    await target.set('green', 0, null, 3)
    expect(await answers(50)).toEqual({ blue: 50, green: 0 })
  })

  it('refuses where somebody else moved the weight', async () => {
    const target = targetOf(socket)
    await target.set('green', 10, null, 4)
    await ask(socket, 'set weight churn/churn_green 200', 1)
    await expect(target.set('green', 25, 10, 5)).rejects.toThrow('somebody else moved it')
  })

  it('says what HAProxy says: unknown backend, static balance', async () => {
    await expect(targetOf(socket, 'nowhere').read()).rejects.toThrow('does not know backend nowhere')
    await expect(targetOf(socket, 'fixed').set('green', 25, null, 1)).rejects.toThrow(/static LB algorithm/)
  })

  it('takes a server for ready only when it is up', async () => {
    const target = targetOf(socket)
    await target.deploy('green', { model: 'churn', version: 2, image: null, files: null }, 6)
    await ask(socket, 'disable server churn/churn_green', 1)
    expect((await target.read()).ready).toEqual({ blue: true, green: false })
    await ask(socket, 'enable server churn/churn_green', 1)
  })
})
