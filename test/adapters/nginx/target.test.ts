import { chmod, chown, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { Agent, createServer, get as request } from 'node:http'
import { dirname } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../../scripts/free-port.ts'
import { eventually } from '../../support/eventually.ts'
import { installMilliseconds } from '../../support/installed-program.ts'
import { installedFile, type NginxWorld, nginxProgram, nginxWorld, type RunningNginx } from './world.ts'

beforeAll(nginxProgram, installMilliseconds)

const only = (world: NginxWorld): RunningNginx => world.instance[0] as RunningNginx
const settingsOf = ({ file, status, control }: RunningNginx) => ({
  file,
  status,
  test: () => control('-t'),
  reload: () => control('-s', 'reload'),
})
/** What answers so many requests, of which a worker of the test's nginx gets a few at a time. */
const answers = async (front: string, requests: number, path: (index: number) => string = () => '/'): Promise<readonly string[]> => {
  const slots: string[] = []
  while (slots.length < requests) {
    const some = Array.from({ length: Math.min(20, requests - slots.length) }, (_, index) => path(slots.length + index))
    slots.push(...(await Promise.all(some.map(async of => (await fetch(`http://${front}${of}`)).text()))))
  }
  return slots
}

it('real requests are divided as the file says', async () => {
  await using world = await nginxWorld({ instances: 1 })
  await world.target().set('green', 25, 0, 1)
  const slots = await answers(only(world).front, 600)
  // Each request is a draw of its own: 150 of 600 are expected, with a standard deviation of 10.6.
  const green = slots.filter(slot => slot === 'green').length
  expect(green).toBeGreaterThan(150 - 6 * 10.6)
  expect(green).toBeLessThan(150 + 6 * 10.6)
})

it('clients that are divided by a key of their own change sides once while a share grows', async () => {
  await using world = await nginxWorld({ instances: 1 })
  const target = world.targetOf({
    split: { variable: 'refline_churn', slots: { blue: 'churn_blue', green: 'churn_green' }, by: '$arg_user' },
  })
  let before: readonly string[] = []
  for (const [index, percent] of [10, 40, 70].entries()) {
    await target.set('green', percent, null, index + 1)
    const now = await answers(only(world).front, 100, user => `/?user=${user}`)
    expect(await answers(only(world).front, 100, user => `/?user=${user}`)).toEqual(now)
    for (const [user, slot] of before.entries()) if (slot === 'green') expect(now[user]).toBe('green')
    expect(now.filter(slot => slot === 'green').length).toBeGreaterThan(before.filter(slot => slot === 'green').length)
    before = now
  }
})

it('group 5: a client that keeps its connection is led to the other slot too', async () => {
  await using world = await nginxWorld({ instances: 1 })
  const target = world.target()
  await target.set('green', 100, 0, 1)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      request(`http://${only(world).front}/`, { agent }, response => {
        let text = ''
        response.on('data', part => {
          text += String(part)
        })
        response.on('end', () => resolve(text))
      }).on('error', reject)
    })
  expect(await ask()).toBe('green')
  await target.restore('blue', 2)
  expect(await ask()).toBe('blue')
  agent.destroy()
})

describe('a configuration that nginx does not take', () => {
  it('by its own test: the old file is put back, at every instance, and nginx is not reloaded', async () => {
    await using world = await nginxWorld()
    const target = world.target()
    await target.set('green', 10, 0, 1)
    const [one, two] = world.instance as [RunningNginx, RunningNginx]
    const before = await Promise.all([readFile(one.file, 'utf8'), readFile(two.file, 'utf8')])
    await writeFile(two.configuration, `${await readFile(two.configuration, 'utf8')}\nnonsense;\n`)
    await expect(target.set('green', 50, 10, 2)).rejects.toThrow(/unknown directive "nonsense"/)
    expect(await Promise.all([readFile(one.file, 'utf8'), readFile(two.file, 'utf8')])).toEqual(before)
    expect(await target.read()).toMatchObject({ percent: { green: 10 }, seq: 1 })
  })

  it('only when it reloads, which no exit code says: the workers go on by the old file, and that is said', async () => {
    await using world = await nginxWorld({ instances: 1 })
    const nginx = only(world)
    const target = world.target({ seconds: 1 })
    await target.set('green', 10, 0, 1)
    // `nginx -t` lets a port pass that somebody else has.
    const port = await freePort()
    const taken = createServer()
    await new Promise<void>(resolve => taken.listen(port, '127.0.0.1', resolve))
    const text = await readFile(nginx.configuration, 'utf8')
    await writeFile(nginx.configuration, text.replace('server {', `server { listen 127.0.0.1:${port}; }\n  server {`))
    await expect(target.set('green', 50, 10, 2)).rejects.toThrow(
      /serves blue 90 % of seq 1 where 50 % of seq 2 was reloaded; its error log says why/,
    )
    expect((await target.read()).percent.green).toBe(10)
    await expect(target.verify('green', 50)).rejects.toThrow(/gives slot green 10 % of the traffic where 50 % was expected/)
    await new Promise(resolve => taken.close(resolve))
    await target.set('green', 50, 10, 2)
    await target.verify('green', 50)
  })
})

describe('the file', () => {
  it('keeps its mode and its owner, and a link stays a link', async () => {
    await using world = await nginxWorld({ instances: 1 })
    const { file } = only(world)
    const real = `${file}.real`
    await rename(file, real)
    await symlink(real, file)
    await chmod(real, 0o640)
    if (process.getuid?.() === 0) await chown(real, 1234, 1234)
    const before = await stat(real)
    await world.target().set('green', 10, 0, 1)
    const after = await stat(real)
    expect([after.mode, after.uid, after.gid]).toEqual([before.mode, before.uid, before.gid])
    expect((await lstat(file)).isSymbolicLink()).toBe(true)
    expect(await readFile(real, 'utf8')).toContain('90.00% "churn_blue"')
    expect((await readdir(dirname(real))).filter(name => /lock|new/.test(name))).toEqual([])
  })

  it("that was edited and not reloaded is already somebody else's move", async () => {
    await using world = await nginxWorld({ instances: 1 })
    const target = world.target()
    await target.set('green', 10, 0, 1)
    const { file } = only(world)
    await writeFile(file, (await readFile(file, 'utf8')).replace('90.00%', '40%'))
    expect(await target.read()).toMatchObject({ percent: { blue: 40, green: 60 }, seq: 1, forgot: null })
    await expect(target.set('green', 25, 10, 2)).rejects.toThrow('slot green has 60 % of the traffic')
  })

  it('that configuration management put back is forgotten, though the workers still serve by the other one', async () => {
    await using world = await nginxWorld({ instances: 1 })
    const target = world.target()
    await target.set('green', 10, 0, 1)
    const { file } = only(world)
    await writeFile(file, installedFile)
    await utimes(file, 1000, 1000)
    const { forgot, ...traffic } = await target.read()
    expect(traffic).toMatchObject({ percent: { blue: 90, green: 10 }, seq: 1 })
    expect(forgot ?? 0).toBeGreaterThan(Date.now() / 1000 - 60)
    await target.set('green', 10, 10, 2)
    expect((await target.read()).forgot).toBeNull()
  })

  it.each([
    ['is gone', (file: string) => rm(file)],
    ['is something else', (file: string) => writeFile(file, 'upstream churn { server 127.0.0.1:1 weight=5; }\n')],
  ])('%s: read and set say so, restore writes it', async (_, spoil) => {
    await using world = await nginxWorld({ instances: 1 })
    const target = world.target()
    await target.set('green', 10, 0, 1)
    await spoil(only(world).file)
    await expect(target.read()).rejects.toThrow(/docs\/targets\.md/)
    await expect(target.set('green', 25, 10, 2)).rejects.toThrow(/docs\/targets\.md/)
    await target.restore('blue', 2)
    expect(await target.read()).toMatchObject({ percent: { blue: 100, green: 0 }, seq: 2, forgot: null })
  })
})

describe('a runner that dies after any of its messages', () => {
  const never = () => new Promise<never>(() => undefined)

  it.each([
    ['set', 50, [0, 1, 2, 3], (target: ReturnType<NginxWorld['targetOf']>, seq: number) => target.set('green', 50, 10, seq)],
    ['restore', 100, [1, 3], (target: ReturnType<NginxWorld['targetOf']>, seq: number) => target.restore('green', seq)],
  ] as const)('leaves a %s that the next runner reads as not done, and completes', async (_, share, points, move) => {
    await using world = await nginxWorld()
    const next = world.target()
    // Calls of `test` and `reload` before the end: the points between two effects.
    for (const [index, calls] of points.entries()) {
      const seq = 2 * index + 1
      await next.set('green', 10, null, seq)
      let left: number = calls
      let stopped: () => void = () => undefined
      const dead = new Promise<void>(resolve => {
        stopped = resolve
      })
      const dying = (work: () => Promise<void>) => async () => {
        left -= 1
        if (left >= 0) return work()
        stopped()
        return never()
      }
      const instances = world.instance.map(nginx => {
        const { test, reload, ...place } = settingsOf(nginx)
        return { ...place, test: dying(test), reload: dying(reload) }
      })
      void move(world.targetOf({ instances }), seq + 1)
      await dead
      // What was reloaded comes to its new workers in a moment; nobody takes it for done before all have.
      await expect(world.target({ seconds: 0.2 }).verify('green', share)).rejects.toThrow(/gives slot green/)
      const { percent } = await next.read()
      expect(percent.green).toBeGreaterThanOrEqual(10)
      expect(percent.green).toBeLessThan(share)
      await next.set('green', share, 10, seq + 1)
      expect(await world.shares('green')).toEqual([share, share])
    }
  })
})

describe('two writers', () => {
  it('the older one is refused where the newer one came between its look and its file', async () => {
    await using world = await nginxWorld({ instances: 1 })
    const nginx = only(world)
    const lock = `${dirname(nginx.file)}/.churn.conf.lock`
    await mkdir(lock)
    const older = world.target().set('green', 25, null, 8)
    const refused = expect(older).rejects.toThrow(/told seq 9 .* newer than 8/)
    // The older one waits for the lock now; the newer file is put there before it gets it.
    await new Promise(resolve => setTimeout(resolve, 100))
    await nginx.replace(
      (await readFile(nginx.file, 'utf8'))
        .replace('seq=0 blue=100.00 green=0.00', 'seq=9 blue=25.00 green=75.00')
        .replace('* "churn_blue"', '25% "churn_blue";\n * "churn_green"'),
    )
    await rm(lock, { recursive: true })
    await refused
    expect(await world.shares('green')).toEqual([75])
  })

  it('a lock that a killed runner left is taken over, and one that is held is waited for', async () => {
    await using world = await nginxWorld({ instances: 1 })
    const lock = `${dirname(only(world).file)}/.churn.conf.lock`
    await mkdir(lock)
    await expect(world.target({ seconds: 0.3 }).set('green', 25, 0, 1)).rejects.toThrow(/is held by another process/)
    expect(await world.shares('green')).toEqual([0])
    const long = Date.now() / 1000 - 60
    await utimes(lock, long, long)
    await world.target().set('green', 25, 0, 1)
    expect(await world.shares('green')).toEqual([25])
  })
})

it('says what its status location should answer', async () => {
  await using world = await nginxWorld({ instances: 1 })
  const nginx = only(world)
  const other = world.targetOf({ instances: [{ ...settingsOf(nginx), status: new URL(`http://${nginx.front}/`) }] })
  await expect(other.read()).rejects.toThrow(/answers 200 "blue" where `refline seq=...` was expected/)
  await eventually('nginx serves', async () => (await fetch(nginx.status)).ok)
})
