import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Boundary, Moment } from '../../src/kernel/failpoint.ts'
import { installedProgram, installMilliseconds } from '../support/installed-program.ts'
import { type ChainDeath, chains, deathsOf, tellChain } from './rollout-crash-chain.ts'
import { promotedOn } from './rollout-crash-matrix.ts'
import { pointsOf, rolloutStories } from './rollout-crash-stories.ts'
import { type TargetName, targetNames } from './rollout-crash-targets.ts'
import { type CrashWorld, openCrashWorld } from './rollout-crash-world.ts'

const death = (by: 'run' | 'watchdog', boundary: Boundary, moment: Moment): ChainDeath => ({ by, boundary, moment })

/** A sample of the deaths of the long lane: on each target one chain, and three runners that die one after the other before the fourth ends it. */
const sample: readonly { readonly target: TargetName; readonly chain: string; readonly deaths: readonly ChainDeath[] }[] = [
  {
    target: 'haproxy',
    chain: 'a good canary',
    deaths: [
      death('run', 'traffic-deploy', 'after'),
      death('watchdog', 'canary-confirm', 'before'),
      death('run', 'canary-evidence', 'after'),
    ],
  },
  {
    target: 'nginx',
    chain: 'a bad canary',
    deaths: [death('run', 'canary-confirm', 'after'), death('watchdog', 'canary-intent', 'after'), death('run', 'traffic-weight', 'after')],
  },
  {
    target: 'gateway-api',
    chain: 'a good canary',
    deaths: [death('run', 'canary-intent', 'after'), death('watchdog', 'traffic-weight', 'after'), death('run', 'canary-end', 'before')],
  },
  {
    target: 'command',
    chain: 'a rollback',
    deaths: [
      death('run', 'rollback-intent', 'after'),
      death('run', 'traffic-weight', 'before'),
      death('run', 'rollback-confirm', 'before'),
    ],
  },
]

let world: CrashWorld
let survived = 0
beforeAll(async () => {
  for (const [program, debianPackage] of [['haproxy'], ['nginx', 'nginx-light'], ['kubectl', 'kubernetes-client']] as const)
    await installedProgram(program, debianPackage)
  world = await openCrashWorld(targetNames)
}, installMilliseconds)
afterAll(async () => {
  console.log(`crash matrix over targets: ${sample.flatMap(({ deaths }) => deaths).length} points, ${survived} survived`)
  await world[Symbol.asyncDispose]()
})

test.for(sample)(
  '$target: $chain ends as it should although three runners die',
  { timeout: 120_000 },
  async ({ target, chain, deaths }) => {
    const told = chains.find(({ name }) => name.startsWith(chain))
    if (told === undefined) throw new Error(`there is no chain ${chain}`)
    const promoted = chain === 'a rollback' ? await promotedOn(world, target) : () => Promise.reject(new Error('not asked for'))
    const found = await tellChain(world, told, target, deaths, { end: null, promoted })
    survived += found.survived
    expect(found.wrong).toBeNull()
  },
)

test('the long lane has at least 60 points on each target', () => {
  for (const target of targetNames) {
    const inChains = chains.flatMap(chain => deathsOf(chain, target))
    const inStories = rolloutStories.flatMap(story => pointsOf(story, target))
    expect(inChains.length + inStories.length, target).toBeGreaterThanOrEqual(60)
  }
})
