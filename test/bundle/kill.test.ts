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
const story = (scenario: Scenario, boundary: Boundary | null) => {
  let killed = 0
  const step = async (
    request: { readonly runId: number; readonly pullRequest?: number },
    action: string,
    name: string,
    kill = false,
  ): Promise<StepResult> => {
    const job = () => scenario.job({ ...request, job: name })
    if (kill && boundary !== null && writer[boundary] === action) {
      const dead = await (await job()).step(action, {}, { failpoint: `${boundary}:after` })
      expect(dead.signal, `${boundary} was never reached: ${dead.stdout}${dead.stderr}`).toBe('SIGKILL')
      killed += 1
    }
    const done = await (await job()).step(action)
    expect(done.exitCode, `${action}: ${done.stdout}${done.stderr}`).toBe(0)
    return done
  }
  return { step, killed: () => killed }
}

/** Two versions: the first goes live at once, the second by a pull request, a release and a canary. The second is the one that is killed. */
const tell = async (boundary: Boundary | null): Promise<Scenario> => {
  const scenario = await startScenario({ environment: true })
  const { step, killed } = story(scenario, boundary)
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
  expect(killed()).toBe(boundary === null ? 0 : 1)
  return scenario
}

describe('killed after a named write and run again', () => {
  let whole: Scenario
  beforeAll(async () => {
    whole = await tell(null)
  }, 120_000)
  afterAll(() => whole[Symbol.asyncDispose]())

  test('the story ends with the second version live when nothing is killed', async () => {
    const fold = await foldOf(whole)
    expect(fold).toMatchObject({ versions: 2, aliases: { champion: 2, challenger: 2 }, quarantine: {} })
    expect(fold.environments.production).toMatchObject({ live: { version: 2 }, rollout: null, move: null })
    expect(whole.repository.comments(1)).toHaveLength(1)
    expect(releasesOf(whole).filter(release => !release.draft)).toHaveLength(2)
  })

  test.for(boundaries)('%s', { timeout: 120_000 }, async boundary => {
    await using scenario = await tell(boundary)
    expect(await foldOf(scenario)).toEqual(await foldOf(whole))
    expect(releasesOf(scenario)).toEqual(releasesOf(whole))
    expect(scenario.repository.comments(1)).toHaveLength(1)
    const weights = async (told: Scenario) => {
      const { blue, versions } = JSON.parse(await readFile(told.weights, 'utf8')) as { blue: number; versions: object }
      return { blue, versions }
    }
    expect(await weights(scenario)).toEqual(await weights(whole))
  })
})
