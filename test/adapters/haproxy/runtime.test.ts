import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { ask, parseServersState } from '../../../src/adapters/haproxy/runtime.ts'
import { haproxyTarget } from '../../../src/adapters/haproxy/target.ts'
import { numberOf, parseTold, tellCommands, toldOf, variableOf } from '../../../src/adapters/haproxy/told.ts'

// What HAProxy 2.x and 3.x answer to `show servers state`, shortened to the columns that are read.
const header =
  '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_check_health srv_check_state'
const state = (blue: string, green: string, checks = '3 6') =>
  `1\n${header}\n3 churn 1 churn_blue 127.0.0.1 ${blue} 1 ${checks}\n3 churn 2 churn_green 127.0.0.1 ${green} 1 ${checks}\n\n`

describe('what an instance was told', () => {
  it('is one number that grows with seq, then turn, and says its share', () => {
    const orders = [
      { seq: 7, turn: 0, blueShare: 10_000 },
      { seq: 7, turn: 1, blueShare: 0 },
      { seq: 8, turn: 0, blueShare: 0 },
      { seq: 8, turn: 0, blueShare: 9_999 },
      { seq: 4_294_967_295, turn: 127, blueShare: 10_000 },
    ]
    const numbers = orders.map(numberOf)
    expect(numbers.every(Number.isSafeInteger)).toBe(true)
    expect(numbers).toEqual([...numbers].sort((one, two) => one - two))
    expect(numbers.map(toldOf)).toEqual(orders)
    expect(toldOf(10_001)).toBeNull()
    expect(() => numberOf({ seq: 4_294_967_296, turn: 0, blueShare: 0 })).toThrow(RangeError)
    expect(() => numberOf({ seq: 7, turn: 128, blueShare: 0 })).toThrow(RangeError)
  })
  it('has a name of its own for every backend, and is found in an answer', () => {
    const names = ['churn', 'ch-urn', 'ch_urn', 'ch.urn', 'ch:urn'].map(variableOf)
    expect(new Set(names).size).toBe(5)
    for (const name of names) expect(name).toMatch(/^proc\.[A-Za-z0-9_.]+$/)
    const told = { seq: 7, turn: 0, blueShare: 9_500 }
    const [name = ''] = names
    expect(tellCommands(name, told)).toContain(`set var ${name},iflt int(${numberOf(told)})`)
    expect(parseTold(`\n\n${name}: type=sint value=<${numberOf(told)}>\n\n`, name)).toEqual(told)
    expect(parseTold('Variable not found.\n', name)).toBeNull()
  })
})

describe('parseServersState', () => {
  it('reads weight and readiness by name', () => {
    const servers = parseServersState(state('2 0 243', '0 0 13'), 'churn')
    const seen = { initialWeight: 1, takenOut: false, checksPassed: 3 }
    expect(Object.fromEntries(servers)).toEqual({
      churn_blue: { ...seen, weight: 243, ready: true },
      churn_green: { ...seen, weight: 13, ready: false },
    })
  })
  it('takes a server in maintenance for not ready', () => {
    expect(parseServersState(state('2 1 243', '2 0 13'), 'churn').get('churn_blue')?.ready).toBe(false)
  })
  it.each([
    ["Can't find backend.\n", 'does not know backend churn'],
    ['\n', 'does not know backend'],
    ['HTTP/1.1 400 Bad', 'no runtime socket'],
    [`1\n# be_id srv_name\n`, 'no column srv_uweight'],
    [state('2 0 x', '2 0 1'), 'weight "x"'],
  ])('refuses %j', (answer, message) => {
    expect(() => parseServersState(answer, 'churn')).toThrow(message)
  })
})

const servers: Server[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map(server => new Promise(resolve => server.close(resolve))))
})

/** What HAProxy 2.0 to 2.4 answer: they keep weights and know no variables of the process. */
const older = async (initial: { blue: number; green: number }) => {
  const weights = { ...initial }
  const server = createServer(socket =>
    socket.on('data', data => {
      const answers = data
        .toString()
        .trim()
        .split('; ')
        .map(line => {
          const [, slot, value] = /^set server churn\/churn_(blue|green) weight (\d+)$/.exec(line) ?? []
          if (slot !== undefined) weights[slot as 'blue'] = Number(value)
          if (slot !== undefined) return '\n'
          if (line.startsWith('show servers')) return state(`2 0 ${weights.blue}`, `2 0 ${weights.green}`)
          if (line === 'show info') return 'Name: HAProxy\nUptime_sec: 40\n\n'
          if (line.startsWith('show stat')) return '# pxname,svname,algo,\nchurn,BACKEND,roundrobin,\n\n'
          return 'Unknown command. Please enter one of the following commands only :\n  help : this message\n\n'
        })
      socket.end(answers.join(''))
    }),
  )
  servers.push(server)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { weights, socket: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}
const targetOf = (sockets: readonly string[], names = { blue: 'churn_blue', green: 'churn_green' }) =>
  haproxyTarget({
    sockets,
    backend: 'churn',
    slots: names,
    deploy: async () => undefined,
    clock: { now: () => 100_000, sleep: async () => undefined },
    answerSeconds: 1,
  })

describe('a HAProxy that is too old to keep a variable', () => {
  it('is moved all the same, holds no seq, and has forgotten where its weights are those of its configuration', async () => {
    const [one, two] = [await older({ blue: 1, green: 1 }), await older({ blue: 1, green: 1 })]
    const target = targetOf([one.socket, two.socket])
    expect(await target.read()).toMatchObject({ seq: null, forgot: 60 })
    await target.set('green', 25, null, 7)
    expect([one.weights, two.weights]).toEqual([
      { blue: 3, green: 1 },
      { blue: 3, green: 1 },
    ])
    expect(await target.read()).toMatchObject({ percent: { blue: 75, green: 25 }, seq: null, forgot: null })
    await target.set('green', 50, 25, 3)
    await target.verify('green', 50)
    // These are also the weights of its configuration. Since it has been running from before the move, a rollout does not take them for forgotten.
    expect([one.weights, (await target.read()).forgot]).toEqual([{ blue: 1, green: 1 }, 60])
  })

  it('none of several is changed where one was moved by somebody else', async () => {
    const [one, two] = [await older({ blue: 256, green: 0 }), await older({ blue: 100, green: 100 })]
    await expect(targetOf([one.socket, two.socket]).set('green', 5, 0, 1)).rejects.toThrow(
      /slot green has 50 % of the traffic at .* where 0 % was expected/,
    )
    expect(one.weights).toEqual({ blue: 256, green: 0 })
  })
})

it('says which server is missing, and what cannot be a name or a socket', async () => {
  const one = await older({ blue: 256, green: 0 })
  await expect(targetOf([one.socket], { blue: 'churn_blue', green: 'churn_red' }).read()).rejects.toThrow(
    'no server churn_red in backend churn: it has churn_blue, churn_green',
  )
  expect(() => targetOf([one.socket], { blue: 'a; disable server x/y', green: 'b' })).toThrow('cannot be the name')
  expect(() => ask('nonsense', 'show info', 1)).toThrow('is not a HAProxy socket')
  await expect(ask('/nonexistent/admin.sock', 'show info', 1)).rejects.toThrow('cannot be reached')
})
