import { beforeAll } from 'vitest'
import { installMilliseconds } from '../../support/installed-program.ts'
import { targetContract } from '../../support/target-contract.ts'
import { haproxyProgram, haproxyWorld } from './world.ts'

beforeAll(haproxyProgram, installMilliseconds)

targetContract('two real HAProxy instances', { seq: true, forgets: true, several: true, readiness: true }, () => haproxyWorld())
