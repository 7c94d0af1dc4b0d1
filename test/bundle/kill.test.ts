import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Boundary, boundaries } from '../../src/kernel/failpoint.ts'
import type { StepResult } from '../support/bundle.ts'
import { type Scenario, startScenario } from '../support/scenario.ts'
import { params } from '../support/scenario-files.ts'
import { foldOf, releasesOf } from './fold.ts'

/** Which action each named write is in. */
const writer: Readonly<Record<Boundary, string>> = {
  run: 'train',
  asset: 'register',
  publish: 'register',
  register: 'register',
  alias: 'register',
  weight: 'canary-deploy',
  confirm: 'canary-deploy',
  comment: 'compare-champion',
}

/** Runs a step and, where it is the one to be killed, kills it after the named write and runs it again, on a new machine as a re-run would be. */
const story = (scenario: Scenario, kills: readonly Boundary[]) => {
  const killed: Boundary[] = []
  const step = async (
    request: { readonly runId: number; readonly pullRequest?: number },
    action: string,
    name: string,
    kill = false,
  ): Promise<StepResult> => {
    const job = () => scenario.job({ ...request, job: name })
    const boundary = kill ? kills.find(candidate => writer[candidate] === action) : undefined
    if (boundary !== undefined) {
      const dead = await (await job()).step(action, {}, { failpoint: `${boundary}:after` })
      expect(dead.signal, `${boundary} was never reached: ${dead.stdout}${dead.stderr}`).toBe('SIGKILL')
      killed.push(boundary)
    }
    const done = await (await job()).step(action)
    expect(done.exitCode, `${action}: ${done.stdout}${done.stderr}`).toBe(0)
    return done
  }
  return { step, killed }
}

/** Each story kills an action at most once, so that one telling serves several of them. */
const stories: readonly (readonly Boundary[])[] = [['run', 'asset', 'weight', 'comment'], ['publish', 'confirm'], ['register'], ['alias']]

/** First lines of the comments on the pull request: one is the report, one says that the version is live. */
const markersOf = (scenario: Scenario) => scenario.repository.comments(1).map(comment => comment.body.split('\n', 1)[0])

/** Two versions: the first goes live at once, the second by a pull request, a release and a canary. The second is the one that is killed. */
const tell = async (kills: readonly Boundary[]): Promise<Scenario> => {
  const scenario = await startScenario({ environment: true })
  const { step, killed } = story(scenario, kills)
  await step({ runId: 1 }, 'train', 'measure')
  await step({ runId: 1 }, 'register', 'version')
  await step({ runId: 1 }, 'canary-deploy', 'canary')

  await scenario.repository.commit({ 'params.yaml': params(3) }, { branch: 'better', message: 'Separate better' })
  const { number } = await scenario.repository.openPullRequest({ head: 'better', title: 'Separate better' })
  await step({ runId: 2, pullRequest: number }, 'train', 'measure')
  await step({ runId: 2, pullRequest: number }, 'compare-champion', 'gate', true)
  await step({ runId: 2, pullRequest: number }, 'compare-champion', 'gate')
  await scenario.repository.merge(number)
  await step({ runId: 3 }, 'train', 'measure', true)
  await step({ runId: 3 }, 'register', 'version', true)
  await step({ runId: 3 }, 'canary-deploy', 'canary', true)
  expect(killed.toSorted()).toEqual(kills.toSorted())
  return scenario
}

describe('killed after a named write and run again', () => {
  let whole: Scenario
  beforeAll(async () => {
    whole = await tell([])
  }, 240_000)
  afterAll(() => whole[Symbol.asyncDispose]())

  test('the story ends with the second version live when nothing is killed', async () => {
    const fold = await foldOf(whole)
    expect(fold).toMatchObject({ versions: 2, aliases: { champion: 2, challenger: 2 }, quarantine: {} })
    expect(fold.environments.production).toMatchObject({ live: { version: 2 }, rollout: null, move: null })
    expect(markersOf(whole)).toEqual(['<!-- refline churn model-pr.yml -->', expect.stringContaining('production')])
    expect(releasesOf(whole).filter(release => !release.draft)).toHaveLength(2)
  })

  test('every named write is in one of the stories', () => {
    expect(stories.flat().toSorted()).toEqual([...boundaries].toSorted())
  })

  test.for(stories.map(kills => [kills.join(', '), kills] as const))('%s', { timeout: 240_000 }, async ([, kills]) => {
    await using scenario = await tell(kills)
    expect(await foldOf(scenario)).toEqual(await foldOf(whole))
    expect(releasesOf(scenario)).toEqual(releasesOf(whole))
    expect(markersOf(scenario)).toEqual(markersOf(whole))
    const weights = async (told: Scenario) => {
      const { blue, versions } = JSON.parse(await readFile(told.weights, 'utf8')) as { blue: number; versions: object }
      return { blue, versions }
    }
    expect(await weights(scenario)).toEqual(await weights(whole))
  })
})
