import { expect } from 'vitest'
import type { Boundary, Moment } from '../../src/kernel/failpoint.ts'
import type { StepResult } from '../support/bundle.ts'
import { type Job, type Scenario, startScenario } from '../support/scenario.ts'
import { endStateOf } from './end-state.ts'

/** One step of a job; `ends` is its exit code, 0 where it is not given. */
export interface StoryStep {
  readonly action: string
  readonly inputs?: Readonly<Record<string, string>>
  readonly ends?: number
}

/** A job as GitHub runs it again: on a new machine, from its first step, under the same workflow run. */
export interface StoryJob {
  readonly job: string
  readonly runId: number
  readonly pullRequest?: number
  readonly event?: string
  readonly steps: readonly StoryStep[]
}

/** What people and other systems do between the jobs. */
export type StoryPart = StoryJob | ((scenario: Scenario) => Promise<void>)

export interface Story {
  readonly name: string
  readonly start: Parameters<typeof startScenario>[0]
  /** What was before; nobody dies there. */
  readonly given: readonly StoryPart[]
  readonly parts: readonly StoryPart[]
  /** Where processes are killed, by `job/action`; `git-push 2` is the second time that it is reached. */
  readonly boundaries: Readonly<Record<string, readonly string[]>>
}

/** A process of the story that dies at the n-th time that it comes to one side of a boundary. */
export interface Point {
  readonly job: string
  readonly action: string
  readonly boundary: Boundary
  readonly moment: Moment
  readonly nth: number
}

export const pointName = (point: Point): string =>
  `${point.job}/${point.action} ${point.moment} ${point.boundary}${point.nth === 1 ? '' : `, time ${point.nth}`}`

/** All points of a story, both sides of each boundary. */
export const pointsOf = (story: Story): readonly Point[] =>
  Object.entries(story.boundaries).flatMap(([place, boundaries]) => {
    const [job = '', action = ''] = place.split('/')
    return boundaries.flatMap(text => {
      const [boundary, nth = '1'] = text.split(' ')
      return (['before', 'after'] as const).map(moment => ({
        job,
        action,
        boundary: boundary as Boundary,
        moment,
        nth: Number(nth),
      }))
    })
  })

/** Outputs without what names a place on the machine, took time, or says that this was the second attempt. */
const comparable = ({ outputs }: StepResult): Readonly<Record<string, string>> => {
  const image = outputs.image === undefined ? {} : { image: outputs.image.replace(/@.*/, ''), digest: '' }
  const { result: _result, 'model-path': _path, seconds: _seconds, reason: _reason, ...kept } = outputs
  const repeated: Readonly<Record<string, string>> = { existing: 'created', already: 'rolled-back' }
  return {
    ...kept,
    ...image,
    ...(kept.outcome === undefined ? {} : { outcome: repeated[kept.outcome] ?? kept.outcome }),
    ...(kept['comment-url'] === undefined ? {} : { 'comment-url': kept['comment-url'].replace(/\d+$/, '') }),
  }
}

type Outputs = Readonly<Record<string, Readonly<Record<string, string>>>>

const jobOf = (scenario: Scenario, part: StoryJob, attempt = 1): Promise<Job> => {
  const { steps: _, job, ...request } = part
  return scenario.job({ ...request, job, attempt })
}

/** Runs one step to its end. */
const runTo = async (machine: Job, step: StoryStep): Promise<StepResult> => {
  const done = await machine.step(step.action, step.inputs)
  expect(done.exitCode, `${step.action}: ${done.stdout}${done.stderr}`).toBe(step.ends ?? 0)
  return done
}

/** Runs a step that is to die, and proves that it died there and of nothing else. */
const runAndDie = async (machine: Job, step: StoryStep, { boundary, moment, nth }: Point): Promise<void> => {
  const place = `${boundary}:${moment}:${nth}`
  const dead = await machine.step(step.action, step.inputs, { failpoint: place })
  expect(dead.stderr, `${place} was not reached: ${dead.stdout}${dead.stderr}`).toContain(`killed at ${place}\n`)
  expect(dead.signal).toBe('SIGKILL')
}

/** Tells parts to their end; the first of them may be another attempt. */
const tellParts = async (scenario: Scenario, parts: readonly StoryPart[], attempt = 1): Promise<Outputs> => {
  const outputs: Record<string, Readonly<Record<string, string>>> = {}
  for (const part of parts) {
    if (typeof part === 'function') await part(scenario)
    else {
      const machine = await jobOf(scenario, part, part === parts[0] ? attempt : 1)
      for (const step of part.steps) outputs[`${part.job}/${step.action}`] = comparable(await runTo(machine, step))
    }
  }
  return outputs
}

/**
 * Tells a story in which each step dies at each of its points, one machine after the other, before it may end: a runner that is never done dying. Points are
 * counted anew by each process. Returns the world at the end.
 */
export const tellDying = async (story: Story, points: readonly Point[]): Promise<Scenario> => {
  const scenario = await startScenario(story.start)
  await tellParts(scenario, story.given)
  for (const part of story.parts) {
    if (typeof part === 'function') {
      await part(scenario)
      continue
    }
    let attempt = 1
    for (const point of points.filter(({ job }) => job === part.job)) {
      const machine = await jobOf(scenario, part, attempt)
      attempt += 1
      for (const step of part.steps) {
        if (step.action === point.action) {
          await runAndDie(machine, step, point)
          break
        }
        await runTo(machine, step)
      }
    }
    await tellParts(scenario, [part], attempt)
  }
  return scenario
}

/** A story that was told once without a death: where it ended, and the way back to each of its steps. */
export interface Told extends AsyncDisposable {
  readonly end: Awaited<ReturnType<typeof endStateOf>>
  readonly outputs: Outputs
  /** Goes back to the step, kills it, runs its job again on a new machine, tells the rest, and expects the same end. */
  survives(point: Point): Promise<void>
}

/** Tells a story to its end and remembers the world before each step in which somebody will die. */
export const tellStory = async (story: Story): Promise<Told> => {
  const scenario = await startScenario(story.start)
  await tellParts(scenario, story.given)
  const outputs: Record<string, Readonly<Record<string, string>>> = {}
  const ways = new Map<
    string,
    { readonly back: () => Promise<void>; readonly die: (point: Point) => Promise<void>; readonly rest: readonly StoryPart[] }
  >()
  for (const [index, part] of story.parts.entries()) {
    if (typeof part === 'function') {
      await part(scenario)
      continue
    }
    const machine = await jobOf(scenario, part)
    for (const step of part.steps) {
      const place = `${part.job}/${step.action}`
      if (story.boundaries[place] !== undefined) {
        const back = await scenario.remember()
        ways.set(place, { back, die: point => runAndDie(machine, step, point), rest: story.parts.slice(index) })
      }
      outputs[place] = comparable(await runTo(machine, step))
    }
  }
  const end = await endStateOf(scenario)
  return {
    end,
    outputs,
    survives: async point => {
      const way = ways.get(`${point.job}/${point.action}`)
      if (way === undefined) throw new Error(`${story.name} has no step ${point.job}/${point.action}`)
      await way.back()
      await way.die(point)
      const told = await tellParts(scenario, way.rest, 2)
      const found = await endStateOf(scenario)
      for (const part of Object.keys(end) as (keyof typeof end)[]) expect(found[part], part).toEqual(end[part])
      for (const [place, given] of Object.entries(told)) expect(given, place).toEqual(outputs[place])
    },
    [Symbol.asyncDispose]: () => scenario[Symbol.asyncDispose](),
  }
}
