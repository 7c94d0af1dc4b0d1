import { afterAll, expect, test } from 'vitest'
import { endOf } from './rollout-crash-audit.ts'
import { chains, deathsOf, tellChain, undisturbed } from './rollout-crash-chain.ts'
import { promotedOn, tellStory } from './rollout-crash-matrix.ts'
import { pairs } from './rollout-crash-pairs.ts'
import { isToldOn, pointName, pointsOf, rolloutStories } from './rollout-crash-stories.ts'
import { type TargetName, targetNames } from './rollout-crash-targets.ts'
import { openCrashWorld } from './rollout-crash-world.ts'

/** For work on some of them: a pattern that the name of a chain, story or pair on a target matches. */
const wanted = new RegExp(process.env.REFLINE_CRASH_ONLY ?? '')
const named = <T extends { readonly name: string }>(target: TargetName, all: readonly T[]): readonly T[] =>
  all.filter(({ name }) => wanted.test(`${target}, ${name}`))
const storiesOn = (target: TargetName) => named(target, rolloutStories).filter(story => isToldOn(story, target))

const points = targetNames.flatMap(target => [
  ...named(target, chains).flatMap(chain => deathsOf(chain, target)),
  ...storiesOn(target).flatMap(story => pointsOf(story, target)),
]).length
let survived = 0
let met = 0

// Each target has a world of its own, so all are told at once; within a target one point follows the other.
test.concurrent.for(targetNames)(
  '%s: wherever a runner dies, the rollout ends where it would have',
  { timeout: 3_600_000 },
  async target => {
    if ([...named(target, chains), ...storiesOn(target), ...named(target, pairs)].length === 0) return
    await using world = await openCrashWorld([target])
    const promoted = await promotedOn(world, target)
    const asPromoted = await endOf(world)
    const wrong: string[] = []
    const say = (name: string, error: unknown) => {
      wrong.push(`${target}, ${name}`)
      console.log(`${target}, ${name}: ${error instanceof Error ? error.message : String(error)}`)
    }
    for (const chain of named(target, chains)) {
      const deaths = deathsOf(chain, target)
      const end = await undisturbed(world, chain, target, promoted)
      const found = await tellChain(world, chain, target, deaths, { end, promoted })
      survived += found.survived
      if (found.wrong !== null) say(chain.name, found.wrong)
      console.log(`${target}, ${chain.name}: ${deaths.length} points, ${found.survived} survived`)
    }
    for (const story of storiesOn(target)) {
      const told = await tellStory(world, story, target, promoted)
      let here = 0
      for (const point of pointsOf(story, target))
        await told.survives(point).then(
          () => {
            here += 1
          },
          (error: unknown) => say(`${story.name}, ${pointName(point)}`, error),
        )
      survived += here
      console.log(`${target}, ${story.name}: ${pointsOf(story, target).length} points, ${here} survived`)
    }
    for (const { name, meet } of named(target, pairs)) {
      try {
        expect(await meet(world, target)).toEqual(asPromoted)
        met += 1
      } catch (error) {
        say(name, error)
      }
    }
    expect(wrong).toEqual([])
  },
)

afterAll(() => console.log(`crash matrix over targets: ${points} points, ${survived} survived; ${met} meetings of two runners`))
