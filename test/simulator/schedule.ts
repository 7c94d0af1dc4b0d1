import { hash } from 'node:crypto'
import { type CallKind, type FaultPlan, noFaults } from './faults.ts'
import { type Job, perform } from './jobs.ts'
import type { Production } from './production.ts'
import { type Random, seeded } from './random.ts'
import { noDraftOf, oneComment, reconciledInvariants, restInvariants } from './rest-invariants.ts'
import { simulatedRun } from './runs.ts'
import { type Process, type Scheduler, scheduler, type TraceLine } from './scheduler.ts'
import type { World } from './world.ts'

export const began = Date.parse('2026-11-20T12:00:00Z')

/** What a schedule starts from and what happens in it. */
export interface Story {
  readonly name: string
  readonly world: () => World
  readonly jobs: readonly Job[]
}

export interface Finished {
  readonly violations: readonly string[]
  readonly trace: readonly TraceLine[]
  /** The kinds of the calls before the reconciling pass. */
  readonly kinds: readonly CallKind[]
  readonly world: World
  /** How each process ended, in words. */
  readonly endings: readonly string[]
}

const attempts = 3

const endingOf = ({ name, ending }: Process): string => {
  if (ending === null) return `${name} never ended`
  if (ending.how === 'killed') return `${name} was killed`
  return ending.how === 'done'
    ? `${name}: ${ending.value}`
    : `${name} failed: ${ending.error instanceof Error ? ending.error.message : ending.error}`
}

/** One process after the other for each job, each in an own name and with own randomness. */
const starter = (production: Production, world: World, random: Random, schedule: Scheduler) => {
  const processes: Process[] = []
  const jobOf = new Map<Process, Job>()
  const counts = new Map<Job, number>()
  return {
    processes,
    jobOf,
    counts,
    start: (job: Job, letter: string) => {
      const attempt = (counts.get(job) ?? 0) + 1
      counts.set(job, attempt)
      const name = `${letter}${attempt > 1 ? attempt : ''} ${job.kind}`
      const process = schedule.spawn(name, seeded(Math.floor(random() * 2 ** 31)), perform(production, world, job, attempt > 1))
      processes.push(process)
      jobOf.set(process, job)
      return process
    },
  }
}

/** Errors of a process that no user could have caused. */
const bugOf = (production: Production, process: Process): string | null => {
  const { ending } = process
  if (ending === null) return `${process.name} never ended`
  if (ending.how !== 'failed' || ending.error instanceof production.UserError) return null
  return `${process.name} ended with an error of ours: ${ending.error instanceof Error ? ending.error.stack : ending.error}`
}

/**
 * Runs one story under a plan of faults: all jobs at once, some abandoned ones again, then what must hold whoever was abandoned; then every job that did not
 * end well once more without faults, and what must hold then.
 */
export const runSchedule = async (
  production: Production,
  story: Story,
  seed: number,
  plan: (random: Random) => FaultPlan,
): Promise<Finished> => {
  const random = seeded(seed)
  const world = story.world()
  const schedule = scheduler(random, began)
  schedule.use(plan(random))
  const { processes, jobOf, counts, start } = starter(production, world, random, schedule)
  const letters = new Map(story.jobs.map((job, index) => [job, String.fromCharCode(65 + index)]))
  for (const job of story.jobs) start(job, letters.get(job) ?? '?')
  const stopped = () => world.violations.length > 0
  const again = (process: Process) => {
    const job = jobOf.get(process) as Job
    const hopes = process.ending?.how === 'killed' ? 0.6 : process.ending?.how === 'failed' ? 0.3 : 0
    if ((counts.get(job) ?? 0) < attempts && random() < hopes) start(job, letters.get(job) ?? '?')
  }
  const check = (problem: string | null) => world.found(problem)
  const ended = await schedule.run(stopped, again, processes)
  const kinds = [...schedule.kinds]
  if (!ended) check('the schedule came to no end')

  if (!stopped()) {
    for (const process of processes) check(bugOf(production, process))
    for (const invariant of restInvariants) check(invariant(world))
    if (isCalm(schedule.trace)) check(oneComment(world))
  }

  schedule.use(noFaults, 0)
  for (const job of story.jobs) {
    const last = processes.findLast(process => jobOf.get(process) === job)
    if (stopped() || last?.ending?.how === 'done') continue
    const process = start(job, letters.get(job) ?? '?')
    if (!(await schedule.run(stopped, () => {}, processes))) check('the schedule came to no end')
    if (!stopped()) check(bugOf(production, process))
  }
  if (!stopped() && world.github.comments.size > 0) await tidyComments(production, world, random, schedule)
  if (!stopped()) {
    for (const invariant of reconciledInvariants) check(invariant(world))
    if (!schedule.trace.some(([, , label, fault]) => label.includes('/releases') && (fault === 'lagging' || fault.endsWith('late'))))
      for (const process of processes) {
        const job = jobOf.get(process)
        const registered = process.ending?.how === 'done' && /^(created|existing)/.test(String(process.ending.value))
        const twice = story.jobs.filter(other => other.kind === 'register' && job?.kind === 'register' && other.run === job.run).length > 1
        if (job?.kind === 'register' && registered && !twice) check(noDraftOf(world, simulatedRun(job.run, job.bytes).record.run))
      }
  }
  return { violations: world.violations, trace: schedule.trace, kinds, world, endings: processes.map(endingOf) }
}

/** Whether nothing hit the comments but what an answer that is looked for again makes good. */
const isCalm = (trace: readonly TraceLine[]): boolean =>
  !trace.some(
    ([, , label, fault]) => fault.startsWith('killed') || (label.includes('comments') && !['', 'replayed', 'lost'].includes(fault)),
  )

/** One more look at every comment, as the next job of the pull request has it. */
const tidyComments = async (production: Production, world: World, random: Random, schedule: Scheduler): Promise<void> => {
  const { processes, start } = starter(production, world, random, schedule)
  const markers = new Set([...world.github.comments.values()].map(({ body }) => body.split('\n', 1)[0]))
  for (const marker of markers) {
    start({ kind: 'comment', workflow: '99', body: `${marker}\nthe last word` }, 'Z')
    await schedule.run(
      () => false,
      () => {},
      processes,
    )
  }
}

/** The trace as one digest: the same seed must give the same one. */
export const traceDigest = ({ trace, violations }: Finished): string => hash('sha256', JSON.stringify([trace, violations]))
