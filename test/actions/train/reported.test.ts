import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { train } from '../../../src/actions/train/handler.ts'
import { parseConfiguration } from '../../../src/core/configuration/parse.ts'
import type { ModelConfiguration } from '../../../src/core/configuration/schema.ts'
import { runRecord } from '../../../src/core/lineage/run.ts'
import type { UserCommand } from '../../../src/ports/user-command.ts'
import { memoryLedger } from '../../support/memory-ledger.ts'
import { mlflowDatabase, type RunToStore } from '../../support/mlflow.ts'
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary.ts'
import { checkProcess } from '../check-process.ts'
import { contextOf, foldersIn, noArtifacts, rememberedLog } from '../fixtures.ts'

type Files = Readonly<Record<string, string>>

const started = 1_000_000
const ended = 2_000_000

const write = async (folder: string, files: Files): Promise<void> => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}

const modelOf = (more = '', output = 'model.bin', gates = '{ auc: { min: 0.5 } }'): ModelConfiguration => {
  const text = `models:
  churn:
    task: binary
    train: { command: make, output: ${output}${more} }
    primary: auc
    gates: ${gates}
`
  return parseConfiguration(text, 'refline.yml').models.churn as ModelConfiguration
}

/** Trains with a command that writes these files and does what else is asked. */
const trained = async (
  folder: TemporaryFolder,
  files: Files,
  change: { before?: Files; model?: ModelConfiguration; also?: (workspace: string) => unknown } = {},
) => {
  const context = contextOf(folder.path)
  await write(context.workspace, change.before ?? {})
  await mkdir(context.workspace, { recursive: true })
  const command: UserCommand = {
    run: async () => {
      await write(context.workspace, { 'model.bin': 'model', ...files })
      await change.also?.(context.workspace)
      return { exitCode: 0, seconds: 1, stdout: '', lastLines: [] }
    },
  }
  const times = [started, ended]
  const log = rememberedLog()
  const outcome = await train(
    { name: 'churn', model: change.model ?? modelOf(), command: undefined, passEnv: [], jobIndex: null },
    {
      context,
      command,
      log,
      clock: { now: () => times.shift() ?? ended, sleep: () => Promise.resolve() },
      runs: foldersIn(context.temp),
      artifacts: noArtifacts,
      ledger: memoryLedger(),
      fetchModel: () => Promise.reject(new Error('there is no champion to fetch')),
      codeDigest: () => Promise.resolve(null),
      checks: checkProcess,
      environment: {},
      failpoint: () => {},
    },
  )
  const record = runRecord.parse(JSON.parse(await readFile(outcome.outputs.result, 'utf8')))
  return { record, lines: log.lines, kept: join(dirname(outcome.outputs.result), 'files') }
}

const refused = async (...given: Parameters<typeof trained> extends [unknown, ...infer Rest] ? Rest : never): Promise<string> => {
  await using folder = await temporaryFolder()
  const error = await trained(folder, ...given).then(
    () => new Error('it was taken'),
    thrown => thrown as Error,
  )
  expect(error.name).toBe('UserError')
  return error.message
}

const database = (runs: readonly RunToStore[]) => (workspace: string) => mlflowDatabase(join(workspace, 'mlflow.db'), runs)
const run = (metrics: NonNullable<RunToStore['metrics']>, change: Partial<RunToStore> = {}): RunToStore => ({
  id: 'r1',
  start: started + 1,
  metrics,
  ...change,
})
const storeRun = (path: string, auc: string): Files => ({
  [`${path}/meta.yaml`]: `start_time: ${started + 5}\nend_time: ${started + 6}\nstatus: 3\nlifecycle_stage: active\nrun_name: r\n`,
  [`${path}/metrics/auc`]: `1 ${auc} 0\n`,
})

describe('metrics are found where libraries write them', () => {
  const live = '{"auc": 0.91, "val": {"loss": NaN}, "step": 3}'
  const state = '{"log_history": [{"eval_auc": 0.5, "step": 1}, {"eval_auc": 0.9, "step": 2}]}'
  const cases: [string, Files, Record<string, unknown>, string][] = [
    ['DVCLive', { 'dvclive/metrics.json': live }, { auc: 0.91, 'val/loss': 'NaN' }, 'dvclive/metrics.json'],
    ['dvc.yaml, JSON', { 'dvc.yaml': 'metrics: [out/m.json]', 'out/m.json': '{"auc": 0.9}' }, { auc: 0.9 }, 'out/m.json'],
    ['dvc.yaml, YAML without an ending', { 'dvc.yaml': 'metrics: [m]', m: 'auc: .inf' }, { auc: 'Infinity' }, 'm'],
    ['dvc.yaml, a folder', { 'dvc.yaml': 'metrics: [all]', 'all/a/m.toml': 'auc = nan', 'all/x.txt': '?' }, { auc: 'NaN' }, 'all/a/m.toml'],
    ['transformers, results', { 'eval_results.json': '{"eval_auc": 0.9, "epoch": 1}' }, { eval_auc: 0.9 }, 'eval_results.json'],
    ['transformers, state', { 'trainer_state.json': state }, { eval_auc: 0.9 }, 'trainer_state.json'],
    [
      'transformers, newest checkpoint only',
      { 'checkpoint-10/trainer_state.json': state, 'checkpoint-9/trainer_state.json': '{"log_history": [{"eval_old": 1}]}' },
      { eval_auc: 0.9 },
      'checkpoint-10/trainer_state.json',
    ],
    ['metrics.yaml', { 'metrics.yaml': 'auc: 0.9' }, { auc: 0.9 }, 'metrics.yaml'],
    ['metrics.toml', { 'metrics.toml': '[test]\nauc = 9e-1\n' }, { 'test/auc': 0.9 }, 'metrics.toml'],
    ['mlruns', storeRun('mlruns/0/r1', '0.9'), { auc: 0.9 }, 'mlruns'],
  ]
  it.each(cases)('%s', async (_what, files, reported, file) => {
    await using folder = await temporaryFolder()
    const { record, kept } = await trained(folder, files)
    expect(record.reported).toEqual(reported)
    expect(new Set(Object.values(record.reported_from ?? {}))).toEqual(new Set([file]))
    expect(record.metrics_file?.path).toMatch(/^metrics/)
    if (Object.hasOwn(files, file) && !file.endsWith('state.json'))
      expect(await readFile(join(kept, record.metrics_file?.path ?? ''), 'utf8')).toBe(files[file])
  })
  it('mlflow.db', async () => {
    await using folder = await temporaryFolder()
    const { record, lines, kept } = await trained(folder, {}, { also: database([run({ auc: 0.9, loss: 'NaN' })]) })
    expect(record.reported).toEqual({ auc: 0.9, loss: 'NaN' })
    expect(record.reported_from).toEqual({ auc: 'mlflow.db', loss: 'mlflow.db' })
    expect(lines).toContain('mlflow.db: the metrics are those of the run r1')
    expect(await readFile(join(kept, 'metrics.json'), 'utf8')).toBe('{"auc":0.9,"loss":"NaN"}\n')
  })
  it('dvc.yaml, links into the cache of DVC in a folder, but to no other folder', async () => {
    await using folder = await temporaryFolder()
    const also = async (workspace: string) => {
      await mkdir(join(workspace, 'eval'))
      await symlink(join(workspace, '.dvc/cache/a0'), join(workspace, 'eval/test.json'))
      await symlink(join(workspace, '.dvc/cache'), join(workspace, 'eval/more'))
    }
    const files = { 'dvc.yaml': 'metrics: [eval]', '.dvc/cache/a0': '{"auc": 0.9}', '.dvc/cache/b1.json': '{"f1": 0.9}' }
    const { record, kept } = await trained(folder, files, { also })
    expect(record.reported).toEqual({ auc: 0.9 })
    expect(await readFile(join(kept, 'metrics.json'), 'utf8')).toBe('{"auc": 0.9}')
  })
  it('next to the model', async () => {
    await using folder = await temporaryFolder()
    const model = modelOf('', 'out/final')
    const { record } = await trained(folder, { 'out/final/w': 'x', 'out/all_results.json': '{"eval_auc": 0.9}' }, { model })
    expect(record.reported_from).toEqual({ eval_auc: 'out/all_results.json' })
  })
})

describe('each number comes from the place that counts most', () => {
  it('and the others fill in what it lacks', async () => {
    await using folder = await temporaryFolder()
    const { record, lines } = await trained(
      folder,
      {
        'named.json': '{"auc": 0.1}',
        'dvclive/metrics.json': '{"auc": 0.2, "a": 0.2}',
        'eval_results.json': '{"eval_x": 1, "a": 0.3, "b": 0.3}',
        ...storeRun('mlruns/0/r9', '0.5'),
        'mlruns/0/r9/metrics/d': '1 0.5 0',
        'metrics.json': '{"auc": 0.6, "d": 0.6, "e": 0.6}',
      },
      { model: modelOf(', metrics: named.json'), also: database([run({ auc: 0.4, b: 0.4, c: 0.4 })]) },
    )
    expect(record.reported).toEqual({ auc: 0.1, a: 0.2, eval_x: 1, b: 0.3, c: 0.4, d: 0.5, e: 0.6 })
    expect(record.reported_from).toEqual({
      auc: 'named.json',
      a: 'dvclive/metrics.json',
      eval_x: 'eval_results.json',
      b: 'eval_results.json',
      c: 'mlflow.db',
      d: 'mlruns',
      e: 'metrics.json',
    })
    expect(lines).toContain('metrics.json holds other values of auc than named.json: those of named.json count')
  })
  it('and a file that cannot be read lets none after it stand in', async () => {
    const message = await refused({ 'dvclive/metrics.json': '{"auc": NaN', 'metrics.json': '{"auc": 0.99}' })
    expect(message).toMatch(/left nothing to judge.*dvclive\/metrics.json is not JSON/)
  })
  it('nor one of the same standing before it', async () => {
    await using folder = await temporaryFolder()
    const { record } = await trained(
      folder,
      { 'named.json': '{"f1": 1}', 'dvc.yaml': 'metrics: [a.json, b.json]', 'a.json': '{"auc": 0.99}', 'b.json': '{"auc": NaN' },
      { model: modelOf(', metrics: named.json') },
    )
    expect(record.reported).toEqual({ f1: 1 })
  })
  it('nor where two runs of MLflow ended at once', async () => {
    await using folder = await temporaryFolder()
    const both = database([run({ auc: 0.9 }, { end: 1_500_000 }), run({ auc: 0.1 }, { id: 'r2', end: 1_500_000 })])
    const { record, lines } = await trained(
      folder,
      { 'metrics.json': '{"auc": 0.99}', 'named.json': '{"f1": 1}' },
      { model: modelOf(', metrics: named.json'), also: both },
    )
    expect(record.reported).toEqual({ f1: 1 })
    expect(lines.join('\n')).toMatch(/warning: metrics are left out.*nobody can tell which one counts: r1, r2/)
  })
  it('but what counts more than the unreadable one is taken', async () => {
    await using folder = await temporaryFolder()
    const { record, lines } = await trained(folder, {
      'dvclive/metrics.json': '{"f1": 0.7}',
      'mlflow.db': 'no database',
      'metrics.json': '{"auc": 0.99}',
    })
    expect(record.reported).toEqual({ f1: 0.7 })
    expect(lines.join('\n')).toMatch(/warning: metrics are left out.*mlflow.db cannot be read as an MLflow database/)
  })
  it('and two of the same standing that disagree give none', async () => {
    await using folder = await temporaryFolder()
    const { record, lines } = await trained(folder, {
      'dvc.yaml': 'stages: { a: { metrics: [train.json] }, b: { metrics: [test.json] } }',
      'train.json': '{"auc": 0.99, "rows": 10}',
      'test.json': '{"auc": 0.7, "rows": 10}',
      'metrics.json': '{"auc": 0.98}',
    })
    expect(record.reported).toEqual({ rows: 10 })
    expect(lines.join('\n')).toMatch(/warning: train.json and test.json hold different values of auc/)
  })
  it('and what a gate names as its source is from there or missing', async () => {
    await using folder = await temporaryFolder()
    const model = modelOf(
      '',
      'model.bin',
      '{ auc: { min: 0.5, source: metrics.json }, p95: { max: 9, source: bench/speed.json }, own: { min: 0, source: checks } }',
    )
    const { record, lines } = await trained(
      folder,
      { 'dvclive/metrics.json': '{"auc": 0.2, "p95": 1}', 'metrics.json': '{"auc": 0.6}' },
      { model },
    )
    expect(record.reported).toEqual({ auc: 0.6 })
    expect(record.reported_from).toEqual({ auc: 'metrics.json' })
    expect(lines.filter(line => line.startsWith('warning'))).toEqual([
      expect.stringMatching(/^warning: p95 will be missing, because a gate takes it from bench\/speed.json/),
    ])
  })
})

describe('only what this training wrote is taken', () => {
  it('no file of an earlier one', async () => {
    await using folder = await temporaryFolder()
    const old = {
      'dvclive/metrics.json': '{"auc": 0.99}',
      'trainer_state.json': '{"log_history": [{"eval_auc": 1}]}',
      'metrics.yaml': 'f1: 1',
    }
    const { record } = await trained(folder, { 'metrics.json': '{"auc": 0.6}' }, { before: old })
    expect(record.reported).toEqual({ auc: 0.6 })
  })
  it('no run of an earlier one, in a store that has grown', async () => {
    await using folder = await temporaryFolder()
    const { record } = await trained(
      folder,
      {
        'metrics.json': '{"loss": 1}',
        'mlruns/0/old/meta.yaml': `start_time: 5\nend_time: 6\nstatus: 3\nlifecycle_stage: active\n`,
        'mlruns/0/old/metrics/f1': '1 1 1',
      },
      { also: database([run({ auc: 0.99 }, { start: started - 1 })]) },
    )
    expect(record.reported).toEqual({ loss: 1 })
  })
  it('no results that are added to those of an earlier one', async () => {
    await using folder = await temporaryFolder()
    const { record, lines } = await trained(
      folder,
      { 'all_results.json': '{"eval_auc": 0.99, "train_loss": 1}', 'train_results.json': '{"train_loss": 1}' },
      { before: { 'all_results.json': '{"eval_auc": 0.99}' } },
    )
    expect(record.reported).toEqual({ train_loss: 1 })
    expect(lines.join('\n')).toMatch(/all_results.json was there before the training/)
  })
  it("nothing that is merely called like a library's", async () => {
    await using folder = await temporaryFolder()
    const { record, lines } = await trained(folder, {
      'search_results.json': 'not even JSON',
      'eval_results.json': '{"auc": 0.99}',
      'metrics.json': '{"auc": 0.6}',
    })
    expect(record.reported).toEqual({ auc: 0.6 })
    expect(lines.filter(line => line.startsWith('warning'))).toEqual([])
  })
  it('nothing from behind a symbolic link out of the checkout', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.join('secret.json'), '{"auc": 0.99}')
    const also = async (workspace: string) => {
      await mkdir(join(workspace, 'dvclive'))
      await symlink(folder.join('secret.json'), join(workspace, 'dvclive/metrics.json'))
    }
    await expect(trained(folder, { 'metrics.json': '{"auc": 0.6}' }, { also })).rejects.toThrow(
      /leads out of the checkout by a symbolic link/,
    )
  })
})

describe('what train.metrics names', () => {
  const named = (path: string) => ({ model: modelOf(`, metrics: ${path}`) })
  const cases: [string, string, Files, Record<string, unknown>][] = [
    ['a TOML file', 'out/m.toml', { 'out/m.toml': 'auc = -inf\nbig = 9223372036854775807' }, { auc: '-Infinity', big: 2 ** 63 }],
    ['a folder of DVCLive', 'live', { 'live/metrics.json': '{"auc": 0.9, "step": 1}' }, { auc: 0.9 }],
    ['a folder of transformers', 'out', { 'out/eval_results.json': '{"eval_a": 1}', 'out/x.json': '{"auc": 1}' }, { eval_a: 1 }],
    ['a folder of files', 'out', { 'out/a.json': '{"a": 1}', 'out/b.yml': 'b: 2', 'out/c.txt': '?' }, { a: 1, b: 2 }],
    ['a store', 'tracking', { 'tracking/0/meta.yaml': 'name: e', ...storeRun('tracking/0/r', '0.9') }, { auc: 0.9 }],
    ['a state', 's/trainer_state.json', { 's/trainer_state.json': '{"log_history": [{"eval_a": 1}]}' }, { eval_a: 1 }],
  ]
  it.each(cases)('may be %s', async (_what, path, files, reported) => {
    await using folder = await temporaryFolder()
    expect((await trained(folder, files, named(path))).record.reported).toEqual(reported)
  })
  it('may be a database', async () => {
    await using folder = await temporaryFolder()
    const { record } = await trained(folder, {}, { ...named('mlflow.db'), also: database([run({ auc: 0.9 })]) })
    expect(record.reported_from).toEqual({ auc: 'mlflow.db' })
  })
  it('must be there, be new, be readable and hold a run', async () => {
    expect(await refused({}, named('m.json'))).toMatch(/did not write m.json \(train.metrics\)/)
    expect(await refused({}, { ...named('m.json'), before: { 'm.json': '{"auc": 1}' } })).toMatch(/is the file that was there before/)
    expect(await refused({ 'm.json': '[' }, named('m.json'))).toMatch(/m.json is not JSON/)
    expect(await refused({ 'empty/x.txt': '' }, named('empty'))).toMatch(/holds no metrics/)
    const failed = database([run({ auc: 0.9 }, { status: 'FAILED' })])
    expect(await refused({}, { ...named('mlflow.db'), also: failed })).toMatch(/no run that was started by this training/)
  })
  it('and a metrics.json may not be broken, nor may there be nothing at all', async () => {
    expect(await refused({ 'metrics.json': '{' })).toMatch(/metrics.json is not JSON/)
    expect(await refused({})).toMatch(/nothing to judge/)
    expect(await refused({}, { before: { 'metrics.json': '{"auc": 1}' } })).toMatch(/metrics.json is the file that was there before/)
  })
})

describe('real files of the libraries', () => {
  it('are read together', async () => {
    await using folder = await temporaryFolder()
    const fixtures = join(import.meta.dirname, '../../fixtures/reported')
    const also = async (workspace: string) => {
      await mkdir(join(workspace, 'dvclive'))
      await cp(join(fixtures, 'dvc.yaml'), join(workspace, 'dvc.yaml'))
      await cp(join(fixtures, 'dvclive-3.49.1.json'), join(workspace, 'dvclive/metrics.json'))
      await cp(join(fixtures, 'trainer_state-5.23.0.json'), join(workspace, 'checkpoint-20/trainer_state.json'))
    }
    const { record } = await trained(folder, {}, { also })
    expect(record.reported).toEqual({
      roc_auc: 0.9,
      'val/loss': 0.3,
      broken: 'NaN',
      best: 'Infinity',
      eval_accuracy: 0.6000000238418579,
      eval_loss: 'NaN',
      eval_runtime: 0.3,
    })
  })
})
