import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { evaluateGate } from '../../../src/actions/evaluate-gate/handler.ts'
import { train } from '../../../src/actions/train/handler.ts'
import { assessment } from '../../../src/core/comparison/assessment.ts'
import { parseConfiguration } from '../../../src/core/configuration/parse.ts'
import type { ModelConfiguration } from '../../../src/core/configuration/schema.ts'
import { mlflowDatabase } from '../../support/mlflow.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { checkProcess } from '../check-process.ts'
import { noArtifacts } from '../fixtures.ts'
import { benchIn } from '../judging.ts'

const configurationOf = (gate: string): string => `models:
  churn:
    task: binary
    train: { command: make, output: model.bin }
    primary: auc
    gates: { auc: ${gate} }
`

/** Trains with a command that writes the model and what `report` writes, and judges the run without any predictions. */
const judgedWith = async (gate: string, report: (workspace: string) => unknown) => {
  await using folder = await temporaryFolder()
  const configuration = configurationOf(gate)
  const bench = await benchIn(folder.path, configuration)
  const { workspace } = bench.ports.context
  const times = [1000, 2000]
  await train(
    {
      name: 'churn',
      model: parseConfiguration(configuration, 'refline.yml').models.churn as ModelConfiguration,
      command: undefined,
      passEnv: [],
      jobIndex: null,
    },
    {
      ...bench.ports,
      command: {
        run: async () => {
          await writeFile(join(workspace, 'model.bin'), 'model')
          await report(workspace)
          return { exitCode: 0, seconds: 1, stdout: '', lastLines: [] }
        },
      },
      clock: { now: () => times.shift() ?? 2000, sleep: () => Promise.resolve() },
      artifacts: noArtifacts,
      fetchModel: () => Promise.reject(new Error('there is no champion to fetch')),
      codeDigest: () => Promise.resolve(null),
      environment: {},
      checks: checkProcess,
    },
  )
  const { outputs } = await evaluateGate({ model: undefined, config: 'refline.yml', run: undefined, comment: 'off' } as const, bench.ports)
  const result = assessment.parse(JSON.parse(await readFile(outputs.result, 'utf8')))
  return {
    verdict: result.verdict,
    because: result.because.join('\n'),
    notes: result.notes.join('\n'),
    row: result.rows.find(row => row.metric === 'auc'),
  }
}

const tracked =
  (auc: number | 'NaN', start = 1500) =>
  (workspace: string) =>
    mlflowDatabase(join(workspace, 'mlflow.db'), [{ id: 'r', start, metrics: { auc } }])

describe('what a library reported, with no predictions', () => {
  it('is judged as a point without an interval', async () => {
    const { verdict, row, notes } = await judgedWith('{ min: 0.5, direction: higher }', tracked(0.9))
    expect(verdict).toBe('pass')
    expect(row?.challenger).toMatchObject({ value: 0.9, low: null, high: null })
    expect(row?.rules).toContainEqual(expect.objectContaining({ kind: 'min', verdict: 'pass', basis: 'point' }))
    expect(notes).toMatch(/auc is the training script's own word.*point/)
  })
  it.each([
    ['below the bound', '{ min: 0.5, direction: higher }', tracked(0.4), /0.4000 is below 0.5/],
    ['a NaN', '{ min: 0.5, direction: higher }', tracked('NaN'), /reports auc as NaN/],
    ['an infinity', '{ max: 0.5, min: 0, direction: lower }', tracked(-Number.MAX_VALUE), /reports auc as -Infinity/],
  ])('never passes where it is %s', async (_what, gate, report, words) => {
    const { verdict, because } = await judgedWith(gate, report)
    expect(verdict).toBe('fail')
    expect(because).toMatch(words)
  })
  it('never passes where it is not of this training', async () => {
    const { verdict, because } = await judgedWith('{ min: 0.5, direction: higher }', async workspace => {
      tracked(0.9, 999)(workspace)
      await writeFile(join(workspace, 'metrics.json'), '{"loss": 0.1}')
    })
    expect(verdict).toBe('fail')
    expect(because).toMatch(/auc.*missing/)
  })
})
