import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ask, parseServersState } from '../../src/adapters/haproxy/runtime.ts'
import { freePort } from '../free-port.ts'
import { startChild } from './children.ts'
import { type Slot, type Splitter, slots } from './splitter.ts'

const backend = 'cancer'
const serverOf = (slot: Slot): string => `cancer_${slot}`

/** HAProxy with one server for each slot. Its runtime socket listens on `socketPort`; Refline moves the weights there, and nothing else does. */
export const haproxySplitter = async (folder: string, socketPort: number): Promise<Splitter> => {
  const port = await freePort()
  const socket = `127.0.0.1:${socketPort}`
  const configuration = [
    'global',
    `  stats socket ${socket} level admin`,
    'defaults',
    '  mode http',
    '  timeout connect 2s',
    '  timeout client 30s',
    '  timeout server 10s',
    'frontend users',
    `  bind 127.0.0.1:${port}`,
    `  default_backend ${backend}`,
    `backend ${backend}`,
    '  balance roundrobin',
    '  option httpchk GET /healthz',
    // Both are down until something is deployed: port 1 answers nobody.
    ...slots.map(slot => `  server ${serverOf(slot)} 127.0.0.1:1 check inter 200ms fall 3 rise 1 weight ${slot === 'blue' ? 256 : 0}`),
    '',
  ].join('\n')
  const file = join(folder, 'haproxy.cfg')
  await writeFile(file, configuration)
  const child = startChild('haproxy', ['-db', '-f', file])
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (part: Buffer) => {
      output = (output + part.toString()).slice(-2000)
    })
  for (const end = Date.now() + 10_000; ; ) {
    try {
      await ask(socket, 'show info', 1)
      break
    } catch (error) {
      if (Date.now() > end || child.exitCode !== null)
        throw new Error(`HAProxy did not start (is it installed?): ${output}`, { cause: error })
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  const statistics = async (slot: Slot): Promise<(column: string) => number> => {
    const [header = '', ...lines] = (await ask(socket, 'show stat', 5)).trim().split('\n')
    const columns = header.replace(/^# /, '').split(',')
    const line = lines.map(text => text.split(',')).find(([proxy, server]) => proxy === backend && server === serverOf(slot))
    if (line === undefined) throw new Error(`HAProxy has no server ${serverOf(slot)}`)
    return column => Number(line[columns.indexOf(column)] || 0)
  }
  return {
    port,
    use: async (slot, target) => {
      const server = `${backend}/${serverOf(slot)}`
      const answer = await ask(socket, `set server ${server} addr 127.0.0.1 port ${target}`, 5)
      if (!/changed|no need/i.test(answer)) throw new Error(`HAProxy did not take the address of ${server}: ${answer.trim()}`)
    },
    open: async slot => (await statistics(slot))('scur'),
    counts: async slot => {
      const value = await statistics(slot)
      const bad = value('hrsp_5xx')
      const good = ['hrsp_1xx', 'hrsp_2xx', 'hrsp_3xx', 'hrsp_4xx', 'hrsp_other'].reduce((sum, column) => sum + value(column), 0)
      return { total: good + bad, bad }
    },
    percent: async slot => {
      const servers = parseServersState(await ask(socket, `show servers state ${backend}`, 5), backend)
      const weight = (of: Slot) => servers.get(serverOf(of))?.weight ?? 0
      return (weight(slot) / Math.max(1, weight('blue') + weight('green'))) * 100
    },
    setPercent: null,
    end: () => void child.kill(),
  }
}
