import { afterAll, beforeAll } from 'vitest'
import { kubernetesProgram } from '../../../scripts/kubernetes-programs.ts'
import type { ApiServer } from '../../support/kubernetes/api-server.ts'
import { grantDocumentedRole, installRoutes, startRealServer } from '../../support/kubernetes/real-server.ts'
import { gatewayWorld } from '../../support/kubernetes/world.ts'
import { targetContract } from '../../support/target-contract.ts'

let server: ApiServer
beforeAll(async () => {
  server = await startRealServer()
  await installRoutes(server, 'standard')
}, 1_800_000)
afterAll(() => server[Symbol.asyncDispose]())

targetContract(
  'a route of the Gateway API, by kubectl and a real API server',
  {
    seq: true,
    forgets: 'the API server keeps what it was told',
    several: 'there is one API server, and a patch moves every rule or none',
    readiness: true,
  },
  () => gatewayWorld({ server, kubectl: kubernetesProgram('kubectl'), grant: grantDocumentedRole() }),
  120,
)
