import { readFile, rm, writeFile } from 'node:fs/promises'
import { parseTold, variableOf } from '../../src/adapters/haproxy/told.ts'
import { parseTold as parseToldNginx } from '../../src/adapters/nginx/weights-file.ts'
import type { Slot } from '../../src/core/lineage/events.ts'
import { commandWorld } from '../adapters/command/world.ts'
import { haproxyWorld } from '../adapters/haproxy/world.ts'
import { nginxProgram, nginxWorld } from '../adapters/nginx/world.ts'
import { installedProgram } from '../support/installed-program.ts'
import { startDouble } from '../support/kubernetes/double.ts'
import { paths, routeName, services, twoRules } from '../support/kubernetes/objects.ts'
import { gatewayWorld } from '../support/kubernetes/world.ts'
import { temporaryFolder } from '../support/temporary.ts'

export const targetNames = ['command', 'haproxy', 'nginx', 'gateway-api'] as const
export type TargetName = (typeof targetNames)[number]

/** A real target as the audit of the crash matrix sees it: by its own eyes and never by the adapter's. */
export interface CrashTarget extends AsyncDisposable {
  readonly name: TargetName
  /** `target` of refline.yml. */
  settings(deploy: string): object
  /** Share of the slot green in percent, at every instance (at every rule of a route). */
  shares(): Promise<readonly number[]>
  /** The ledger's seq that each instance was told last; null where it was told none. */
  told(): Promise<readonly (number | null)[]>
  /** Everything as it was installed, with all traffic on this slot. */
  begin(live: Slot): Promise<void>
  /** Every instance begins again without its weights; null where this target forgets nothing. */
  readonly forget: (() => Promise<void>) | null
  /** Somebody gives green this share. */
  moveByHand(green: number): Promise<void>
}

/** Lower than any seq that a rollout is decided at. */
const seqOfInstallation = 1

type World = Awaited<ReturnType<typeof haproxyWorld>> | Awaited<ReturnType<typeof nginxWorld>>

/** What the worlds of the contract suite can do for the audit as they are. */
const byItsWorld = (world: World): Pick<CrashTarget, 'shares' | 'forget' | 'begin' | 'moveByHand'> & AsyncDisposable => ({
  shares: () => world.shares('green'),
  forget: () => world.forget(),
  begin: async live => {
    await world.forget()
    if (live === 'green') await world.target().restore('green', seqOfInstallation)
  },
  moveByHand: green => world.moveByHand('green', green),
  [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
})

const haproxy = async (): Promise<CrashTarget> => {
  const world = await haproxyWorld()
  return {
    ...byItsWorld(world),
    name: 'haproxy',
    settings: deploy => ({
      kind: 'haproxy',
      sockets: world.instance.map(({ socket }) => socket),
      backend: 'churn',
      slots: { blue: 'churn_blue', green: 'churn_green' },
      deploy,
    }),
    told: () =>
      Promise.all(
        world.instance.map(async ({ ask }) => parseTold(await ask(`get var ${variableOf('churn')}`), variableOf('churn'))?.seq ?? null),
      ),
  }
}

const nginx = async (): Promise<CrashTarget> => {
  const world = await nginxWorld()
  const program = await nginxProgram()
  return {
    ...byItsWorld(world),
    name: 'nginx',
    settings: deploy => ({
      kind: 'nginx',
      instances: world.instance.map(({ file, status, configuration, folder }) => ({
        file,
        status: status.href,
        test: [program, '-c', configuration, '-p', folder, '-t'],
        reload: [program, '-c', configuration, '-p', folder, '-s', 'reload'],
      })),
      slots: { blue: 'churn_blue', green: 'churn_green' },
      ready: { blue: `http://127.0.0.1:${world.models.blue.port}/`, green: `http://127.0.0.1:${world.models.green.port}/` },
      deploy,
    }),
    told: () =>
      Promise.all(
        world.instance.map(
          async ({ status }) => parseToldNginx(await (await fetch(status, { headers: { connection: 'close' } })).text())?.seq ?? null,
        ),
      ),
  }
}

const gateway = async (): Promise<CrashTarget> => {
  const stack = new AsyncDisposableStack()
  const kubectl = await installedProgram('kubectl', 'kubernetes-client')
  const double = stack.use(await startDouble())
  const folder = stack.use(await temporaryFolder('refline-crash-kube-'))
  const world = stack.use(await gatewayWorld({ server: double, kubectl }))
  const { namespace } = world
  await writeFile(
    folder.join('kubeconfig'),
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'here', cluster: { server: double.url } }],
      users: [{ name: 'refline', user: { token: 'refline' } }],
      contexts: [{ name: 'refline@here', context: { cluster: 'here', user: 'refline' } }],
      'current-context': 'refline@here',
    }),
  )
  return {
    name: 'gateway-api',
    settings: deploy => ({
      kind: 'gateway-api',
      kubeconfig: folder.join('kubeconfig'),
      context: 'refline@here',
      namespace,
      route: routeName,
      slots: services,
      deploy,
    }),
    shares: () => world.shares('green'),
    told: async () => {
      const seq = (await world.annotations())['refline.dev/seq']
      return [seq === undefined ? null : Number(seq)]
    },
    forget: null,
    begin: async live => {
      const asInstalled = { metadata: { annotations: null }, spec: { rules: [...twoRules] } }
      await world.administrator.mergePatch(paths.route(namespace), asInstalled)
      if (live === 'green') await world.target().restore('green', seqOfInstallation)
    },
    moveByHand: green => world.moveByHand('green', green),
    [Symbol.asyncDispose]: async () => {
      await stack.disposeAsync()
      if (double.violations.length > 0) throw new Error(`the published schemas of Kubernetes were broken: ${double.violations.join('\n')}`)
    },
  }
}

const command = async (): Promise<CrashTarget> => {
  const world = await commandWorld()
  const run = (verb: string) => `cd ${world.join('.')} && ./target.sh ${verb}`
  return {
    name: 'command',
    settings: deploy => ({ kind: 'command', deploy, read: run('read'), set: run('set') }),
    shares: () => world.shares('green'),
    told: async () => {
      const seq = await readFile(world.join('seq'), 'utf8').catch(() => null)
      return [seq === null ? null : Number(seq)]
    },
    forget: () => world.forget(),
    begin: async live => {
      await world.forget()
      await rm(world.join('forgot'))
      if (live === 'green') await world.target().restore('green', seqOfInstallation)
    },
    moveByHand: green => world.moveByHand('green', green),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  }
}

/** Starts a target as it is installed: real instances, with all traffic on blue. */
export const startTarget: Readonly<Record<TargetName, () => Promise<CrashTarget>>> = { command, haproxy, nginx, 'gateway-api': gateway }
