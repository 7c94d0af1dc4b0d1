import { describe, expect, test } from 'vitest'
import { boundaries, type Moment } from '../../src/kernel/failpoint.ts'
import { type Point, pointsOf, tellDying } from './crash-matrix.ts'
import { stories } from './crash-stories.ts'
import { endStateOf } from './end-state.ts'
import { chains, deathsOf } from './rollout-crash-chain.ts'
import { pointsOf as pointsOnTarget, rolloutStories } from './rollout-crash-stories.ts'
import { targetNames } from './rollout-crash-targets.ts'

describe('the crash matrix', () => {
  test('has every boundary that there is in a story', () => {
    const onTargets = targetNames.flatMap(target => [
      ...chains.flatMap(chain => deathsOf(chain, target)),
      ...rolloutStories.flatMap(story => pointsOnTarget(story, target).map(({ death }) => death)),
    ])
    const used = new Set([...stories.flatMap(pointsOf), ...onTargets].map(({ boundary }) => boundary))
    expect(boundaries.filter(boundary => !used.has(boundary))).toEqual([])
  })

  test('has at least 60 points, none of them twice', () => {
    const all = stories.flatMap(story => pointsOf(story).map(point => JSON.stringify([story.name, point])))
    expect(new Set(all).size).toBe(all.length)
    expect(all.length).toBeGreaterThanOrEqual(60)
  })
})

/** Where the second version's processes die here, one after the other: what is written in each step, on alternating sides. All points are in the long lane. */
const deaths: readonly [place: string, ...Point['boundary'][]][] = [
  ['compare/compare-champion', 'report-comment'],
  ['train/train', 'train-run', 'train-artifact', 'train-log'],
  ['version/register', 'register-draft', 'register-asset', 'register-publish', 'register-record', 'register-notes', 'register-alias'],
  [
    'canary/canary-deploy',
    'canary-start',
    'traffic-deploy',
    'canary-intent',
    'traffic-weight',
    'canary-confirm',
    'canary-evidence',
    'canary-end',
    'announce-comment',
    'outputs',
  ],
]

const sample: readonly Point[] = deaths
  .flatMap(([place, ...steps]) => steps.map(boundary => ({ place: place.split('/'), boundary })))
  .map(({ place: [job = '', action = ''], boundary }, index) => {
    const moment: Moment = index % 2 === 0 ? 'after' : 'before'
    return { job, action, boundary, moment, nth: 1 }
  })

test('a second version goes live once although a process dies at every step of it', { timeout: 240_000 }, async () => {
  const story = stories.find(({ name }) => name.startsWith('a second version'))
  if (story === undefined) throw new Error('the story of the second version is gone')
  await using scenario = await tellDying(story, sample)
  const end = await endStateOf(scenario)
  expect(end.fold).toMatchObject({ versions: 2, aliases: { champion: 2, challenger: 2 }, quarantine: {} })
  expect(end.fold.environments.production).toMatchObject({ live: { version: 2, slot: 'green' }, rollout: null, move: null })
  const second = end.decisions.slice(7) as { kind: string }[]
  expect(second.map(({ kind }) => kind)).toEqual([
    'register',
    'alias',
    'rollout-start',
    'weight-intent',
    'weight-confirm',
    'weight-intent',
    'weight-confirm',
    'rollout-end',
    'alias',
  ])
  expect(end.runs).toEqual(end.fold.records.map(({ run }) => run).toSorted())
  const assets = ['manifest.json', 'model.json', 'predictions.csv', 'result.json', 'run.json'].map(name => `${name} uploaded`)
  expect(end.releases).toMatchObject([
    { name: 'churn v1', draft: false, notes: '# churn v1', assets },
    { name: 'churn v2', draft: false, notes: '# churn v2', assets },
  ])
  expect(end.artifacts.every(({ finalized }) => finalized)).toBe(true)
  expect(end.artifacts).toHaveLength(3)
  expect(end.conversations).toMatchObject([
    { comments: [expect.stringContaining('churn may merge'), expect.stringContaining('churn v2 is live in production')] },
  ])
  expect(end.deployments).toMatchObject([
    { description: 'churn v1', state: 'inactive' },
    { description: 'churn v2', state: 'success' },
  ])
  expect(end.weights).toEqual({ blue: 0, versions: { blue: '1', green: '2' } })
})
