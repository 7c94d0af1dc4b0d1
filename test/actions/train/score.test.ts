import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compareChampion } from '../../../src/actions/compare-champion/handler.ts'
import { evaluateGate } from '../../../src/actions/evaluate-gate/handler.ts'
import { fetchVersion } from '../../../src/actions/model-files.ts'
import { register } from '../../../src/actions/register/handler.ts'
import { train } from '../../../src/actions/train/handler.ts'
import { userCommand } from '../../../src/adapters/process/user-command.ts'
import { parseConfiguration } from '../../../src/core/configuration/parse.ts'
import type { ModelConfiguration } from '../../../src/core/configuration/schema.ts'
import { runRecord } from '../../../src/core/lineage/run.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { checkProcess } from '../check-process.ts'
import { noArtifacts, sha256 } from '../fixtures.ts'
import { type Bench, benchIn, predictionsOf } from '../judging.ts'

// The "model" is a file with the predictions it would make on the rows of the holdout file, one column of them per holdout size.
const configuration = `models:
  churn:
    task: binary
    train: { command: bash train.sh, output: model.csv }
    predictions: { file: out.csv, threshold: 0.5, score: bash score.sh }
    primary: roc_auc
    gates: { roc_auc: { min: 0.60, max_drop: 0.02 } }
`
const trainScript = 'cp made.csv model.csv; head -n $(cat rows) made.csv > out.csv'
const scoreScript = 'echo "scoring $REFLINE_MODEL"; head -n $(cat rows) "$REFLINE_MODEL" > "$REFLINE_PREDICTIONS"'
const request = { model: undefined, config: 'refline.yml', run: undefined, comment: 'off' } as const

const trainOn = async (bench: Bench, rows: number, skill: number, score = scoreScript, text = configuration) => {
  const { workspace } = bench.ports.context
  await mkdir(workspace, { recursive: true })
  const files = { 'train.sh': trainScript, 'score.sh': score, rows: String(rows + 1), 'made.csv': predictionsOf(1400, skill) }
  for (const [path, text] of Object.entries(files)) await writeFile(join(workspace, path), text)
  for (const path of ['model.csv', 'out.csv']) await rm(join(workspace, path), { force: true })
  const model = parseConfiguration(text, 'refline.yml').models.churn as ModelConfiguration
  const outcome = await train(
    { name: 'churn', model, command: undefined, passEnv: [], jobIndex: null },
    {
      ...bench.ports,
      command: userCommand({ PATH: process.env.PATH }),
      clock: { now: () => 0, sleep: () => Promise.resolve() },
      artifacts: noArtifacts,
      fetchModel: (version, folder) => fetchVersion(bench.ports.store, version, folder, 'model.csv'),
      codeDigest: () => Promise.resolve(sha256(`code ${skill}`)),
      checks: checkProcess,
      environment: {},
    },
  )
  return runRecord.parse(JSON.parse(await readFile(outcome.outputs.result, 'utf8')))
}

describe('the saved model', () => {
  it('reproduces what the script wrote', async () => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration)
    expect(await trainOn(bench, 1200, 0.35)).toMatchObject({ reproduced: true, champion: null })
    expect((await evaluateGate(request, bench.ports)).outputs.verdict).toBe('pass')
  })
  it.each([
    [
      'gives other scores',
      'sed "s/,0\\./,0.9/" "$REFLINE_MODEL" | head -n $(cat rows) > "$REFLINE_PREDICTIONS"',
      /does not reproduce its predictions: \d+ of 1200/,
    ],
    ['gives fewer rows', 'head -n 100 "$REFLINE_MODEL" > "$REFLINE_PREDICTIONS"', /scores 99 rows, the training script wrote 1200/],
    ['cannot be scored', 'echo "no module named sklearn"; exit 1', /exit code 1: no module named sklearn/],
    ['writes nothing', 'true', /could not be scored/],
  ])('that %s never passes, whatever the script wrote', async (_what, score, words) => {
    await using folder = await temporaryFolder()
    const bench = await benchIn(folder.path, configuration)
    const record = await trainOn(bench, 1200, 0.35, score)
    expect(record.reproduced).toBe(false)
    expect(record.reproduction).toMatch(words)
    const { outputs, failure } = await evaluateGate(request, bench.ports)
    expect(outputs.verdict).toBe('fail')
    expect(failure).toMatch(words)
  })
})

describe('the champion on a holdout of today', () => {
  const champion = async (folder: string, text = configuration): Promise<Bench> => {
    const bench = await benchIn(folder, text)
    await trainOn(bench, 1200, 0.35, scoreScript, text)
    expect((await register({ ...request, when: 'promote', alias: undefined, allowRef: undefined }, bench.ports)).outputs.version).toBe(1)
    return bench.nextJob('200')
  }
  it('is not scored where its stored predictions serve', async () => {
    await using folder = await temporaryFolder()
    const bench = await champion(folder.path)
    expect((await trainOn(bench, 1200, 0.45)).champion).toBeNull()
    expect((await compareChampion(request, bench.ports)).outputs).toMatchObject({ champion: 1, decision: 'promote' })
  })
  it('is not scored where the rules ask not to pair, since any rows of it serve', async () => {
    await using folder = await temporaryFolder()
    const unpaired = configuration.replace('threshold: 0.5', 'threshold: 0.5, paired: false')
    const bench = await champion(folder.path, unpaired)
    expect((await trainOn(bench, 1300, 0.45, scoreScript, unpaired)).champion).toBeNull()
    expect((await compareChampion(request, bench.ports)).outputs).toMatchObject({ champion: 1, decision: 'promote' })
  })
  it('is fetched and scored where the holdout has changed, and compared row by row', async () => {
    await using folder = await temporaryFolder()
    const bench = await champion(folder.path)
    expect((await trainOn(bench, 1300, 0.45)).champion).toMatchObject({ version: 1, predictions: { path: 'champion-predictions.csv' } })
    const { outputs } = await compareChampion(request, bench.ports)
    expect(outputs).toMatchObject({ champion: 1, decision: 'promote' })
    expect(outputs.differences.roc_auc?.low).toBeGreaterThan(0)
  })
  it('that today’s score cannot read is unreachable, which never passes', async () => {
    await using folder = await temporaryFolder()
    const bench = await champion(folder.path)
    const score = `case $REFLINE_MODEL in *champion*) echo old format; exit 9 ;; esac; ${scoreScript}`
    const record = await trainOn(bench, 1300, 0.45, score)
    expect(record).toMatchObject({ reproduced: true, champion: null })
    expect(bench.log.join('\n')).toMatch(/warning: champion v1 could not be scored.*exit code 9: old format/)
    const { outputs, failure } = await evaluateGate(request, bench.ports)
    expect(outputs.verdict).toBe('inconclusive')
    expect(failure).toMatch(/v1.*holdout/s)
  })
})
