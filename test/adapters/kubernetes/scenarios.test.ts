import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installedProgram } from '../../support/installed-program.ts'
import { type Double, startDouble } from '../../support/kubernetes/double.ts'
import { gatewayWorld } from '../../support/kubernetes/world.ts'
import { gatewayScenarios, type MakeWorld, sessionScenarios } from './scenarios.ts'

let standard: Double
let experimental: Double
let kubectl: string
beforeAll(async () => {
  kubectl = await installedProgram('kubectl', 'kubernetes-client')
  standard = await startDouble()
  experimental = await startDouble('experimental')
}, 300_000)
afterAll(async () => {
  await standard[Symbol.asyncDispose]()
  await experimental[Symbol.asyncDispose]()
})

const worldAt =
  (server: () => Double): MakeWorld =>
  async ({ without, ...options } = {}) => {
    const world = await gatewayWorld({ server: server(), kubectl, ...options })
    if (without === undefined) return world
    const allow = server().forbid('refline', without.verb, without.plural)
    return {
      ...world,
      [Symbol.asyncDispose]: async () => {
        allow()
        await world[Symbol.asyncDispose]()
      },
    }
  }

gatewayScenarios(
  'a double',
  worldAt(() => standard),
  60,
)
sessionScenarios(
  'a double',
  worldAt(() => experimental),
  60,
)

describe('what only a double does on demand', () => {
  const inWorld = (body: (world: Awaited<ReturnType<typeof gatewayWorld>>) => Promise<void>) => async () => {
    await using world = await gatewayWorld({ server: standard, kubectl })
    await body(world)
  }

  it(
    'a server that cannot answer for a moment is asked again',
    inWorld(async world => {
      standard.fail({ method: 'GET', how: 'unavailable' })
      standard.fail({ method: 'GET', how: 'cut' })
      expect((await world.target().read()).percent.green).toBe(0)
    }),
    60_000,
  )

  it.each(['lost', 'cut', 'unavailable', 'failed'] as const)(
    'a write that is answered by "%s" is done once',
    how =>
      inWorld(async world => {
        standard.fail({ method: 'PATCH', how })
        await world.target().set('green', 25, 0, 1)
        expect((await world.weights())[0]).toEqual(['churn-blue=75', 'churn-green=25'])
        expect((await world.route()).metadata).toMatchObject({ generation: 2 })
      })(),
    60_000,
  )

  it(
    'a server that knows no HTTPRoutes is said to need the CRDs',
    inWorld(async world => {
      const again = standard.withoutRoutes()
      await expect(world.target().read()).rejects.toThrow(
        /knows no httproutes.gateway.networking.k8s.io of version v1.*Install version 1.0 or newer/,
      )
      again()
    }),
    60_000,
  )

  it(
    'credentials that are not taken are said to be so',
    inWorld(async world => {
      const again = standard.logOut('refline')
      await expect(world.target().read()).rejects.toThrow(/does not take the credentials of the kubeconfig.*Log in anew/)
      again()
    }),
    60_000,
  )
})

it('and everything was as the published schemas say', () => {
  expect(standard.violations).toEqual([])
  expect(experimental.violations).toEqual([])
})
