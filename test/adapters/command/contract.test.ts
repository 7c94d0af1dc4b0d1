import { targetContract } from '../../support/target-contract.ts'
import { commandWorld } from './world.ts'

targetContract(
  'commands of the user',
  { seq: true, forgets: true, several: 'the commands stand for all instances that there may be', readiness: true },
  commandWorld,
)
