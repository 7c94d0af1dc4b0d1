import { targetContract } from '../../support/target-contract.ts'
import { nginxWorld } from './world.ts'

targetContract('two real nginx', { seq: true, forgets: true, several: true, readiness: true }, () => nginxWorld())
