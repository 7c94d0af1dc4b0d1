import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Slot } from '../../support/traffic/behaviour.ts'
import { startHaproxy } from '../../support/traffic/haproxy.ts'
import { type LoadCounts, type LoadGenerator, startLoadGenerator } from '../../support/traffic/load.ts'
import { type ModelServers, startModelServers } from '../../support/traffic/model-servers.ts'
import { startNginx } from '../../support/traffic/nginx.ts'
import { type Prometheus, startPrometheus } from '../../support/traffic/prometheus.ts'

/** Seconds after which every process of a test ends by itself. */
export const longest = 420

/** What the services of a test file share: model servers, users, Prometheus, and a folder. */
export interface Daemons extends AsyncDisposable {
  readonly folder: string
  readonly users: LoadGenerator
  readonly prometheus: Prometheus
  /** The model servers of each app. */
  readonly models: ReadonlyMap<string, ModelServers>
}

export const startDaemons = async (apps: readonly string[]): Promise<Daemons> => {
  const stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'refline-traffic-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const [host, users] = await Promise.all([startModelServers(longest), startLoadGenerator(longest)])
  stack.use(host)
  stack.use(users)
  const models = new Map(await Promise.all(apps.map(async app => [app, await host.open(app)] as const)))
  const prometheus = stack.use(await startPrometheus(join(folder, 'prometheus'), [...models.values()], longest))
  return { folder, users, prometheus, models, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** The model servers of an app. */
export const modelsOf = ({ models }: Daemons, app: string): ModelServers => {
  const found = models.get(app)
  if (found === undefined) throw new Error(`${app} was not among the apps that were started`)
  return found
}

/** Users of several front ports at once. */
export interface Users {
  counts(): Promise<LoadCounts>
  stop(): Promise<LoadCounts>
}

const sum = (all: readonly LoadCounts[]): LoadCounts => {
  const add = (of: (counts: LoadCounts) => number): number => all.reduce((total, counts) => total + of(counts), 0)
  const answers = (slot: Slot) => ({ ok: add(({ slots }) => slots[slot].ok), failed: add(({ slots }) => slots[slot].failed) })
  return {
    sent: add(({ sent }) => sent),
    notSent: add(({ notSent }) => notSent),
    open: add(({ open }) => open),
    lost: add(({ lost }) => lost),
    refused: add(({ refused }) => refused),
    slots: { blue: answers('blue'), green: answers('green') },
  }
}

/** Sends `rate` requests per second, shared out evenly between the ports, over a new connection each: whoever reloads closes those that are kept. */
export const startUsers = async (
  { users }: Daemons,
  front: Front,
  rate: number,
  sticking: { readonly cookie?: string; readonly cookieShare?: number } = {},
): Promise<Users> => {
  const order = { rate: rate / front.ports.length, seconds: longest, keepAlive: false, ...sticking }
  const loads = await Promise.all(front.ports.map(port => users.start({ id: `${front.app}-${port}`, port, ...order })))
  return {
    counts: async () => sum(await Promise.all(loads.map(load => load.counts()))),
    stop: async () => sum(await Promise.all(loads.map(load => load.stop()))),
  }
}

/** What stands in front of the two slots of an app. */
export interface Front extends AsyncDisposable {
  readonly app: string
  readonly ports: readonly number[]
  /** `target` of refline.yml. */
  readonly target: object
  /** Share of green in percent, the mean of all instances. */
  green(): Promise<number>
  /** Reloads the first instance, which begins again with the weights of its configuration; null where a reload changes nothing. */
  readonly reload: (() => Promise<void>) | null
}

const mean = (shares: readonly number[]): number => shares.reduce((total, share) => total + share, 0) / shares.length

/** HAProxys; with a cookie, users stick to the slot that answered them first. */
export const startHaproxies = async (daemons: Daemons, app: string, count: number, cookie?: string): Promise<Front> => {
  const models = modelsOf(daemons, app)
  const { ports } = models
  const of = (index: number) => join(daemons.folder, `${app}-haproxy-${index}`)
  const start = (_: unknown, index: number) =>
    startHaproxy({ folder: of(index), app, ports, seconds: longest, ...(cookie === undefined ? {} : { cookie }) })
  const instances = await Promise.all(Array.from({ length: count }, start))
  return {
    app,
    ports: instances.map(({ front }) => front),
    target: {
      kind: 'haproxy',
      sockets: instances.map(({ socket }) => socket),
      backend: app,
      slots: { blue: `${app}_blue`, green: `${app}_green` },
      deploy: models.deployCommand,
    },
    green: async () => mean(await Promise.all(instances.map(instance => instance.percent('green')))),
    reload: async () => instances[0]?.reload(),
    [Symbol.asyncDispose]: async () => {
      for (const instance of instances) await instance[Symbol.asyncDispose]()
    },
  }
}

/** One nginx. */
export const startNginxFront = async (daemons: Daemons, app: string): Promise<Front> => {
  const models = modelsOf(daemons, app)
  const nginx = await startNginx({ folder: join(daemons.folder, `${app}-nginx`), app, ports: models.ports, seconds: longest })
  return {
    app,
    ports: [nginx.front],
    target: nginx.target(models),
    green: () => nginx.percent('green'),
    reload: null,
    [Symbol.asyncDispose]: () => nginx[Symbol.asyncDispose](),
  }
}
