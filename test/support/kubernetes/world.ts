import { writeFile } from 'node:fs/promises'
import { type GatewayApiTargetSettings, gatewayApiTarget } from '../../../src/adapters/kubernetes/target.ts'
import { systemClock } from '../../../src/adapters/runner/clock.ts'
import type { Slot } from '../../../src/core/lineage/events.ts'
import type { Target } from '../../../src/ports/target.ts'
import { eventually } from '../eventually.ts'
import type { TargetWorld } from '../target-contract.ts'
import { temporaryFolder } from '../temporary.ts'
import { type Administrator, administratorOf } from './administrator.ts'
import type { ApiServer } from './api-server.ts'
import { startGate } from './gate.ts'
import { type GatewayController, startGatewayController } from './gateway-controller.ts'
import { type Interposed, interposedKubectl } from './interposed.ts'
import type { JsonObject } from './json-patch.ts'
import { deploymentObject, deploymentStatus, paths, routeName, routeObject, services, twoRules } from './objects.ts'

const replicas = 3

export interface GatewayWorldOptions {
  readonly server: ApiServer
  /** Path of the real kubectl. */
  readonly kubectl: string
  readonly rules?: readonly JsonObject[]
  /** The server may not even know what a route is, and nothing is created. */
  readonly empty?: boolean
  /** Slots without a Deployment. */
  readonly bare?: readonly Slot[]
  /** Gives the user `refline` its rights in the namespace. */
  readonly grant?: (administrator: Administrator, namespace: string) => Promise<void>
}

type Overrides = Partial<Omit<GatewayApiTargetSettings, 'kubectl'>> & { readonly kubectl?: Partial<GatewayApiTargetSettings['kubectl']> }

/** A namespace of its own with a route, two Deployments and a controller that accepts the route. */
export interface GatewayWorld extends TargetWorld {
  readonly namespace: string
  /** Path of the kubeconfig of the user `refline`. */
  readonly kubeconfig: string
  readonly administrator: Administrator
  readonly controller: GatewayController
  /** A client with other settings. */
  targetWith(overrides: Overrides): Target
  /** The real kubectl with something happening at its writes. */
  interposed(what: Interposed): Promise<string>
  /** Arguments of kubectl by which somebody gives green this share in the first rule. */
  handsOf(manager: string, percent: number): readonly string[]
  route(): Promise<JsonObject>
  annotations(): Promise<Readonly<Record<string, string>>>
  /** The backends of each rule as `name=weight`. */
  weights(): Promise<readonly (readonly string[])[]>
  /** Makes the status of a slot's Deployment say this, of this generation of it. */
  scale(slot: Slot, status: JsonObject): Promise<void>
}

type Ref = { name: string; weight?: number }
type RuleObject = { backendRefs?: Ref[] }

let worlds = 0

export const gatewayWorld = async ({
  server,
  kubectl,
  rules = twoRules,
  empty = false,
  bare = [],
  grant,
}: GatewayWorldOptions): Promise<GatewayWorld> => {
  worlds += 1
  const namespace = `world-${process.pid}-${worlds}`
  const administrator = administratorOf(server)
  const folder = await temporaryFolder('refline-kubernetes-')
  const { port, protocol } = new URL(server.url)
  const gate = await startGate(Number(port))
  await administrator.create(paths.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } })
  await grant?.(administrator, namespace)
  for (const slot of ['blue', 'green'] as const) {
    if (empty || bare.includes(slot)) continue
    await administrator.create(paths.deployments(namespace), deploymentObject(services[slot], replicas))
    const status = deploymentStatus(replicas, replicas, 1)
    await administrator.mergePatch(`${paths.deployment(namespace, services[slot])}/status`, { status }, 'kube-controller-manager')
  }
  if (!empty) await administrator.create(paths.routes(namespace), routeObject(rules))
  const controller = startGatewayController(administrator, paths.route(namespace))

  const cluster = {
    server: `${protocol}//127.0.0.1:${gate.port}`,
    ...(server.certificate === null ? {} : { 'certificate-authority-data': Buffer.from(server.certificate).toString('base64') }),
  }
  await writeFile(
    folder.join('kubeconfig'),
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'here', cluster }],
      users: [{ name: 'refline', user: { token: 'refline' } }],
      contexts: [{ name: 'refline@here', context: { cluster: 'here', user: 'refline' } }],
      'current-context': 'refline@here',
    }),
  )
  const targetWith = ({ kubectl: program, ...overrides }: Overrides): Target =>
    gatewayApiTarget({
      namespace,
      route: routeName,
      slots: services,
      deploy: async () => undefined,
      clock: systemClock,
      acceptSeconds: 20,
      readySeconds: 20,
      ...overrides,
      kubectl: {
        program: kubectl,
        context: 'refline@here',
        kubeconfig: 'kubeconfig',
        folder: folder.path,
        // Many short runs of a program in Go: its collector and its threads would cost more than the work.
        environment: { PATH: process.env.PATH, HOME: folder.path, GOGC: 'off', GOMAXPROCS: '1' },
        answerSeconds: 10,
        ...program,
      },
    })
  let programs = 0
  const route = () => administrator.get(paths.route(namespace))
  const rulesNow = async () => ((await route()).spec as { rules: RuleObject[] }).rules
  const scale = async (slot: Slot, status: JsonObject) => {
    await administrator.mergePatch(`${paths.deployment(namespace, services[slot])}/status`, { status }, 'kube-controller-manager')
  }
  const isAccepted = async () => ((await route()).status as { parents?: unknown[] } | undefined)?.parents?.length === 1
  if (!empty) await eventually('the route is accepted', isAccepted)

  return {
    instances: 1,
    grain: 0.001,
    namespace,
    kubeconfig: folder.join('kubeconfig'),
    administrator,
    controller,
    targetWith,
    target: ({ seconds } = {}) =>
      // Starting kubectl on a busy machine alone may take half a second.
      targetWith(
        seconds === undefined ? {} : { kubectl: { answerSeconds: Math.max(seconds, 1.5) }, acceptSeconds: seconds, readySeconds: seconds },
      ),
    misnamed: () => ({
      'no such route': targetWith({ route: 'chrun' }),
      'no such namespace': targetWith({ namespace: 'nowhere' }),
      'no such Service': targetWith({ slots: { blue: 'churn-blue', green: 'churn-red' } }),
      'no such context': targetWith({ kubectl: { context: 'elsewhere' } }),
      'no kubectl': targetWith({ kubectl: { program: 'kubectl-that-is-not-there' } }),
    }),
    shares: async slot =>
      (await rulesNow()).flatMap(({ backendRefs = [] }) => {
        const weightOf = (name: string) => backendRefs.filter(ref => ref.name === name).reduce((sum, { weight = 1 }) => sum + weight, 0)
        const [own, all] = [weightOf(services[slot]), weightOf(services.blue) + weightOf(services.green)]
        const both = (['blue', 'green'] as const).every(part => backendRefs.some(({ name }) => name === services[part]))
        return both ? [(own / all) * 100] : []
      }),
    moveByHand: async (slot, percent) => {
      const operations = (await rulesNow()).flatMap(({ backendRefs = [] }, rule) =>
        backendRefs.map(({ name }, at) => ({
          op: 'add',
          path: `/spec/rules/${rule}/backendRefs/${at}/weight`,
          value: name === services[slot] ? percent : 100 - percent,
        })),
      )
      await administrator.jsonPatch(paths.route(namespace), operations)
    },
    takeAway: () => Promise.reject(new Error('an API server is one instance')),
    silence: async () => {
      const open = gate.hold()
      return async () => open()
    },
    forget: () => Promise.reject(new Error('an API server forgets nothing')),
    slotDown: async slot => {
      await scale(slot, deploymentStatus(replicas, 0, 1))
      return () => scale(slot, deploymentStatus(replicas, replicas, 1))
    },
    interposed: what => {
      programs += 1
      return interposedKubectl(kubectl, folder.join(`kubectl-${programs}`), what)
    },
    handsOf: (manager, percent) => [
      'patch',
      'httproutes.v1.gateway.networking.k8s.io',
      routeName,
      `--namespace=${namespace}`,
      '--type=json',
      `--field-manager=${manager}`,
      `--patch=${JSON.stringify([
        { op: 'replace', path: '/spec/rules/0/backendRefs/0/weight', value: 100 - percent },
        { op: 'replace', path: '/spec/rules/0/backendRefs/1/weight', value: percent },
      ])}`,
    ],
    route,
    annotations: async () => ((await route()).metadata as { annotations?: Record<string, string> }).annotations ?? {},
    weights: async () => (await rulesNow()).map(({ backendRefs = [] }) => backendRefs.map(({ name, weight = 1 }) => `${name}=${weight}`)),
    scale,
    [Symbol.asyncDispose]: async () => {
      await controller[Symbol.asyncDispose]()
      await gate[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}
