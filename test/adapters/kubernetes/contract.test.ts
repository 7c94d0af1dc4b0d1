import { afterAll, beforeAll, expect, it } from 'vitest'
import { installedProgram } from '../../support/installed-program.ts'
import { type Double, startDouble } from '../../support/kubernetes/double.ts'
import { gatewayWorld } from '../../support/kubernetes/world.ts'
import { targetContract } from '../../support/target-contract.ts'

let server: Double
let kubectl: string
beforeAll(async () => {
  kubectl = await installedProgram('kubectl', 'kubernetes-client')
  server = await startDouble()
}, 300_000)
afterAll(() => server[Symbol.asyncDispose]())

targetContract(
  'a route of the Gateway API, by kubectl and a double of the API server',
  {
    seq: true,
    forgets: 'the API server keeps what it was told',
    several: 'there is one API server, and a patch moves every rule or none',
    readiness: true,
  },
  () => gatewayWorld({ server, kubectl }),
  90,
)

it('and everything that went to the double or came from it was as the published schemas say', () => {
  expect(server.requests.length).toBeGreaterThan(100)
  expect(server.violations).toEqual([])
})
