import { expect } from 'vitest'
import type { Boundary, Moment } from '../../src/kernel/failpoint.ts'
import { type End, endOf } from './rollout-crash-audit.ts'
import { die, watchdog, wordsOf } from './rollout-crash-matrix.ts'
import { type TargetName, targetNames } from './rollout-crash-targets.ts'
import type { CrashWorld, Run } from './rollout-crash-world.ts'

/** A story in which one process after the other dies, each a little later than the one before it: the cheapest way to have a death at both sides of every write. */
export interface Chain {
  readonly name: string
  readonly run: Run
  /** Whether the watchdog takes turns with it. */
  readonly watched: boolean
  given(world: CrashWorld, promoted: () => Promise<void>): Promise<void>
  /** `canary-end`, or `canary-start run` for one that only this one comes to. Each process counts anew, and is at its first. */
  readonly places: readonly string[]
  /** Who may live, at last. */
  readonly last: 'run' | 'watchdog'
  readonly ends: number
  readonly expected: Partial<End>
}

const canary: Run = { runId: 2, action: 'canary-deploy' }
const rollback: Run = { runId: 9, action: 'rollback', event: 'workflow_dispatch', inputs: { reason: 'on call says so' } }

export const chains: readonly Chain[] = [
  {
    name: 'a good canary whose every runner dies is promoted',
    run: canary,
    watched: true,
    given: async () => {},
    places: [
      'canary-start run',
      'canary-take watchdog',
      'announce-deployment',
      'announce-status',
      'traffic-weight run',
      'traffic-deploy',
      'canary-intent',
      'traffic-weight',
      'canary-confirm',
      'canary-evidence',
      'canary-intent',
      'traffic-weight',
      'canary-confirm',
      'canary-evidence',
      'canary-end',
      'announce-summary watchdog',
      'announce-retired watchdog',
      'announce-status watchdog',
      'outputs run',
    ],
    last: 'run',
    ends: 0,
    expected: {
      live: { version: 2, slot: 'green' },
      runs: 2,
      champion: 2,
      quarantine: [],
      deployments: ['churn v1: inactive', 'churn v2: success'],
      issues: [],
    },
  },
  {
    name: 'a bad canary whose every runner dies is rolled back',
    run: canary,
    watched: true,
    given: async world => void Object.assign(world.counts.errors, { green: 0.08 }),
    places: [
      'canary-confirm run',
      'canary-evidence',
      'canary-intent',
      'traffic-weight',
      'canary-end',
      'announce-incident watchdog',
      'announce-status watchdog',
    ],
    last: 'watchdog',
    ends: 1,
    expected: {
      live: { version: 1, slot: 'blue' },
      runs: 1,
      champion: 1,
      quarantine: ['2'],
      deployments: ['churn v1: success', 'churn v2: failure'],
      issues: [{ title: 'churn v2 was rolled back in production', comments: 0 }],
    },
  },
  {
    name: 'a rollback whose every runner dies is done',
    run: rollback,
    watched: false,
    given: (_, promoted) => promoted(),
    places: [
      'rollback-intent',
      'traffic-weight',
      'traffic-read',
      'rollback-confirm',
      'announce-deployment',
      'announce-retired',
      'announce-status',
      'announce-incident',
      'outputs',
    ],
    last: 'run',
    ends: 0,
    expected: {
      live: { version: 1, slot: 'blue' },
      runs: 1,
      champion: 1,
      deployments: ['churn v1: inactive', 'churn v2: inactive', 'churn v1 (rollback from v2): success'],
    },
  },
]

/** A process that dies on one side of a place. */
export interface ChainDeath {
  readonly by: 'run' | 'watchdog'
  readonly boundary: Boundary
  readonly moment: Moment
}

/** Both sides of each place, in order. Who dies there alternates, and on the next target it is the other one. */
export const deathsOf = (chain: Chain, target: TargetName): readonly ChainDeath[] =>
  chain.places.flatMap((place, index) => {
    const [boundary = '', only] = place.split(' ')
    return (['before', 'after'] as const).map((moment, side): ChainDeath => {
      const turn = (index + side + targetNames.indexOf(target)) % 2 === 0 ? 'run' : 'watchdog'
      const by = !chain.watched ? 'run' : only === 'run' || only === 'watchdog' ? only : turn
      return { by, boundary: boundary as Boundary, moment }
    })
  })

/** How many of the deaths were survived, and what was wrong after the first that was not. */
export interface ChainTold {
  readonly survived: number
  readonly wrong: string | null
}

/** The world before a chain, on this target. */
const begin = async (world: CrashWorld, chain: Chain, target: TargetName, promoted: () => Promise<void>): Promise<void> => {
  await world.beginWith(target)
  await chain.given(world, promoted)
}

const assertEnds = (end: End, expected: Partial<End>): void => {
  expect(end).toMatchObject(expected)
  expect(new Set(end.shares), 'shares of the live slot at every instance').toEqual(new Set([100]))
}

/** How a chain ends in which nobody dies. */
export const undisturbed = async (world: CrashWorld, chain: Chain, target: TargetName, promoted: () => Promise<void>): Promise<End> => {
  await begin(world, chain, target, promoted)
  const done = await world.run(chain.run)
  expect(done.exitCode, wordsOf(done)).toBe(chain.ends)
  const end = await endOf(world)
  assertEnds(end, chain.expected)
  return end
}

/** Tells a chain on a target: a death at each of these, and after them the end that it has without a death, where that is known. */
export const tellChain = async (
  world: CrashWorld,
  chain: Chain,
  target: TargetName,
  deaths: readonly ChainDeath[],
  { end, promoted }: { readonly end: End | null; readonly promoted: () => Promise<void> },
): Promise<ChainTold> => {
  const runBy = (by: 'run' | 'watchdog', turn: number): Run => (by === 'run' ? { ...chain.run, attempt: turn + 1 } : watchdog(turn))
  await begin(world, chain, target, promoted)
  let survived = 0
  let at = 'before the first death'
  try {
    for (const [turn, { by, boundary, moment }] of deaths.entries()) {
      at = `after death ${turn + 1}, of the ${by} ${moment} ${boundary}`
      await die(world, runBy(by, turn), { boundary, moment, nth: 1 })
      survived += 1
    }
    const last = await world.run(runBy(chain.last, deaths.length))
    // A watchdog that finds the end told has nothing to say; one that brings it about says what it was.
    expect(chain.last === 'watchdog' ? [0, chain.ends] : [chain.ends], wordsOf(last)).toContain(last.exitCode)
    const found = await endOf(world)
    assertEnds(found, chain.expected)
    for (const part of Object.keys(end ?? {}) as (keyof End)[]) expect(found[part], part).toEqual(end?.[part])
    return { survived, wrong: null }
  } catch (error) {
    return { survived: Math.max(0, survived - 1), wrong: `${chain.name}, ${at}: ${error instanceof Error ? error.message : String(error)}` }
  }
}
