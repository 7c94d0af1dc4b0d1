import { join } from 'node:path'
import { type Ending, spawnLines } from '../../support/line-process.ts'

/** One write: a decision, or a line in the log of runs. `key` makes it unique. */
export interface Step {
  readonly kind: 'decision' | 'line'
  readonly key: string
}

/** How a write ended. Times are in milliseconds since 1970. */
export interface StepResult extends Step {
  readonly began: number
  readonly ended: number
  readonly outcome: string
  /** Of a decision. */
  readonly seq?: number
}

export interface WriterPlan {
  readonly name: string
  readonly remote: string
  readonly model: string
  readonly deadlineSeconds: number
  readonly steps: readonly Step[]
  /** What it waits before each step: half as long to one and a half times as long; before the first, up to as long. */
  readonly pauseMilliseconds?: number
}

export interface Writer {
  readonly plan: WriterPlan
  readonly results: readonly StepResult[]
  readonly ending: Ending
}

/** Writers that are ready and wait to be told. */
export interface Waiting {
  /** Lets all begin at once; resolves when all have ended. */
  begin(): Promise<readonly Writer[]>
}

/** Starts each writer in a process of its own and waits until all are ready. What has not ended `deadline` milliseconds after its start is killed. */
export const prepareWriters = async (plans: readonly WriterPlan[], deadline: number): Promise<Waiting> => {
  const program = join(import.meta.dirname, 'writer-main.ts')
  const started = plans.map(plan => ({ plan, child: spawnLines(program, [JSON.stringify(plan)], deadline) }))
  await Promise.all(started.map(({ child }) => child.next()))
  return {
    begin() {
      for (const { child } of started) {
        child.write('go\n')
        child.endInput()
      }
      return Promise.all(
        started.map(async ({ plan, child }) => ({ plan, results: (await child.rest()) as StepResult[], ending: await child.ended })),
      )
    },
  }
}

/** So many steps of a writer, decisions and lines in turn. */
export const mixedSteps = (name: string, count: number): readonly Step[] =>
  Array.from({ length: count }, (_, index) => ({ kind: index % 2 === 0 ? 'decision' : 'line', key: `${name}-${index}` }))

/** From the first write's beginning to the last one's end, in seconds. */
export const secondsOf = (writers: readonly Writer[]): number => {
  const results = writers.flatMap(writer => writer.results)
  return (Math.max(...results.map(({ ended }) => ended)) - Math.min(...results.map(({ began }) => began))) / 1000
}
