import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../../scripts/free-port.ts'
import { ask, parseServersState } from '../../../src/adapters/haproxy/runtime.ts'
import { parseTold, tellCommands, variableOf } from '../../../src/adapters/haproxy/told.ts'
import { eventually } from '../eventually.ts'
import { installedProgram } from '../installed-program.ts'
import type { Slot } from './behaviour.ts'
import { startDaemon } from './daemon.ts'

/** A HAProxy with one backend of two servers, `<app>_blue` and `<app>_green`. */
export interface Haproxy extends AsyncDisposable {
  /** Port that users send to. */
  readonly front: number
  /** Path of its runtime socket. */
  readonly socket: string
  /** Share of the traffic that a slot has here, in percent. */
  percent(slot: Slot): Promise<number>
  /** Weights from 0 to 256. */
  weights(): Promise<Readonly<Record<Slot, number>>>
  /** Sets the weights as somebody at a terminal would. */
  weigh(weights: Readonly<Record<Slot, number>>): Promise<void>
  /** Remembers all that its process holds in memory. Answers with the way back there, by a new process. */
  remember(): Promise<() => Promise<void>>
  /** Reloads it: another worker takes over the listening sockets and begins with the weights of the file. */
  reload(): Promise<void>
}

export interface HaproxyOptions {
  readonly folder: string
  readonly app: string
  readonly ports: Readonly<Record<Slot, number>>
  /** Name of a cookie by which users stick to the slot that answered them first. */
  readonly cookie?: string
  readonly seconds: number
}

const configuration = (options: HaproxyOptions, front: number, socket: string): string => {
  const { app, ports, cookie } = options
  const server = (slot: Slot, weight: number) =>
    `  server ${app}_${slot} 127.0.0.1:${ports[slot]} check inter 200ms fall 3 rise 1 weight ${weight}${cookie === undefined ? '' : ` cookie ${slot}`}`
  return [
    'global',
    `  stats socket ${socket} mode 600 level admin expose-fd listeners`,
    '  hard-stop-after 10s',
    'defaults',
    '  mode http',
    '  timeout connect 5s',
    '  timeout client 30s',
    '  timeout server 20s',
    '  timeout check 5s',
    'frontend users',
    `  bind 127.0.0.1:${front}`,
    `  default_backend ${app}`,
    `backend ${app}`,
    '  balance roundrobin',
    '  option httpchk GET /healthz',
    ...(cookie === undefined ? [] : [`  cookie ${cookie} insert indirect nocache`]),
    server('blue', 256),
    server('green', 0),
    '',
  ].join('\n')
}

/** Starts HAProxy in front of two model servers, with all traffic on blue. */
export const startHaproxy = async (options: HaproxyOptions): Promise<Haproxy> => {
  const { folder, app } = options
  await mkdir(folder, { recursive: true })
  const front = await freePort()
  const socket = join(folder, 'admin.sock')
  const master = join(folder, 'master.sock')
  const file = join(folder, 'haproxy.cfg')
  await writeFile(file, configuration(options, front, socket))
  const daemon = startDaemon(await installedProgram('haproxy'), ['-W', '-db', '-S', master, '-f', file], options.seconds)
  const worker = async (): Promise<string> => /^Pid: (\d+)$/m.exec(await ask(socket, 'show info', 1))?.[1] ?? ''
  await daemon.until('HAProxy answers', async () => (await worker()) !== '')
  const weights = async () => {
    const servers = parseServersState(await ask(socket, `show servers state ${app}`, 5), app)
    return { blue: servers.get(`${app}_blue`)?.weight ?? 0, green: servers.get(`${app}_green`)?.weight ?? 0 }
  }
  const weigh: Haproxy['weigh'] = async ({ blue, green }) => {
    await ask(socket, `set weight ${app}/${app}_blue ${blue}; set weight ${app}/${app}_green ${green}`, 5)
  }
  const reload = async (): Promise<void> => {
    const before = await worker()
    // The master starts itself again, so it may close the connection before it has answered.
    await ask(master, 'reload', 5).catch(() => '')
    await eventually('HAProxy reloads', async () => !['', before].includes(await worker()))
  }
  return {
    front,
    socket,
    percent: async slot => {
      const { blue, green } = await weights()
      return ((slot === 'blue' ? blue : green) / Math.max(1, blue + green)) * 100
    },
    weights,
    weigh,
    reload,
    remember: async () => {
      const variable = variableOf(app)
      const told = parseTold(await ask(socket, `get var ${variable}`, 5), variable)
      const servers = parseServersState(await ask(socket, `show servers state ${app}`, 5), app)
      const takenOut = [...servers].flatMap(([server, state]) => (state.takenOut ? [server] : []))
      const standing = await weights()
      return async () => {
        await reload()
        if (told !== null) await ask(socket, tellCommands(variable, told), 5)
        for (const server of takenOut) await ask(socket, `set server ${app}/${server} state maint`, 5)
        await weigh(standing)
      }
    },
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  }
}
