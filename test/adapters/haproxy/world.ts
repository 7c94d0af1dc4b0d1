import { readFile, rename, writeFile } from 'node:fs/promises'
import { freePort } from '../../../scripts/free-port.ts'
import { ask, parseServersState } from '../../../src/adapters/haproxy/runtime.ts'
import { type HaproxyTargetSettings, haproxyTarget } from '../../../src/adapters/haproxy/target.ts'
import { systemClock } from '../../../src/adapters/runner/clock.ts'
import type { Slot } from '../../../src/core/lineage/events.ts'
import { otherSlot } from '../../../src/core/rollout/batch.ts'
import { eventually } from '../../support/eventually.ts'
import { installedProgram } from '../../support/installed-program.ts'
import { type ModelServer, modelServer } from '../../support/model-server.ts'
import { pauseOrGoOn } from '../../support/paused-process.ts'
import type { TargetWorld } from '../../support/target-contract.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { startTestDaemon } from '../../support/test-daemon.ts'

/** One real HAProxy with a socket for the adapter and another for the hands behind its back. */
export interface RunningHaproxy {
  readonly socket: string
  readonly hands: string
  readonly address: string
  /** Asks by the other socket. */
  ask(line: string): Promise<string>
  shareOf(slot: Slot, backend?: string): Promise<number>
  /** Reads its configuration again, as `systemctl reload haproxy` does. */
  reload(): Promise<void>
  pauseOrGoOn(signal: 'SIGSTOP' | 'SIGCONT'): Promise<void>
}

/** Another HAProxy than the system's may be named, to test with a newer one. */
export const haproxyProgram = async (): Promise<string> => process.env.REFLINE_TEST_HAPROXY ?? (await installedProgram('haproxy'))

/** The configuration that `docs/targets.md` asks for. `more` is put behind it. */
const configurationOf = (
  at: { readonly socket: string; readonly hands: string; readonly front: number },
  ports: Readonly<Record<Slot, number>>,
  more: string,
  globals: string,
) => `
global
  stats socket ${at.socket} mode 600 level admin
  stats socket ${at.hands} mode 600 level admin
${globals}
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend in
  bind 127.0.0.1:${at.front}
  default_backend churn
backend churn
  balance roundrobin
  server churn_blue 127.0.0.1:${ports.blue} check inter 50ms rise 1 fall 2 weight 256
  server churn_green 127.0.0.1:${ports.green} check inter 50ms rise 1 fall 2 weight 0
${more}
`

export interface HaproxyWorld extends TargetWorld {
  readonly instance: readonly RunningHaproxy[]
  readonly models: Readonly<Record<Slot, ModelServer>>
  readonly folder: string
  targetOf(settings: Partial<HaproxyTargetSettings>): ReturnType<typeof haproxyTarget>
}

/** Two HAProxy processes before two model servers. `extra` adds sections and global lines to their configuration. */
export const haproxyWorld = async (
  extra: { readonly more?: (ports: Readonly<Record<Slot, number>>) => string; readonly globals?: string; readonly instances?: number } = {},
): Promise<HaproxyWorld> => {
  const program = await haproxyProgram()
  const stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryFolder('refline-haproxy-'))
  const models = { blue: stack.use(await modelServer('blue')), green: stack.use(await modelServer('green')) }
  const ports = { blue: models.blue.port, green: models.green.port }

  const start = async (name: string): Promise<RunningHaproxy> => {
    const front = await freePort()
    const at = { socket: folder.join(`${name}.sock`), hands: folder.join(`${name}-hands.sock`), front }
    const file = folder.join(`${name}.cfg`)
    await writeFile(file, configurationOf(at, ports, extra.more?.(ports) ?? '', extra.globals ?? ''))
    const master = stack.use(startTestDaemon(program, ['-W', '-f', file]))
    // The process in front is marked by a variable of its memory, so that the one after a reload is known by having none.
    const mark = () => ask(at.hands, 'experimental-mode on; set var proc.marked int(1)', 1)
    const servesAnew = async () => {
      await eventually(
        () => `HAProxy ${name}: ${master.output()}`,
        async () => {
          if (master.hasEnded()) throw new Error(`HAProxy ended: ${master.output()}`)
          if ((await ask(at.hands, 'get var proc.marked', 1)).includes('<1>')) return false
          return [...parseServersState(await ask(at.socket, 'show servers state churn', 1), 'churn').values()].every(({ ready }) => ready)
        },
      )
      await mark()
    }
    await servesAnew()
    return {
      socket: at.socket,
      hands: at.hands,
      address: `127.0.0.1:${front}`,
      ask: line => ask(at.hands, line, 5),
      shareOf: async (slot, backend = 'churn') => {
        const servers = parseServersState(await ask(at.hands, `show servers state ${backend}`, 5), backend)
        const [own = 0, other = 0] = [servers.get(`churn_${slot}`)?.weight, servers.get(`churn_${otherSlot(slot)}`)?.weight]
        return (own / (own + other)) * 100
      },
      reload: async () => {
        // A master that has just begun does not hear the signal yet, so it is sent until the marked process is gone.
        let sent = 0
        await eventually(
          () => `HAProxy ${name} reloads: ${master.output()}`,
          async () => {
            if (!(await ask(at.hands, 'get var proc.marked', 1)).includes('<1>')) return true
            if (Date.now() - sent > 400) {
              sent = Date.now()
              process.kill(master.pid, 'SIGUSR2')
            }
            return false
          },
        )
        await servesAnew()
      },
      pauseOrGoOn: async signal => {
        const children = await readFile(`/proc/${master.pid}/task/${master.pid}/children`, 'utf8')
        for (const worker of children.trim().split(/\s+/)) await pauseOrGoOn(Number(worker), signal)
      },
    }
  }

  const instance: RunningHaproxy[] = []
  const names = ['one', 'two'].slice(0, extra.instances ?? 2)
  instance.push(...(await Promise.all(names.map(start))))
  const targetOf = (settings: Partial<HaproxyTargetSettings>) =>
    haproxyTarget({
      sockets: instance.map(({ socket }) => socket),
      backend: 'churn',
      slots: { blue: 'churn_blue', green: 'churn_green' },
      deploy: async () => undefined,
      clock: systemClock,
      answerSeconds: 5,
      readySeconds: 5,
      ...settings,
    })
  const both = <T>(work: (haproxy: RunningHaproxy) => Promise<T>): Promise<T[]> => Promise.all(instance.map(work))

  return {
    instance,
    models,
    folder: folder.path,
    instances: instance.length,
    grain: 0.2,
    targetOf,
    target: ({ seconds } = {}) => targetOf(seconds === undefined ? {} : { answerSeconds: seconds, readySeconds: seconds }),
    misnamed: () => ({
      backend: targetOf({ backend: 'nowhere' }),
      server: targetOf({ slots: { blue: 'churn_blue', green: 'churn_red' } }),
      socket: targetOf({ sockets: [folder.join('none.sock')] }),
    }),
    shares: slot => both(haproxy => haproxy.shareOf(slot)),
    moveByHand: async (slot, percent, only) => {
      const weight = Math.round(percent * 2.56)
      for (const [index, haproxy] of instance.entries())
        if (only === undefined || only === index)
          await haproxy.ask(`set weight churn/churn_${slot} ${weight}; set weight churn/churn_${otherSlot(slot)} ${256 - weight}`)
    },
    takeAway: async index => {
      const socket = instance[index]?.socket ?? ''
      await rename(socket, `${socket}.away`)
      return () => rename(`${socket}.away`, socket)
    },
    silence: async () => {
      await both(haproxy => haproxy.pauseOrGoOn('SIGSTOP'))
      return async () => {
        await both(haproxy => haproxy.pauseOrGoOn('SIGCONT'))
      }
    },
    forget: async only => {
      await Promise.all(instance.filter((_, index) => only === undefined || only === index).map(haproxy => haproxy.reload()))
    },
    slotDown: async slot => {
      await models[slot].stop()
      await eventually(`HAProxy sees that ${slot} is down`, async () =>
        (await both(haproxy => haproxy.ask('show servers state churn'))).every(
          answer => parseServersState(answer, 'churn').get(`churn_${slot}`)?.ready === false,
        ),
      )
      return () => models[slot].start()
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
