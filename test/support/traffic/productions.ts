import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../eventually.ts'
import { installedProgram } from '../installed-program.ts'
import { startDouble } from '../kubernetes/double.ts'
import { paths, routeName, services } from '../kubernetes/objects.ts'
import { gatewayWorld } from '../kubernetes/world.ts'
import type { StartProduction } from '../production.ts'
import type { Slot } from './behaviour.ts'
import { startHaproxy } from './haproxy.ts'
import { deployScript, type ModelServers, startModelServers } from './model-servers.ts'
import { startNginx } from './nginx.ts'

/** Seconds after which everything that a production consists of ends by itself. */
const longest = 1800

const bringBack = async (models: ModelServers, running: Readonly<Record<Slot, number | null>>): Promise<void> => {
  await models.deploy('blue', running.blue)
  await models.deploy('green', running.green)
}

/** Two HAProxys in front of two model servers: an environment of kind haproxy. */
export const haproxyProduction: StartProduction = async () => {
  const app = 'churn'
  // Outside of the world's folder, which is thrown away and brought back: sockets cannot be.
  const folder = await mkdtemp(join(tmpdir(), 'refline-haproxy-'))
  const host = await startModelServers(longest)
  const models = await host.open(app)
  const start = (name: string) => startHaproxy({ folder: join(folder, name), app, ports: models.ports, seconds: longest })
  const instances = await Promise.all(['one', 'two'].map(start))
  const shares = () => Promise.all(instances.map(instance => instance.percent('blue')))
  return {
    target: {
      kind: 'haproxy',
      sockets: instances.map(({ socket }) => socket),
      backend: app,
      slots: { blue: `${app}_blue`, green: `${app}_green` },
      deploy: models.deployCommand,
    },
    files: { 'deploy.mjs': deployScript },
    blue: async () => (await shares()).reduce((sum, share) => sum + share, 0) / instances.length,
    state: async () => ({ blue: await shares(), versions: await models.running() }),
    remember: async () => {
      const running = await models.running()
      const ways = await Promise.all(instances.map(instance => instance.remember()))
      return async () => {
        await bringBack(models, running)
        await Promise.all(ways.map(back => back()))
      }
    },
    [Symbol.asyncDispose]: async () => {
      for (const instance of instances) await instance[Symbol.asyncDispose]()
      await host[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** nginx in front of two model servers: an environment of kind nginx. */
export const nginxProduction: StartProduction = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'refline-nginx-'))
  const host = await startModelServers(longest)
  const models = await host.open('churn')
  const nginx = await startNginx({ folder, app: 'churn', ports: models.ports, seconds: longest })
  return {
    target: nginx.target(models),
    files: { 'deploy.mjs': deployScript },
    blue: () => nginx.percent('blue'),
    state: async () => ({ blue: await nginx.percent('blue'), versions: await models.running() }),
    remember: async () => {
      const running = await models.running()
      const back = await nginx.remember()
      return async () => {
        await bringBack(models, running)
        await back()
      }
    },
    [Symbol.asyncDispose]: async () => {
      await nginx[Symbol.asyncDispose]()
      await host[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A route of two rules at a double of the Kubernetes API server, moved by the real kubectl: an environment of kind gateway-api. */
export const gatewayProduction: StartProduction = async () => {
  const kubectl = await installedProgram('kubectl', 'kubernetes-client')
  const server = await startDouble()
  const world = await gatewayWorld({ server, kubectl })
  const route = paths.route(world.namespace)
  const blue = async () => {
    const shares = await world.shares('blue')
    return shares.reduce((sum, share) => sum + share, 0) / shares.length
  }
  return {
    target: {
      kind: 'gateway-api',
      kubeconfig: world.kubeconfig,
      namespace: world.namespace,
      route: routeName,
      slots: services,
      deploy: ['true'],
    },
    files: {},
    blue,
    state: async () => ({ weights: await world.weights() }),
    remember: async () => {
      const { metadata, spec } = (await world.route()) as { metadata: { annotations?: Record<string, string> }; spec: { rules: [] } }
      return async () => {
        await world.administrator.jsonPatch(route, [
          { op: 'replace', path: '/spec/rules', value: spec.rules },
          { op: 'add', path: '/metadata/annotations', value: metadata.annotations ?? {} },
        ])
        await eventually('the gateway has accepted the route of before', async () => {
          const { metadata: now, status } = (await world.route()) as {
            metadata: { generation: number }
            status: { parents: { conditions: { observedGeneration: number }[] }[] }
          }
          return status.parents.every(({ conditions }) =>
            conditions.every(({ observedGeneration }) => observedGeneration === now.generation),
          )
        })
      }
    },
    [Symbol.asyncDispose]: async () => {
      await world[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}
