import { afterAll, expect, test } from 'vitest'
import { type Point, pointName, pointsOf, tellStory } from './crash-matrix.ts'
import { stories } from './crash-stories.ts'

let survived = 0
const all = stories.flatMap(pointsOf)

// Each story has a world of its own, so some are told at once; within a story one point follows the other.
test.concurrent.for(stories.map(story => [story.name, story] as const))('%s', { timeout: 3_600_000 }, async ([, story]) => {
  await using told = await tellStory(story)
  const points = pointsOf(story)
  const dead: string[] = []
  for (const point of points)
    await told.survives(point).then(
      () => {
        survived += 1
      },
      (error: unknown) => {
        dead.push(pointName(point))
        console.log(`${story.name}: ${pointName(point)}: ${error instanceof Error ? error.message : String(error)}`)
      },
    )
  console.log(`${story.name}: ${points.length} points, ${points.length - dead.length} survived`)
  expect(dead).toEqual([])
})

test('there are at least 60 points', () => {
  const names = stories.flatMap(story => pointsOf(story).map((point: Point) => `${story.name}: ${pointName(point)}`))
  expect(new Set(names).size).toBe(all.length)
  expect(all.length).toBeGreaterThanOrEqual(60)
})

afterAll(() => console.log(`crash matrix: ${all.length} points, ${survived} survived`))
