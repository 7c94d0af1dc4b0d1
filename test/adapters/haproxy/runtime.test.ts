import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { ask, parseServersState } from '../../../src/adapters/haproxy/runtime.ts'
import { haproxyTarget, weightsFor } from '../../../src/adapters/haproxy/target.ts'

// What HAProxy 2.x and 3.x answer to `show servers state`, shortened to the columns that are read.
const header = '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight'
const state = (blue: string, green: string) =>
  `1\n${header}\n3 churn 1 churn_blue 127.0.0.1 ${blue} 1\n3 churn 2 churn_green 127.0.0.1 ${green} 1\n\n`

describe('weightsFor', () => {
  it.each([
    [5, { blue: 243, green: 13 }],
    [100, { blue: 0, green: 256 }],
    [0, { blue: 256, green: 0 }],
    [99.9, { blue: 1, green: 255 }],
  ])('%d %%', (percent, weights) => {
    expect(weightsFor('green', percent)).toEqual(weights)
  })
  it('refuses a share that would become 0', () => {
    expect(() => weightsFor('green', 0.1)).toThrow('the smallest share is 1/256 (0.39 %)')
  })
})

describe('parseServersState', () => {
  it('reads weight and readiness by name', () => {
    const servers = parseServersState(state('2 0 243', '0 0 13'), 'churn')
    expect(Object.fromEntries(servers)).toEqual({ churn_blue: { weight: 243, ready: true }, churn_green: { weight: 13, ready: false } })
  })
  it('takes a server in maintenance for not ready', () => {
    expect(parseServersState(state('2 1 243', '2 0 13'), 'churn').get('churn_blue')?.ready).toBe(false)
  })
  it.each([
    ["Can't find backend.\n", 'does not know backend churn'],
    ['', 'does not know backend'],
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

/** An instance that keeps its weights and answers one line per connection. */
const instance = async (initial: { blue: number; green: number }) => {
  const weights = { ...initial }
  const server = createServer(socket =>
    socket.on('data', data => {
      const line = data.toString().trim()
      for (const [, slot, value] of line.matchAll(/set weight churn\/churn_(blue|green) (\d+)/g)) weights[slot as 'blue'] = Number(value)
      socket.end(line.startsWith('show') ? state(`2 0 ${weights.blue}`, `2 0 ${weights.green}`) : '\n\n')
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
    clock: { now: () => 0, sleep: async () => undefined },
    answerSeconds: 1,
  })

describe('several instances', () => {
  it('are all moved, and read as neither old nor new while they disagree', async () => {
    const [one, two] = [await instance({ blue: 256, green: 0 }), await instance({ blue: 256, green: 0 })]
    const target = targetOf([one.socket, two.socket])
    await target.set('green', 50, 0, 1)
    expect([one.weights, two.weights]).toEqual([
      { blue: 128, green: 128 },
      { blue: 128, green: 128 },
    ])
    Object.assign(two.weights, { blue: 256, green: 0 })
    expect((await target.read()).percent).toEqual({ blue: 75, green: 25 })
    await target.set('green', 50, 0, 2)
    expect((await target.read()).percent.green).toBe(50)
  })

  it('none is changed where one was moved by somebody else', async () => {
    const [one, two] = [await instance({ blue: 256, green: 0 }), await instance({ blue: 100, green: 100 })]
    await expect(targetOf([one.socket, two.socket]).set('green', 5, 0, 1)).rejects.toThrow(
      /slot green has 50.0 % of the traffic at .* where 0 % was expected/,
    )
    expect(one.weights).toEqual({ blue: 256, green: 0 })
  })
})

it('says which server is missing, and what cannot be a name or a socket', async () => {
  const one = await instance({ blue: 256, green: 0 })
  await expect(targetOf([one.socket], { blue: 'churn_blue', green: 'churn_red' }).read()).rejects.toThrow(
    'no server churn_red in backend churn: it has churn_blue, churn_green',
  )
  expect(() => targetOf([one.socket], { blue: 'a; disable server x/y', green: 'b' })).toThrow('cannot be the name')
  expect(() => ask('nonsense', 'show info', 1)).toThrow('is not a HAProxy socket')
  await expect(ask('/nonexistent/admin.sock', 'show info', 1)).rejects.toThrow('cannot be reached')
})
