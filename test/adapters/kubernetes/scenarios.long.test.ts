import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kubernetesProgram } from '../../../scripts/kubernetes-programs.ts'
import { kubernetesSchemas, schemasFile } from '../../../scripts/kubernetes-schemas.ts'
import { gatewayApiTarget } from '../../../src/adapters/kubernetes/target.ts'
import { systemClock } from '../../../src/adapters/runner/clock.ts'
import type { ApiServer } from '../../support/kubernetes/api-server.ts'
import { services } from '../../support/kubernetes/objects.ts'
import { grantDocumentedRole, installRoutes, startRealServer } from '../../support/kubernetes/real-server.ts'
import { gatewayWorld } from '../../support/kubernetes/world.ts'
import { gatewayScenarios, type MakeWorld, sessionScenarios } from './scenarios.ts'

let standard: ApiServer
let experimental: ApiServer
const kubectl = kubernetesProgram('kubectl')
beforeAll(async () => {
  standard = await startRealServer()
  experimental = await startRealServer()
  await installRoutes(experimental, 'experimental')
}, 1_800_000)
afterAll(async () => {
  await standard[Symbol.asyncDispose]()
  await experimental[Symbol.asyncDispose]()
})

const worldAt =
  (server: () => ApiServer): MakeWorld =>
  ({ without, ...options } = {}) =>
    gatewayWorld({ server: server(), kubectl, grant: grantDocumentedRole(without), ...options })

describe('before there is anything', () => {
  it('a server without the CRDs is said to need them, to whoever may see that', async () => {
    await using world = await gatewayWorld({ server: standard, kubectl, empty: true, grant: grantDocumentedRole() })
    await expect(world.target().read()).rejects.toThrow(
      /knows no httproutes.gateway.networking.k8s.io of version v1.*Install version 1.0 or newer/,
    )
  })

  it('a route that is not there is said by name, once the CRDs are', async () => {
    await installRoutes(standard, 'standard')
    await using world = await gatewayWorld({ server: standard, kubectl, empty: true, grant: grantDocumentedRole() })
    await expect(world.target().read()).rejects.toThrow(/there is no httproute world-.*\/churn in the cluster of context refline@here/)
  })

  it('a kubectl without a kubeconfig is an error in words', async () => {
    const target = gatewayApiTarget({
      kubectl: { program: kubectl, folder: '/', environment: { PATH: process.env.PATH, HOME: '/nonexistent' }, answerSeconds: 5 },
      namespace: 'models',
      route: 'churn',
      slots: services,
      deploy: async () => undefined,
      clock: systemClock,
    })
    await expect(target.read()).rejects.toThrow(/present kubectl context.*(localhost:8080|kubeconfig|configuration)/)
  })
})

gatewayScenarios(
  'a real API server',
  worldAt(() => standard),
  300,
)
sessionScenarios(
  'a real API server',
  worldAt(() => experimental),
  300,
)

it('the schemas that the double checks with are those of the published modules', () => {
  expect(kubernetesSchemas()).toBe(readFileSync(schemasFile, 'utf8'))
}, 600_000)
