import type { Boundary, Moment } from '../../src/kernel/failpoint.ts'
import type { End } from './rollout-crash-audit.ts'
import { type TargetName, targetNames } from './rollout-crash-targets.ts'
import type { CrashWorld, Run } from './rollout-crash-world.ts'

/** Where a process is killed: one side of a boundary, the n-th time that it is reached. */
export interface Place {
  readonly boundary: Boundary
  readonly moment: Moment
  readonly nth: number
}

/** Who goes on after a death: the same workflow run once more, the scheduled watchdog, or (with rollbacks) another run of the same workflow. */
export type Heir = 'again' | 'watchdog' | 'another'

export interface RolloutStory {
  readonly name: string
  /** Exit code of the run that is told to its end. */
  readonly ends: number
  readonly run: Run
  /** Another run that may go on, where that is not the watchdog. */
  readonly another?: Run
  /** What the world does before the run. `promoted` leads to v2 live. */
  given(world: CrashWorld, promoted: () => Promise<void>): Promise<void>
  /** What happens between a death and the heir. */
  between?(world: CrashWorld): Promise<void>
  /** `canary-intent 2`: the second time that it is reached; `rollback-confirm alone`: only the same workflow run goes on after it. */
  readonly boundaries: readonly string[]
  readonly leaves?: boolean
  readonly targets?: readonly TargetName[]
  readonly expected: Partial<End>
}

const canary: Run = { runId: 2, action: 'canary-deploy' }
const rollback: Run = { runId: 9, action: 'rollback', event: 'workflow_dispatch', inputs: { reason: 'on call says so' } }

const promoted: Partial<End> = { live: { version: 2, slot: 'green' }, runs: 2, champion: 2, quarantine: [] }
const onFirst: Partial<End> = { live: { version: 1, slot: 'blue' }, runs: 1, champion: 1 }

/** The targets of which each instance may lose its weights. */
const forgetful: readonly TargetName[] = ['command', 'haproxy', 'nginx']

/** The stories of the crash matrix over targets. */
export const rolloutStories: readonly RolloutStory[] = [
  {
    name: 'a good canary is promoted',
    ends: 0,
    run: canary,
    given: async () => {},
    boundaries: ['traffic-weight 2', 'canary-intent 2', 'traffic-weight 3', 'canary-confirm 2', 'canary-evidence 2', 'canary-end'],
    expected: promoted,
  },
  {
    name: 'a bad canary is rolled back',
    ends: 1,
    run: canary,
    given: async world => void Object.assign(world.counts.errors, { green: 0.08 }),
    boundaries: ['traffic-weight 3', 'canary-end'],
    expected: { ...onFirst, quarantine: ['2'] },
  },
  {
    name: 'somebody presses rollback',
    ends: 0,
    run: rollback,
    another: { ...rollback, runId: 10, inputs: { reason: 'on call says so', to: '1' } },
    given: (_, toPromoted) => toPromoted(),
    boundaries: ['rollback-intent', 'traffic-weight'],
    expected: onFirst,
  },
  {
    name: 'somebody presses rollback while a canary is at half of the traffic',
    ends: 0,
    run: rollback,
    another: { ...rollback, runId: 10 },
    given: async world => {
      const dead = await world.run(canary, { failpoint: 'canary-evidence:after:1' })
      if (dead.signal !== 'SIGKILL') throw new Error(`it did not die: ${dead.stdout}${dead.stderr}`)
    },
    boundaries: ['rollback-intent', 'traffic-weight', 'rollback-confirm alone', 'announce-retired alone'],
    expected: onFirst,
  },
  {
    name: 'every instance is reloaded and forgets its weights while no runner watches',
    ends: 0,
    run: canary,
    targets: forgetful,
    given: async () => {},
    between: async world => world.target().forget?.(),
    boundaries: ['canary-confirm', 'canary-evidence', 'traffic-weight 3', 'canary-confirm 2'],
    expected: promoted,
  },
  {
    name: 'signals fall silent, the canary is left at its share, and they come back',
    ends: 1,
    run: canary,
    leaves: true,
    targets: ['command', 'haproxy'],
    given: async world => {
      world.counts.silent = true
    },
    between: async world => {
      world.counts.silent = false
    },
    boundaries: ['canary-heartbeat', 'canary-leave'],
    expected: promoted,
  },
]

export interface RolloutPoint {
  readonly death: Place
  readonly heir: Heir
}

export const pointName = ({ death: { boundary, moment, nth }, heir }: RolloutPoint): string =>
  `${moment} ${boundary}${nth === 1 ? '' : `, time ${nth}`}, then ${heir}`

/**
 * The points of a story on a target, one side of each boundary. The side alternates from boundary to boundary and from target to target and so does who goes on, so that
 * over the four targets each side is followed by each of both. The chains have both sides on every target.
 */
export const pointsOf = (story: RolloutStory, target: TargetName): readonly RolloutPoint[] => {
  const turn = targetNames.indexOf(target)
  const other: Heir = story.another === undefined ? 'watchdog' : 'another'
  return story.boundaries.map((text, index) => {
    const [boundary = '', more = ''] = text.split(' ')
    const moment = (index + turn) % 2 === 0 ? 'before' : 'after'
    const again = more === 'alone' || (index + Math.floor(turn / 2)) % 2 === 0
    const nth = /^\d+$/.test(more) ? Number(more) : 1
    return { death: { boundary: boundary as Boundary, moment, nth }, heir: again ? 'again' : other }
  })
}

export const isToldOn = (story: RolloutStory, target: TargetName): boolean => story.targets?.includes(target) ?? true
