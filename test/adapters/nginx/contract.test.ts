import { beforeAll } from 'vitest'
import { installMilliseconds } from '../../support/installed-program.ts'
import { targetContract } from '../../support/target-contract.ts'
import { nginxProgram, nginxWorld } from './world.ts'

beforeAll(nginxProgram, installMilliseconds)

targetContract('two real nginx', { seq: true, forgets: true, several: true, readiness: true }, () => nginxWorld())
