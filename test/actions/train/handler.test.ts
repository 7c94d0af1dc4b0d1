import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type TrainPorts, type TrainRequest, train } from '../../../src/actions/train/handler.ts'
import { userCommand } from '../../../src/adapters/process/user-command.ts'
import { parseConfiguration } from '../../../src/core/configuration/parse.ts'
import type { ModelConfiguration } from '../../../src/core/configuration/schema.ts'
import { runRecord } from '../../../src/core/lineage/run.ts'
import { memoryLedger } from '../../support/memory-ledger.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { checkProcess } from '../check-process.ts'
import { contextOf, foldersIn, noArtifacts, rememberedLog, sha256 } from '../fixtures.ts'

const predictions = 'id,label,score\n1,1,0.9\n2,0,0.2\n3,1,0.7\n4,0,0.1\n'
const script = `printf model > model.bin
printf '${predictions.replaceAll('\n', '\\n')}' > predictions.csv
echo '{"roc_auc": 0.93, "loss": NaN}' > metrics.json`

const modelOf = (train: string, more = ''): ModelConfiguration => {
  const text = `models:
  churn:
    task: binary
    train: ${train}
    predictions: { file: predictions.csv${more} }
    primary: roc_auc
    gates: { roc_auc: { min: 0.5 } }
`
  return parseConfiguration(text, 'refline.yml').models.churn as ModelConfiguration
}

const trained = async (
  folder: string,
  files: Readonly<Record<string, string>>,
  model: ModelConfiguration,
  change: { ports?: Partial<TrainPorts>; request?: Partial<TrainRequest>; environment?: Record<string, string> } = {},
) => {
  const context = contextOf(folder)
  await mkdir(context.workspace, { recursive: true })
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(context.workspace, path, '..'), { recursive: true })
    await writeFile(join(context.workspace, path), text)
  }
  const log = rememberedLog()
  const ports: TrainPorts = {
    context,
    command: userCommand({ PATH: process.env.PATH, ...change.environment }),
    log,
    clock: { now: () => Date.UTC(2026, 10, 20, 12), sleep: () => Promise.resolve() },
    runs: foldersIn(context.temp),
    artifacts: noArtifacts,
    ledger: memoryLedger(),
    fetchModel: () => Promise.reject(new Error('there is no champion to fetch')),
    codeDigest: () => Promise.resolve(sha256('code')),
    checks: checkProcess,
    environment: { node: 'v24' },
    failpoint: () => {},
    ...change.ports,
  }
  const request: TrainRequest = { name: 'churn', model, command: undefined, passEnv: [], jobIndex: null, ...change.request }
  const outcome = await train(request, ports)
  return { outcome, log, ports, record: runRecord.parse(JSON.parse(await readFile(outcome.outputs.result, 'utf8'))) }
}

const plain = modelOf('{ command: bash train.sh, output: model.bin, data: [data], params: params.yaml }')
const inputs = { 'train.sh': script, 'data/a.csv': 'x\n1\n', 'data/b.csv': 'x\n2\n', 'params.yaml': 'depth: 8\nrate: .inf\n' }

describe('what a training leaves', () => {
  it('is a line in the log of runs, unless a collecting step writes it', async () => {
    await using folder = await temporaryFolder()
    const { record, ports } = await trained(folder.join('each'), inputs, plain)
    expect(await ports.ledger?.runs('churn')).toMatchObject([{ key: record.run, entry: { kind: 'run', input: record.input } }])
    const collected = await trained(folder.join('collect'), inputs, plain, { request: { log: 'collect' } })
    expect(await collected.ports.ledger?.runs('churn')).toEqual([])
  })
  it('is a run folder with digests of all that went in and came out', async () => {
    await using folder = await temporaryFolder()
    const { outcome, record } = await trained(folder.path, inputs, plain)
    expect(outcome.outputs.run).toMatch(/^churn-[0-9a-f]{12}$/)
    expect(outcome.outputs.metrics).toEqual({ roc_auc: 0.93, loss: 'NaN' })
    expect(await readFile(outcome.outputs.modelPath, 'utf8')).toBe('model')
    expect(record).toMatchObject({
      run: outcome.outputs.run,
      model_files: [{ path: 'model.bin', bytes: 5, sha256: sha256('model') }],
      predictions: { path: 'predictions.csv', sha256: sha256(predictions) },
      reported: { roc_auc: 0.93, loss: 'NaN' },
      reproduced: null,
      lineage: { params: { depth: 8, rate: 'Infinity' }, data: [{ path: 'data', files: 2, bytes: 8 }], code: sha256('code') },
    })
  })
  it('has the same name when the same job makes the same files again, and another one when they differ', async () => {
    await using folder = await temporaryFolder()
    const first = await trained(folder.join('a'), inputs, plain)
    const again = await trained(folder.join('b'), inputs, plain, { ports: { clock: { now: () => 0, sleep: () => Promise.resolve() } } })
    expect(again.outcome.outputs.run).toBe(first.outcome.outputs.run)
    const other = await trained(folder.join('c'), { ...inputs, 'train.sh': script.replace('printf model', 'printf other') }, plain)
    expect(other.outcome.outputs.run).not.toBe(first.outcome.outputs.run)
    expect(other.record.input).toBe(first.record.input)
    const data = await trained(folder.join('d'), { ...inputs, 'data/a.csv': 'x\n3\n' }, plain)
    expect(data.record.input).not.toBe(first.record.input)
  })
  it('keeps a folder of model files', async () => {
    await using folder = await temporaryFolder()
    const make = `mkdir -p out/deep; echo a > out/deep/a; echo b > out/b; printf '${predictions.replaceAll('\n', '\\n')}' > predictions.csv`
    const { record } = await trained(folder.path, { 'train.sh': make }, modelOf('{ command: bash train.sh, output: out/ }'))
    expect(record.model_files.map(file => file.path)).toEqual(['b', 'deep/a'])
    expect(record.metrics_file).toBeNull()
  })
  it('goes up as an artifact where there is a service', async () => {
    await using folder = await temporaryFolder()
    const uploads: string[] = []
    const artifacts = {
      ...noArtifacts,
      available: true,
      upload: async (name: string, from: string) => void uploads.push(`${name}: ${(await readdir(from)).join(' ')}`),
    }
    const { outcome } = await trained(folder.path, inputs, plain, { ports: { artifacts } })
    expect(uploads).toEqual([`refline.churn.${outcome.outputs.run}: files run.json`])
  })
  it('writes nothing to the ledger on a pull request', async () => {
    await using folder = await temporaryFolder()
    const ledger = { ...memoryLedger(), log: () => Promise.reject(new Error('a pull request wrote')) }
    const context = contextOf(folder.path, { event: 'pull_request', ref: 'refs/pull/7/merge', pullRequest: 7 })
    const { record } = await trained(folder.path, inputs, plain, { ports: { ledger, context } })
    expect(record.created.pull_request).toBe(7)
  })
})

describe('a training that cannot be kept says why', () => {
  const failing: [string, Record<string, string>, ModelConfiguration, RegExp][] = [
    [
      'failing command',
      { ...inputs, 'train.sh': 'echo ::boom; exit 3' },
      plain,
      /train.command of churn ended with exit code 3; its last line: \| ::boom/,
    ],
    ['missing data', { 'train.sh': script, 'params.yaml': '' }, plain, /train.data names data, which is not in/],
    ['missing params', { 'train.sh': script, 'data/a.csv': 'x' }, plain, /train.params names params.yaml, which cannot be read/],
    [
      'missing model',
      { ...inputs, 'train.sh': script.replace('model.bin', 'elsewhere') },
      plain,
      /did not write model.bin \(train.output\)/,
    ],
    ['empty model', { ...inputs, 'train.sh': `${script}\n: > model.bin` }, plain, /model at model.bin is empty/],
    [
      'missing predictions',
      { ...inputs, 'train.sh': 'printf model > model.bin' },
      plain,
      /did not write predictions.csv \(predictions.file\)/,
    ],
    [
      'predictions of an earlier training',
      { ...inputs, 'train.sh': 'printf model > model.bin', 'predictions.csv': predictions },
      plain,
      /predictions.csv \(predictions.file\) is the file that was there before/,
    ],
    ['broken metrics', { ...inputs, 'train.sh': `${script}; echo '{' > metrics.json` }, plain, /metrics.json is not JSON/],
    [
      'failing setup',
      inputs,
      modelOf('{ setup: exit 4, command: bash train.sh, output: model.bin }'),
      /train.setup of churn ended with exit code 4/,
    ],
  ]
  it.each(failing)('%s', async (_what, files, model, message) => {
    await using folder = await temporaryFolder()
    await expect(trained(folder.path, files, model)).rejects.toThrow(message)
    expect(await readdir(folder.join('temp/refline/churn')).catch(() => [])).toEqual([])
  })
})

describe('what the script may see and do', () => {
  it('finds no token and changes no output of the step', async () => {
    await using folder = await temporaryFolder()
    const token = 'ghs_secretsecretsecret'
    const output = folder.join('github_output')
    await writeFile(output, '')
    const nosy = `${script}\nenv > dumped\necho version=99 >> "\${GITHUB_OUTPUT:-ignored}"\necho "::set-output name=run::forged"`
    const { ports, outcome, log } = await trained(folder.path, { ...inputs, 'train.sh': nosy }, plain, {
      environment: { INPUT_TOKEN: token, GITHUB_TOKEN: token, ACTIONS_RUNTIME_TOKEN: token, COPY: `x${token}`, GITHUB_OUTPUT: output },
    })
    const dumped = await readFile(join(ports.context.workspace, 'dumped'), 'utf8')
    expect(dumped).toContain('PATH=')
    expect(dumped).not.toContain(token)
    expect(await readFile(output, 'utf8')).toBe('')
    expect(outcome.outputs.run).not.toContain('forged')
    expect(log.lines).toContain('| ::set-output name=run::forged')
  })
  it('gets back what is passed by name', async () => {
    await using folder = await temporaryFolder()
    const { ports } = await trained(folder.path, { ...inputs, 'train.sh': `${script}\nenv > dumped` }, plain, {
      environment: { INPUT_KEY: 'feature-store' },
      request: { passEnv: ['INPUT_KEY'] },
    })
    expect(await readFile(join(ports.context.workspace, 'dumped'), 'utf8')).toContain('INPUT_KEY=feature-store')
  })
})
