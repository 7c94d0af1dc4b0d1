import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kubernetesProgram } from '../../../scripts/kubernetes-programs.ts'
import { foldOf } from '../../bundle/fold.ts'
import type { StepResult } from '../../support/bundle.ts'
import type { ApiServer } from '../../support/kubernetes/api-server.ts'
import type { JsonObject } from '../../support/kubernetes/json-patch.ts'
import { paths } from '../../support/kubernetes/objects.ts'
import { grantDocumentedRole, installRoutes, startRealServer } from '../../support/kubernetes/real-server.ts'
import { type GatewayWorld, gatewayWorld } from '../../support/kubernetes/world.ts'
import type { Production } from '../../support/production.ts'
import { type Scenario, startScenario } from '../../support/scenario.ts'
import { params } from '../../support/scenario-files.ts'

let server: ApiServer
let world: GatewayWorld
let scenario: Scenario
const kubectl = kubernetesProgram('kubectl')

/** The made-up requests follow the route that the API server holds. */
const production = async (): Promise<Production> => ({
  target: {
    kind: 'gateway-api',
    context: 'refline@here',
    kubeconfig: world.kubeconfig,
    namespace: world.namespace,
    route: '${model}',
    slots: { blue: '${model}-${slot}', green: '${model}-${slot}' },
    deploy: 'echo "v$REFLINE_VERSION goes into $REFLINE_SLOT"',
  },
  files: {},
  blue: async () => (await world.shares('blue'))[0] ?? 100,
  state: () => world.weights(),
  remember: async () => {
    const { spec, metadata } = (await world.route()) as { spec: JsonObject; metadata: { annotations?: JsonObject } }
    return async () => {
      await world.administrator.jsonPatch(paths.route(world.namespace), [
        { op: 'replace', path: '/spec', value: spec },
        { op: 'add', path: '/metadata/annotations', value: metadata.annotations ?? {} },
      ])
    }
  },
  [Symbol.asyncDispose]: async () => {},
})

const step = async (runId: number, job: string, action: string, inputs = {}, failpoint?: string): Promise<StepResult> => {
  const machine = await scenario.job({ runId, job, event: job === 'rollback' ? 'workflow_dispatch' : 'push' })
  return machine.step(action, inputs, {
    env: { PATH: `${dirname(kubectl)}:${process.env.PATH}` },
    deadline: 240_000,
    ...(failpoint === undefined ? {} : { failpoint }),
  })
}
const register = async (runId: number) => {
  const machine = await scenario.job({ runId, job: 'release' })
  for (const action of ['train', 'compare-champion', 'register']) {
    const done = await machine.step(action)
    expect(done.exitCode, `${action}: ${done.stdout}${done.stderr}`).toBe(0)
  }
}

/** Weights, annotations and ledger as they are now: what must agree. */
const shown = async () => {
  const { aliases, environments, quarantine } = await foldOf(scenario)
  const { deployments } = await scenario.repository.dump()
  return {
    weights: await world.weights(),
    written: (await world.annotations())['refline.dev/weights'],
    champion: aliases.champion,
    live: environments.production?.live,
    rollout: environments.production?.rollout ?? null,
    quarantine: Object.keys(quarantine),
    deployments: deployments.map(({ description, statuses }) => `${description}: ${statuses.at(-1)?.state}`),
  }
}

beforeAll(async () => {
  server = await startRealServer()
  await installRoutes(server, 'standard')
  world = await gatewayWorld({ server, kubectl, grant: grantDocumentedRole() })
  // Somebody who moves the weights is waited for until this is over.
  scenario = await startScenario({ environment: production, judge: { max_duration: '90s' } })
  await register(1)
  const first = await step(1, 'release', 'canary-deploy')
  expect(first.exitCode, `${first.stdout}${first.stderr}`).toBe(0)
  await scenario.repository.commit({ 'params.yaml': params(2.2) }, { message: 'Separate better' })
  await register(2)
}, 1_800_000)
afterAll(async () => {
  await scenario[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

const promoted = {
  weights: [
    ['churn-blue=0', 'churn-green=100'],
    ['churn-green=100', 'churn-blue=0'],
  ],
  written: 'churn-blue=0 churn-green=100',
  champion: 2,
  live: { version: 2, slot: 'green' },
  rollout: null,
  quarantine: [],
  deployments: ['churn v1: inactive', 'churn v2: success'],
}
const taken = {
  weights: [
    ['churn-blue=100', 'churn-green=0'],
    ['churn-green=0', 'churn-blue=100'],
  ],
  written: 'churn-blue=100 churn-green=0',
  champion: 1,
  live: { version: 1, slot: 'blue' },
  rollout: null,
}

describe.sequential('the bundles at a real API server', () => {
  const bothSides = (boundaries: readonly string[]) =>
    boundaries.flatMap(boundary => [`${boundary.replace(' ', ':before:')}`, `${boundary.replace(' ', ':after:')}`])

  it('promote a version that is proven, also where each of their steps dies on either side of every write', async () => {
    const back = await scenario.remember()
    const clean = await step(2, 'release', 'canary-deploy')
    expect(clean.exitCode, `${clean.stdout}${clean.stderr}`).toBe(0)
    expect(await shown()).toMatchObject(promoted)
    for (const point of bothSides([
      'canary-start 1',
      'traffic-deploy 1',
      'canary-intent 1',
      'traffic-weight 1',
      'traffic-weight 2',
      'traffic-read 2',
      'canary-confirm 1',
      'canary-end 1',
    ])) {
      await back()
      const dead = await step(2, 'release', 'canary-deploy', {}, point)
      expect(dead.stderr, `${point} was not reached: ${dead.stdout}${dead.stderr}`).toContain(`killed at ${point}`)
      const again = await step(2, 'release', 'canary-deploy')
      expect(again.exitCode, `${point}: ${again.stdout}${again.stderr}`).toBe(0)
      expect(await shown(), point).toMatchObject(promoted)
    }
  }, 1_200_000)

  it('roll back by hand, also where they die on either side of every write', async () => {
    const back = await scenario.remember()
    for (const point of [undefined, ...bothSides(['rollback-intent 1', 'traffic-weight 1', 'rollback-confirm 1'])]) {
      await back()
      if (point !== undefined) {
        const dead = await step(3, 'rollback', 'rollback', { reason: 'on call says so' }, point)
        expect(dead.stderr, `${point} was not reached: ${dead.stdout}${dead.stderr}`).toContain(`killed at ${point}`)
      }
      const done = await step(3, 'rollback', 'rollback', { reason: 'on call says so' })
      expect(done.exitCode, `${point}: ${done.stdout}${done.stderr}`).toBe(0)
      expect(await shown(), point).toMatchObject({ ...taken, quarantine: ['2'] })
    }
  }, 1_200_000)

  it('take back a version that does harm', async () => {
    scenario.traffic.errors.green = 0.08
    await scenario.repository.commit({ 'params.yaml': params(3) }, { message: 'Separate better still' })
    await register(4)
    const harmful = await step(4, 'release', 'canary-deploy')
    expect(harmful.exitCode, `${harmful.stdout}${harmful.stderr}`).toBe(1)
    expect(harmful.outputs).toMatchObject({ decision: 'rolled-back', version: '1' })
    expect(await shown()).toMatchObject({ ...taken, quarantine: ['2', '3'] })
  }, 600_000)

  it('group 11: hold where somebody moves the weights meanwhile', async () => {
    scenario.traffic.errors.green = 0
    await scenario.repository.commit({ 'params.yaml': params(3.5) }, { message: 'And better still' })
    await register(5)
    const running = step(5, 'release', 'canary-deploy')
    await expect.poll(() => world.shares('green'), { timeout: 60_000, interval: 50 }).toEqual([50, 50])
    await world.moveByHand('green', 70)
    const held = await running
    expect(held.stdout).toMatch(/70 %/)
    expect({ exit: held.exitCode, decision: held.outputs.decision }).toMatchObject({ exit: 1, decision: 'held' })
  }, 600_000)
})
