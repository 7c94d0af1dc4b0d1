import { targetContract } from '../../support/target-contract.ts'
import { haproxyWorld } from './world.ts'

targetContract('two real HAProxy instances', { seq: true, forgets: true, several: true, readiness: true }, () => haproxyWorld())
