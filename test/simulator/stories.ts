import { noFaults, plannedFaults } from './faults.ts'
import { configurations, type Job, marker } from './jobs.ts'
import type { Production } from './production.ts'
import { oneOf, type Random } from './random.ts'
import { began, runSchedule, type Story } from './schedule.ts'
import { World } from './world.ts'

const register = (run: string, workflow: string, bytes = run, verdict: 'pass' | 'fail' = 'pass'): Job => ({
  kind: 'register',
  run,
  bytes,
  workflow,
  verdict,
})
const canary = (version: number, workflow: string): Job => ({ kind: 'canary', version, workflow })
const superseding = (version: number, workflow: string): Job => ({ kind: 'superseding', version, workflow })
const watchdog = (workflow: string): Job => ({ kind: 'watchdog', workflow })
const rollback = (workflow: string, to?: number, quarantine = true): Job => ({ kind: 'rollback', workflow, to, quarantine })
const lines = (workflow: string, ...keys: string[]): Job => ({ kind: 'log', workflow, keys })
const comment = (workflow: string, body: string): Job => ({ kind: 'comment', workflow, body: `${marker}\n${body}` })

/** What schedules begin with: worlds that the production code itself has brought about, without faults. */
export interface Bases {
  readonly empty: World
  /** v1 is champion; nothing is deployed. */
  readonly one: World
  /** v1 is live, v2 is registered to replace it. */
  readonly live: World
  /** As `live`, and the runner of v2's canary was killed while it had half of the traffic. */
  readonly halfway: World
  /** v2 is live, v1 was before, v3 is registered. */
  readonly second: World
}

export const makeBases = async (production: Production): Promise<Bases> => {
  const { plain, deployed } = configurations(production)
  const after = async (from: World | null, world: World, jobs: readonly Job[], faults = noFaults): Promise<World> => {
    let now = new World(world.configuration, began, from ?? world)
    for (const job of jobs) {
      const before = now
      const story = { name: 'a base', world: () => new World(before.configuration, began, before), jobs: [job] }
      const finished = await runSchedule(production, story, 1, () => faults)
      if (finished.violations.length > 0) throw new Error(`a base world breaks already: ${finished.violations.join('; ')}`)
      now = finished.world
    }
    return now
  }
  const empty = new World(plain, began)
  const first = await after(null, new World(deployed, began), [register('A', '11'), canary(1, '11')])
  const live = await after(first, first, [register('B', '12')])
  const second = await after(live, live, [canary(2, '12'), register('C', '13')])
  return { empty, one: await after(null, empty, [register('A', '11')]), live, halfway: await killedHalfway(production, live), second }
}

/** The world in the moment in which the runner of a canary of v2 is killed, right after it was given half of the traffic. */
const killedHalfway = async (production: Production, live: World): Promise<World> => {
  for (let at = 0; at < 200; at += 1) {
    const world = new World(live.configuration, began, live)
    const story: Story = { name: 'a base', world: () => world, jobs: [canary(2, '12')] }
    const plan = plannedFaults(new Map([[at, 'killed after']]))
    const copy: { made: World | null } = { made: null }
    world.target.onApplied = ({ percent }) => {
      if (percent === 50) copy.made ??= new World(live.configuration, began, world)
    }
    await runSchedule(production, story, 1, () => plan)
    if (copy.made !== null) return copy.made
  }
  throw new Error('no canary ever had half of the traffic')
}

type Menu = readonly ((random: Random, index: number) => Job)[]

const workflow = (index: number): string => String(21 + index)

/** A kind of story: what it begins with, what may happen in it, and how much of it at most. */
interface Stories {
  readonly base: keyof Bases
  readonly menu: Menu
  readonly most: number
  /** Every job of the menu once, in place of a draw. */
  readonly all?: true
}

const small: Menu = [
  (_, index) => register(`F${index}`, workflow(index), 'F', 'fail'),
  (_, index) => lines(workflow(index), `run-${index}`, 'run-x'),
  (_, index) => comment(workflow(index), `report ${index}`),
]

const kinds = {
  empty: {
    base: 'empty',
    most: 4,
    menu: [
      (_, index) => register(`A${index}`, workflow(index), 'A'),
      (_, index) => register(`B${index}`, workflow(index), 'B'),
      (_, index) => register(`C${index}`, workflow(index), 'A'),
      () => register('A', '21'),
      ...small,
    ],
  },
  /** Three runs of which two made the same model. */
  twins: {
    base: 'empty',
    most: 3,
    all: true,
    menu: [() => register('A1', '21', 'A'), () => register('A2', '22', 'A'), () => register('B1', '23', 'B')],
  },
  one: {
    base: 'one',
    most: 4,
    menu: [
      (_, index) => register(`B${index}`, workflow(index), 'B'),
      (_, index) => register(`C${index}`, workflow(index), 'C'),
      (_, index) => register(`D${index}`, workflow(index), index < 2 ? 'A' : 'B'),
      () => register('B', '21'),
      ...small,
    ],
  },
  /** Two runs that are both better than the champion. */
  rivals: { base: 'one', most: 2, all: true, menu: [() => register('B1', '21', 'B'), () => register('C1', '22', 'C')] },
  live: {
    base: 'live',
    most: 3,
    menu: [
      () => canary(2, '12'),
      (_, index) => canary(2, workflow(index)),
      (_, index) => register(`C${index}`, workflow(index), 'C'),
      (_, index) => rollback(workflow(index), 1),
      (_, index) => comment(workflow(index), `report ${index}`),
    ],
  },
  halfway: {
    base: 'halfway',
    most: 3,
    menu: [
      () => canary(2, '12'),
      (_, index) => rollback(workflow(index)),
      (random, index) => rollback(workflow(index), undefined, random() < 0.5),
      (_, index) => register(`C${index}`, workflow(index), 'C'),
      (_, index) => canary(2, workflow(index)),
      (_, index) => watchdog(workflow(index)),
    ],
  },
  /** Somebody presses the button, or the watchdog comes, while the canary of a runner that died is gone on with. */
  watched: { base: 'halfway', most: 3, all: true, menu: [() => canary(2, '12'), () => watchdog('22'), () => rollback('23')] },
  second: {
    base: 'second',
    most: 3,
    menu: [
      () => canary(3, '13'),
      (_, index) => rollback(workflow(index)),
      (random, index) => rollback(workflow(index), oneOf(random, [1, 3]), random() < 0.5),
      (_, index) => register(`D${index}`, workflow(index), 'D'),
      (_, index) => canary(3, workflow(index)),
      (_, index) => canary(1, workflow(index)),
      (_, index) => superseding(1, workflow(index)),
      (_, index) => watchdog(workflow(index)),
    ],
  },
  /** Two people press the same button. */
  pressed: { base: 'second', most: 2, all: true, menu: [() => rollback('21', 1), () => rollback('22')] },
  /** A rollback while a canary begins. */
  overtaken: { base: 'second', most: 2, all: true, menu: [() => canary(3, '13'), () => rollback('22', 1)] },
} as const satisfies Record<string, Stories>

export type Kind = keyof typeof kinds

const drawn = Object.keys(kinds) as Kind[]

/** A random story: a world and two to four jobs in it, and which versions turn out bad under traffic. */
export const randomStory = (bases: Bases, random: Random, among: readonly Kind[] = drawn): Story => {
  const name = oneOf(random, among)
  const { base, menu, most, all }: Stories = kinds[name]
  const count = all === true ? menu.length : 2 + Math.floor(random() * (most - 1))
  const jobs = Array.from({ length: count }, (_, index) =>
    (all === true ? (menu[index] as Menu[number]) : oneOf(random, menu))(random, index),
  )
  const badness = new Map([1, 2, 3, 4].map(version => [version, random() < 0.2 ? 0.3 : 0]))
  const world = bases[base]
  return { name, world: () => new World(world.configuration, began, world, badness), jobs }
}

/** The stories whose every call is hit by every fault, alone and in pairs. */
export const referenceStories = (bases: Bases): readonly Story[] => {
  const story = (name: string, base: World, jobs: readonly Job[]): Story => ({
    name,
    world: () => new World(base.configuration, began, base),
    jobs,
  })
  return [
    story('first registration', bases.empty, [register('A', '21')]),
    story('log and comment', bases.one, [lines('21', 'run-1'), comment('22', 'report')]),
    story('canary', bases.live, [canary(2, '12')]),
    story('rollback of a canary', bases.halfway, [rollback('21')]),
    story('watchdog after a death', bases.halfway, [watchdog('21')]),
    story('rollback to the version before', bases.second, [rollback('21')]),
  ]
}
