import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { runRecord } from '../../src/core/lineage/run.ts'
import { type Job, startScenario } from '../support/scenario.ts'
import { configurationFile, trainScript } from '../support/scenario-files.ts'

/** The model is the table of its own scores, which \`score\` gives for as many rows as today's holdout has. */
const training = trainScript
  .replace('id < 400', "id < Number(readFileSync('rows', 'utf8'))")
  .replace("writeFileSync('model.json', JSON.stringify({ separation }) + '\\n')", "writeFileSync('model.json', rows.join('\\n') + '\\n')")
const scoring = `import { readFileSync, writeFileSync } from 'node:fs'
const rows = Number(readFileSync('rows', 'utf8'))
const table = readFileSync(process.env.REFLINE_MODEL, 'utf8').split('\\n')
writeFileSync(process.env.REFLINE_PREDICTIONS, table.slice(0, rows + 1).join('\\n') + '\\n')
`
const files = {
  'refline.yml': configurationFile(null).replace('      threshold: 0.5\n', '      threshold: 0.5\n      score: [node, score.mjs]\n'),
  'train.mjs': training,
  'score.mjs': scoring,
  rows: '400',
}

const trained = async (job: Job) => {
  const step = await job.step('train', {}, { env: { ACTIONS_CACHE_SERVICE_V2: 'True' } })
  expect(step, step.stdout + step.stderr).toMatchObject({ exitCode: 0, errors: [] })
  return { step, record: runRecord.parse(JSON.parse(await readFile(step.outputs.result ?? '', 'utf8'))) }
}

test("the champion's files are fetched from its release once, then come from the cache, and a broken entry is fetched again", async () => {
  await using scenario = await startScenario({ files })
  const { github } = scenario
  const first = await scenario.job({ runId: 1 })
  for (const action of ['train', 'compare-champion', 'evaluate-gate', 'register']) {
    const step = await first.step(action)
    expect(step, step.stdout + step.stderr).toMatchObject({ exitCode: 0 })
  }
  await scenario.repository.commit({ rows: '300' }, { message: 'Another holdout' })
  const job = await scenario.job({ runId: 2, job: 'measure' })
  const downloads = () => github.requests.filter(({ method, path }) => method === 'GET' && /\/releases\/assets\/\d+$/.test(path)).length

  const fetched = await trained(job)
  expect(fetched.record.champion, fetched.step.stdout).toMatchObject({ version: 1 })
  const before = downloads()
  expect(before).toBeGreaterThan(0)

  const cached = await trained(job)
  expect(cached.step.stdout).toContain('come from the cache and have the digests of the ledger')
  expect(downloads()).toBe(before)
  expect(cached.record.champion).toEqual(fetched.record.champion)

  github.fault({ path: '^/caches/', kind: 'corrupt', times: 99 })
  const broken = await trained(job)
  expect(broken.step.stdout).not.toContain('come from the cache')
  expect(downloads()).toBe(2 * before)
  expect(broken.record.champion).toEqual(fetched.record.champion)
}, 120_000)
