import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { evaluateGate } from '../../src/actions/evaluate-gate/handler.ts'
import { assessment } from '../../src/core/comparison/assessment.ts'
import { renderLogLines } from '../../src/core/report/log-lines.ts'
import { benchIn, predictionsOf } from '../actions/judging.ts'
import { resultProblems } from '../support/result-schema.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary.ts'
import { refline } from './terminal.ts'

const configuration = `models:
  churn:
    task: binary
    predictions: { file: predictions.csv, threshold: 0.5 }
    primary: roc_auc
    gates: { roc_auc: { min: 0.7, max_drop: 0.02 } }
`

const desk = async (files: Readonly<Record<string, string>> = {}): Promise<TemporaryFolder> => {
  const folder = await temporaryFolder()
  const all = { 'refline.yml': configuration, 'new.csv': predictionsOf(1200, 0.48), 'old.csv': predictionsOf(1200, 0.35), ...files }
  for (const [name, text] of Object.entries(all)) await writeFile(folder.join(name), text)
  return folder
}

describe('refline evaluate', () => {
  test('passes with 0, prints the lines of the job, and keeps the answer and the report', async () => {
    await using folder = await desk()
    const { code, stdout, stderr } = await refline(
      folder.path,
      ...['evaluate', '--predictions', 'new.csv', '--champion', 'old.csv', '--output', 'result.json', '--markdown', 'report.md'],
    )
    expect([code, stderr]).toEqual([0, ''])
    const result: unknown = JSON.parse(await readFile(folder.join('result.json'), 'utf8'))
    expect(resultProblems(result)).toEqual([])
    const told = assessment.parse(result)
    expect(stdout).toBe(`${renderLogLines(told).join('\n')}\n`)
    expect(told).toMatchObject({
      verdict: 'pass',
      opponent: { kind: 'champion', version: null, asked: 'old.csv' },
      holdout: { paired: 1200 },
    })
    expect(await readFile(folder.join('report.md'), 'utf8')).toContain('compares with the file <code>old.csv</code>')
  })

  test('--json prints the answer that --output writes, and nothing else', async () => {
    await using folder = await desk()
    const { code, stdout } = await refline(folder.path, 'evaluate', '--predictions', 'new.csv', '--json', '--output', 'result.json')
    expect(code).toBe(0)
    const printed: unknown = JSON.parse(stdout)
    expect(resultProblems(printed)).toEqual([])
    expect(printed).toEqual(JSON.parse(await readFile(folder.join('result.json'), 'utf8')))
  })

  test('gives the same figures and rules as evaluate-gate on the same file', async () => {
    await using folder = await desk()
    await refline(folder.path, 'evaluate', '--predictions', 'new.csv', '--output', 'result.json')
    const here = assessment.parse(JSON.parse(await readFile(folder.join('result.json'), 'utf8')))
    const bench = await benchIn(folder.join('job'), configuration)
    await writeFile(`${bench.ports.context.workspace}/new.csv`, predictionsOf(1200, 0.48))
    const request = { model: undefined, config: 'refline.yml', run: undefined, comment: 'off', predictions: 'new.csv' } as const
    const { outputs } = await evaluateGate(request, bench.ports)
    const there = assessment.parse(JSON.parse(await readFile(outputs.result, 'utf8')))
    expect([here.rows, here.rules.digest, here.holdout?.digest, here.verdict]).toEqual([
      there.rows,
      there.rules.digest,
      there.holdout?.digest,
      there.verdict,
    ])
  })

  test('without a champion it judges the absolute rules and promotes nothing', async () => {
    await using folder = await desk()
    const { code, stdout } = await refline(folder.path, 'evaluate', 'churn', '--predictions', 'new.csv')
    expect(code).toBe(0)
    expect(stdout).toMatch(/compared with nothing, 1,200 rows[\s\S]*decision inconclusive/)
    expect(stdout).not.toMatch(/first version|promote:/)
  })

  test('a gate that fails is 1, with the reason on standard error', async () => {
    await using folder = await desk()
    const { code, stdout, stderr } = await refline(folder.path, 'evaluate', '--predictions', 'old.csv', '--champion', 'new.csv')
    expect(code).toBe(1)
    expect(stdout).toContain('❌ roc_auc')
    expect(stderr).toMatch(/^churn is worse than new\.csv \(ROC AUC/)
  })

  test.each([
    ['fail', 1],
    ['warn', 0],
    ['point', 0],
  ])('what cannot be told is %s by policy: %d', async (policy, expected) => {
    const doubtful = `${configuration.replace('min: 0.7, max_drop: 0.02', 'max_drop: 0.0001, min: 0.1')}    on_inconclusive: ${policy}\n`
    const noisy = predictionsOf(1200, 0.35, (row, score) => (score + (row % 7) * 1e-3).toFixed(6))
    await using folder = await desk({ 'refline.yml': doubtful, 'noisy.csv': noisy })
    const { code, stdout } = await refline(folder.path, 'evaluate', '--predictions', 'noisy.csv', '--champion', 'old.csv')
    expect(stdout).toContain(policy === 'point' ? 'verdict pass' : 'verdict inconclusive')
    expect(code).toBe(expected)
  })

  test('a champion with other rows cannot be compared with, which is no pass', async () => {
    await using folder = await desk({ 'other.csv': predictionsOf(1300, 0.3) })
    const { code, stdout } = await refline(folder.path, 'evaluate', '--predictions', 'new.csv', '--champion', 'other.csv')
    expect(stdout).toMatch(
      /verdict inconclusive, decision inconclusive: churn: other\.csv cannot be compared with: .*1,300 of the champion/,
    )
    expect(code).toBe(1)
  })

  test('a NaN among the scores is a verdict, and no pass', async () => {
    const broken = predictionsOf(1200, 0.6, (row, score) => (row === 410 ? 'nan' : score.toFixed(6)))
    await using folder = await desk({ 'broken.csv': broken })
    const { code, stdout } = await refline(folder.path, 'evaluate', '--predictions', 'broken.csv')
    expect(code).toBe(1)
    expect(stdout).toMatch(/verdict fail/)
  })

  test.each([
    ['nothing to judge', [], /name a file with --predictions, --metrics or both/],
    ['a champion alone', ['--champion', 'old.csv', '--metrics', 'm.json'], /--predictions is needed too/],
    ['a file that is not there', ['--predictions', 'none.csv'], /there is no file none\.csv/],
    ['a file that is none', ['--predictions', 'text.csv'], /text\.csv:1: there is no column "id"/],
    ['another configuration that is not there', ['--predictions', 'new.csv', '--config', 'other.yml'], /there is no other\.yml here/],
    ['a model that is not there', ['chrun', '--predictions', 'new.csv'], /no model `chrun`; did you mean `churn`/],
    ['metrics that are none', ['--predictions', 'new.csv', '--metrics', 'text.csv'], /text\.csv is not JSON/],
    ['a folder to write into', ['--predictions', 'new.csv', '--output', '.'], /\. cannot be written: EISDIR/],
    ['an option that is none', ['--predicitons', 'new.csv'], /unknown option --predicitons; did you mean --predictions\?/],
    ['an option without its value', ['--predictions', '--champion', 'old.csv'], /--predictions needs a value/],
    ['an option at the end', ['--predictions'], /--predictions needs a value/],
    ['an empty value', ['--predictions='], /--predictions needs a value/],
    ['an option twice', ['--predictions', 'a', '--predictions', 'b'], /--predictions is given twice/],
    ['one word too many', ['churn', 'price', '--predictions', 'new.csv'], /unexpected "price"/],
  ])('%s is 2, in one sentence', async (_what, args, words) => {
    await using folder = await desk({ 'text.csv': 'only,words\n1,2\n', 'm.json': '{}' })
    const { code, stderr } = await refline(folder.path, 'evaluate', ...args)
    expect(stderr).toMatch(words)
    expect(stderr).toMatch(/^error: /)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(code).toBe(2)
  })

  test('asks for the champion where the rules only compare with one, and says nothing of a first version', async () => {
    await using folder = await desk({ 'refline.yml': configuration.replace('min: 0.7, ', '') })
    const { code, stderr } = await refline(folder.path, 'evaluate', '--predictions', 'new.csv')
    expect([code, stderr]).toEqual([2, expect.stringMatching(/only compare with a champion, and none is named here: name its predictions/)])
    expect((await refline(folder.path, 'evaluate', '--predictions', 'new.csv', '--champion', 'old.csv')).code).toBe(0)
  })

  test('takes the figure of a gate with a source from that file of the model’s folder, wherever it is named from', async () => {
    const gated = configuration.replace('max_drop: 0.02 }', 'max_drop: 0.02 }, cost: { max: 3, source: out/metrics.json }')
    const text = gated.replace('task: binary', 'task: binary\n    path: models/churn')
    await using folder = await desk({ 'refline.yml': text })
    await mkdir(folder.join('models/churn/out'), { recursive: true })
    await writeFile(folder.join('models/churn/out/metrics.json'), '{"cost": 2.5}')
    await writeFile(folder.join('metrics.json'), '{"cost": 2.5}')
    const evaluate = async (metrics: string) =>
      (await refline(folder.path, 'evaluate', '--predictions', 'new.csv', '--metrics', metrics)).code
    expect(await evaluate('models/churn/out/metrics.json')).toBe(0)
    expect(await evaluate(folder.join('models/churn/out/metrics.json'))).toBe(0)
    expect(await evaluate('metrics.json')).toBe(1)
    const bench = await benchIn(folder.join('job'), text)
    const { workspace } = bench.ports.context
    await mkdir(`${workspace}/models/churn/out`, { recursive: true })
    await writeFile(`${workspace}/models/churn/out/metrics.json`, '{"cost": 2.5}')
    await writeFile(`${workspace}/new.csv`, predictionsOf(1200, 0.48))
    const request = { model: undefined, config: 'refline.yml', run: undefined, comment: 'off', predictions: 'new.csv' } as const
    const { outputs } = await evaluateGate({ ...request, metrics: 'models/churn/out/metrics.json' }, bench.ports)
    expect(outputs).toMatchObject({ verdict: 'pass', metrics: { cost: { value: 2.5 } } })
  })

  test('runs no code: a score command is said not to be checked, and own checks that were not run are no pass', async () => {
    const scored = configuration.replace('threshold: 0.5', 'threshold: 0.5, score: "touch ran; false"')
    await using folder = await desk({ 'refline.yml': scored, 'checked.yml': `${configuration}    checks: checks.ts\n` })
    const { code, stdout } = await refline(folder.path, 'evaluate', '--predictions', 'new.csv')
    expect([code, stdout]).toEqual([0, expect.stringContaining('not checked here: that the saved model gives these predictions')])
    expect(await readdir(folder.path)).not.toContain('ran')
    const checked = await refline(folder.path, 'evaluate', '--predictions', 'new.csv', '--config', 'checked.yml')
    expect(checked).toMatchObject({ code: 1, stderr: expect.stringContaining('the rules name `checks`, but this run did not run them') })
  })

  test('several models: one has to be named', async () => {
    const two = `${configuration}  price:\n    task: regression\n    primary: mae\n    gates: { mae: { max: 3 } }\n`
    await using folder = await desk({ 'refline.yml': two })
    expect(await refline(folder.path, 'evaluate', '--predictions', 'new.csv')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('say which: refline evaluate churn (or price)'),
    })
    expect(await refline(folder.path, 'evaluate', 'price', '--predictions', 'new.csv')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('models.price of refline.yml has no `predictions`'),
    })
  })

  test('a link is fine at a desk, and a hostile name of a file stays text', async () => {
    await using folder = await desk()
    const hostile = '<img src=x>@team #1.csv'
    await symlink(folder.join('old.csv'), folder.join(hostile))
    const { code, stdout } = await refline(folder.path, 'evaluate', '--predictions', 'new.csv', '--champion', hostile, '--markdown', 'r.md')
    expect(code).toBe(0)
    expect(stdout).toContain(`against ${hostile}`)
    expect(await readFile(folder.join('r.md'), 'utf8')).not.toMatch(/<img|@team|(?<!&)#1/)
  })
})
