import { cp, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { StepResult } from '../support/bundle.ts'
import { elements, rendered } from '../support/rendered.ts'
import { type Job, type Scenario, startScenario } from '../support/scenario.ts'
import { checkLog, checkMessage } from './corpus.ts'
import { commonFiles, type SpawnedCase, spawnedCases } from './spawned.ts'

let scenario: Scenario
let job: Job
let jobs = 0
let held = 0
beforeAll(async () => {
  scenario = await startScenario({ files: commonFiles })
  job = await scenario.job({ runId: 1 })
})
afterAll(async () => {
  console.log(`corpus: ${held} of ${spawnedCases.length} through the bundles`)
  await scenario[Symbol.asyncDispose]()
})

// A heap well below the gigabyte, and no artifact service: the cases would find each other's runs.
const limits = { NODE_OPTIONS: '--max-old-space-size=512', ACTIONS_RESULTS_URL: '', ACTIONS_RUNTIME_TOKEN: '' }

/** A job of its own on the one checkout. */
const runCase = async (one: SpawnedCase): Promise<StepResult> => {
  const machine = `${dirname(job.workspace)}/case-${++jobs}`
  const workspace = `${machine}/workspace`
  const temp = `${machine}/temp`
  await mkdir(temp, { recursive: true })
  await cp(job.workspace, workspace, { recursive: true })
  const lay = async (folder: string, files: SpawnedCase['files']): Promise<void> => {
    for (const [name, content] of Object.entries(files ?? {})) {
      await mkdir(dirname(join(folder, name)), { recursive: true })
      await writeFile(join(folder, name), content)
    }
  }
  await lay(workspace, one.files)
  await lay(join(workspace, 'written'), one.written)
  // On the default branch the rules of the commit count, not those of the checkout.
  const commit = one.files === undefined ? null : await scenario.repository.commit(one.files, { branch: `case-${jobs}` })
  let result: StepResult | null = null
  for (const [index, action] of one.steps.entries()) {
    const last = index === one.steps.length - 1
    const event = one.env?.GITHUB_EVENT_PATH
    const env = {
      ...limits,
      ...(commit === null ? {} : { GITHUB_SHA: commit }),
      ...one.env,
      ...(event === undefined ? {} : { GITHUB_EVENT_PATH: join(workspace, event) }),
    }
    result = await job.step(action, last ? one.inputs : {}, { workspace, temp, env, deadline: 15_000 })
    if (!last) expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 })
  }
  return result as StepResult
}

const expectedCommands = ['error', 'warning', 'group', 'endgroup', 'add-mask']
const forbidden = new Set(['a', 'img', 'script', 'h1', 'iframe', 'svg', 'input'])

describe('inputs that bundles meet', () => {
  test.each(spawnedCases.map(one => [one.name, one] as const))('%s', async (_, one) => {
    const start = performance.now()
    const result = await runCase(one)
    expect((performance.now() - start) / 1000 / one.steps.length).toBeLessThan(10)
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: one.exit, stderr: '', exported: {}, path: '', state: '' })
    checkLog(result.stdout, expectedCommands)
    expect(result.errors.length).toBe(one.exit === 0 ? 0 : 1)
    for (const error of result.errors) {
      checkMessage(error)
      if (one.error !== undefined) expect(error).toMatch(one.error)
    }
    const shown = result.commands.find(command => command.name === 'error')
    if (one.line !== undefined) expect(shown?.properties.line).toBe(String(one.line))
    for (const name of Object.keys(result.outputs)) expect(name).toMatch(/^[a-z][a-z-]*$/)
    if (one.exit !== 0) expect(result.outputs.verdict).not.toBe('pass')
    // The only link is the one to the job.
    const summary = rendered(result.summary).replace(`<a href="${scenario.github.serverUrl}/acme/churn/actions/runs/1">job</a>`, '')
    expect(elements(summary).filter(element => forbidden.has(element))).toEqual([])
    expect(result.summary).not.toMatch(/[\p{Cf}\u2028\u2029]|(?!\n)\p{Cc}/u)
    one.also?.(result)
    held += 1
  })

  test('there are enough of them, and no two of one name', () => {
    expect(new Set(spawnedCases.map(one => one.name)).size).toBe(spawnedCases.length)
    expect(spawnedCases.length).toBeGreaterThanOrEqual(40)
  })
})
