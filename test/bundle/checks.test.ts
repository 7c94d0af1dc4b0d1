import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from '../../scripts/actions.ts'
import { runRecord } from '../../src/core/lineage/run.ts'
import { startScenario } from '../support/scenario.ts'
import { configurationFile } from '../support/scenario-files.ts'

const fraud = readFileSync(join(root, 'test/fixtures/checks/fraud.ts'), 'utf8')
const configuration = configurationFile(null).replace(
  '    gates:\n',
  '    checks: checks/fraud.ts\n    slices: { region: { recall: { min: 0.1 } } }\n    gates:\n',
)

/** Trains in a scenario whose refline.yml names this module. `environment` is the file of that name, where the module wrote one. */
const trainedWith = async (module: string) => {
  await using scenario = await startScenario({ files: { 'refline.yml': configuration, 'checks/fraud.ts': module } })
  const request = { repository: 'acme/churn', runId: 1, job: 'measure' }
  const job = await scenario.job(request)
  const step = await job.step('train')
  expect(step, step.stdout + step.stderr).toMatchObject({ exitCode: 0, errors: [] })
  const record = runRecord.parse(JSON.parse(await readFile(step.outputs.result ?? '', 'utf8')))
  const environment = await readFile(join(job.workspace, 'environment.json'), 'utf8').catch(() => '')
  return { record, step, environment, tokens: [scenario.github.token, scenario.github.runtimeToken(request)] }
}

describe("users' own checks in the bundle", () => {
  test('a module in TypeScript gets a data frame, and what it gives is in the record of the run', async () => {
    const { record, step } = await trainedWith(fraud)
    expect(record.checks).toMatchObject({ metrics: { score_excess: expect.any(Number) }, problem: null })
    expect(step.stdout + step.stderr).not.toMatch(/Warning|TensorFlow/)
  }, 60_000)
  test('a module finds no token, and what it prints is no workflow command', async () => {
    const greedy = `import { writeFileSync } from 'node:fs'
export default () => {
  writeFileSync('environment.json', JSON.stringify(process.env))
  console.log('::set-output name=run::forged')
  return {}
}`
    const { record, step, environment, tokens } = await trainedWith(greedy)
    expect(record.checks).toEqual({ metrics: {}, findings: [], problem: null })
    expect(JSON.parse(environment)).toMatchObject({ PATH: expect.any(String) })
    expect(environment).not.toMatch(/"(INPUT_|ACTIONS_|GITHUB_(TOKEN|OUTPUT|ENV|PATH|STATE|STEP_SUMMARY)")/)
    for (const token of tokens) expect(environment).not.toContain(token)
    expect(step.outputs.run).toBe(record.run)
  }, 60_000)
  test('a module that throws leaves a problem, and the training is kept', async () => {
    const { record, step } = await trainedWith("export default () => {\n  throw new Error('no such column')\n}\n")
    expect(record.checks).toEqual({ metrics: {}, findings: [], problem: 'checks/fraud.ts threw: no such column (checks/fraud.ts:2)' })
    expect(step.stdout + step.stderr).not.toMatch(/index\.js:\d+/)
  }, 60_000)
})

describe('the chunks of dist', () => {
  const dist = join(root, 'dist')
  const chunks = new Map(
    readdirSync(dist)
      .filter(name => name.endsWith('index.js'))
      .map(name => [name, readFileSync(join(dist, name), 'utf8')]),
  )
  const holding = (word: string): string[] => [...chunks].filter(([, code]) => code.includes(word)).map(([name]) => name)
  /** Ids of the chunks that a piece of code loads. */
  const loads = (code: string): string[] => [...code.matchAll(/\.e\((\d+)\)/g)].map(([, id]) => `${id}.index.js`)

  test('TensorFlow is in chunks that only the process of the checks loads', () => {
    const tensorflow = holding('tensorflow')
    expect(tensorflow.length).toBeGreaterThan(0)
    expect(tensorflow).not.toContain('index.js')
    const loaders = [...chunks].filter(([, code]) => tensorflow.some(name => loads(code).includes(name))).map(([name]) => name)
    expect(loaders).toHaveLength(1)
    expect(chunks.get(loaders[0] ?? '')).toContain('was not called: there are no predictions')
    // Once in all of dist: by the entry of that process.
    expect([...chunks].flatMap(([name, code]) => loads(code).flatMap(id => (id === loaders[0] ? [name] : [])))).toEqual(['index.js'])
    expect(/check=async\(\)=>.*?\.check\(\)/.exec(chunks.get('index.js') ?? '')?.[0]).toContain(
      `.e(${Number.parseInt(loaders[0] ?? '', 10)})`,
    )
  })
  test('the client of the cache is loaded by the code of train and by nothing else', () => {
    const client = holding('CreateCacheEntry')
    expect(client).toHaveLength(1)
    const loaders = [...chunks].filter(([, code]) => client.some(name => loads(code).includes(name))).map(([name]) => name)
    expect(loaders).toHaveLength(1)
    expect(chunks.get(loaders[0] ?? '')).toContain('champion-cache')
  })
  test('all of dist is at most 12 MB', () => {
    const bytes = readdirSync(dist).reduce((sum, name) => sum + readFileSync(join(dist, name)).length, 0)
    expect(bytes).toBeLessThan(12e6)
  })
})
