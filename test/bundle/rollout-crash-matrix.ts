import { expect } from 'vitest'
import type { StepResult } from '../support/bundle.ts'
import { auditDeath, type End, endOf } from './rollout-crash-audit.ts'
import type { Heir, Place, RolloutPoint, RolloutStory } from './rollout-crash-stories.ts'
import type { TargetName } from './rollout-crash-targets.ts'
import type { CrashWorld, Run } from './rollout-crash-world.ts'

/** Of the first watchdog; each one after it has the next. */
const watchdogs = 80
export const watchdog = (count: number): Run => ({
  runId: watchdogs + count,
  action: 'canary-deploy',
  event: 'schedule',
  inputs: { resume: 'true' },
})

export const wordsOf = ({ stdout, stderr }: StepResult): string => `${stdout}${stderr}`

/** A run that is to die, with the proof that it died there and of nothing else. */
export const die = async (world: CrashWorld, run: Run, at: Place): Promise<void> => {
  const { boundary, moment, nth } = at
  const place = `${boundary}:${moment}:${nth}`
  await world.tellOfRun(run.runId, false)
  const dead = await world.run(run, { failpoint: place })
  expect(dead.stderr, `${place} was not reached: ${wordsOf(dead)}`).toContain(`killed at ${place}\n`)
  expect(dead.signal).toBe('SIGKILL')
  await world.tellOfRun(run.runId, true)
  await auditDeath(world, at)
}

const withConfiguration = (world: CrashWorld, story: RolloutStory, run: Run): Run =>
  story.leaves === true ? { ...run, inputs: { ...run.inputs, config: `refline.${world.target().name}.leave.yml` } } : run

/** A story on one target, told to its end once without a death. */
export interface ToldStory {
  readonly end: End
  /** Goes back to its beginning, kills as the point says, lets the heir go on, and expects the same end. */
  survives(point: RolloutPoint): Promise<void>
}

export const tellStory = async (
  world: CrashWorld,
  story: RolloutStory,
  target: TargetName,
  promoted: () => Promise<void>,
): Promise<ToldStory> => {
  const begin = async (): Promise<void> => {
    await world.beginWith(target)
    await story.given(world, promoted)
  }
  /** What happens between a death and the heir is what a run to the end was kept from, so the heir ends well. */
  const endsAfterDeath = story.between === undefined ? story.ends : 0
  const runToEnd = async (run: Run, ends: number): Promise<StepResult> => {
    const done = await world.run(withConfiguration(world, story, run))
    expect(done.exitCode, wordsOf(done)).toBe(ends)
    return done
  }

  const goOn = async (heir: Heir): Promise<void> => {
    if (heir === 'another') return void (await runToEnd(story.another ?? story.run, endsAfterDeath))
    if (heir === 'watchdog') {
      const done = await world.run(withConfiguration(world, story, watchdog(1)))
      expect([0, endsAfterDeath], wordsOf(done)).toContain(done.exitCode)
      // The watchdog begins nothing: where the run had begun nothing either, it is run again.
      const begun = (await world.records()).some(({ events }) =>
        events.some(event => event.kind === 'rollout-start' && event.version === 2),
      )
      if (begun) return
    }
    await runToEnd({ ...story.run, attempt: 2 }, endsAfterDeath)
  }

  await begin()
  await runToEnd(story.run, story.ends)
  if (story.between !== undefined) {
    await story.between(world)
    await world.tellOfRun(story.run.runId, true)
    const done = await world.run(withConfiguration(world, story, watchdog(0)))
    expect(done.exitCode, wordsOf(done)).toBe(0)
  }
  const end = await endOf(world)
  expect(end).toMatchObject(story.expected)
  expect(end.shares.every(share => share === 100)).toBe(true)
  return {
    end,
    survives: async ({ death, heir }) => {
      await begin()
      await die(world, withConfiguration(world, story, story.run), death)
      await story.between?.(world)
      await goOn(heir)
      const found = await endOf(world)
      for (const part of Object.keys(end) as (keyof End)[]) expect(found[part], part).toEqual(end[part])
    },
  }
}

/** Leads a target to v2 live by a canary, remembers that, and answers with the way back there. */
export const promotedOn = async (world: CrashWorld, target: TargetName): Promise<() => Promise<void>> => {
  await world.beginWith(target)
  const done = await world.run({ runId: 2, action: 'canary-deploy' })
  expect(done.exitCode, wordsOf(done)).toBe(0)
  return world.rememberPromoted()
}
