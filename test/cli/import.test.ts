import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary.ts'
import { refline } from './terminal.ts'

const thresholds = `thresholds = {
    "accuracy_score": MetricThreshold(threshold=0.8, min_absolute_change=0.05, greater_is_better=True),
    "log_loss": MetricThreshold(threshold=LIMIT, greater_is_better=False),
}
`
const configuration = `# ours
models:
  churn:
    task: binary
    primary: roc_auc # the one
    gates: { roc_auc: { min: 0.7 } }
`
const desk = async (files: Readonly<Record<string, string>>): Promise<TemporaryFolder> => {
  const folder = await temporaryFolder()
  for (const [name, text] of Object.entries(files)) await writeFile(folder.join(name), text)
  return folder
}

describe('refline import', () => {
  test('prints gates, and lists what could not be carried over', async () => {
    await using folder = await desk({ 'thresholds.py': thresholds })
    const { code, stdout, stderr } = await refline(folder.path, 'import', 'thresholds.py')
    expect([code, stderr]).toEqual([0, ''])
    expect(parse(stdout)).toEqual({ primary: 'accuracy', gates: { accuracy: { min: 0.8, min_gain: 0.05 } } })
    expect(stdout).toMatch(/# Not carried over:\n# - log_loss \(line 3\): threshold could not be read: LIMIT is no plain number\n$/)
  })

  test('writes them into a model of a configuration, whose comments stay', async () => {
    await using folder = await desk({ 'thresholds.py': thresholds, 'refline.yml': configuration })
    const { code, stdout } = await refline(folder.path, 'import', 'thresholds.py', '--into', 'refline.yml', '--model', 'churn')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^refline\.yml, models\.churn: 1 gate added \(accuracy\)\nnot carried over:\n {2}- log_loss \(line 3\)/)
    const text = await readFile(folder.join('refline.yml'), 'utf8')
    expect(text).toContain('# the one')
    expect(parse(text)).toMatchObject({ models: { churn: { gates: { roc_auc: { min: 0.7 }, accuracy: { min: 0.8, min_gain: 0.05 } } } } })
    const again = await refline(folder.path, 'import', 'thresholds.py', '--into', 'refline.yml')
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('has these gates already') })
    expect(await readFile(folder.join('refline.yml'), 'utf8')).toBe(text)
  })

  test('--json tells the same to a program', async () => {
    await using folder = await desk({ 'thresholds.py': thresholds, 'refline.yml': configuration })
    const printed = await refline(folder.path, 'import', 'thresholds.py', '--json')
    expect(JSON.parse(printed.stdout)).toEqual({
      schema: 1,
      file: 'thresholds.py',
      task: 'binary',
      primary: 'accuracy',
      gates: { accuracy: { min: 0.8, min_gain: 0.05 } },
      lost: [{ name: 'log_loss', line: 3, reason: expect.stringContaining('LIMIT is no plain number') }],
      notes: [],
      into: null,
      added: [],
    })
    const written = await refline(folder.path, 'import', 'thresholds.py', '--into', 'refline.yml', '--json')
    expect(JSON.parse(written.stdout)).toMatchObject({ into: 'refline.yml', added: ['accuracy'] })
  })

  test('writes over nothing', async () => {
    const other = configuration.replace('roc_auc: { min: 0.7 }', 'accuracy: { min: 0.9 }')
    await using folder = await desk({ 'thresholds.py': thresholds, 'refline.yml': other })
    const { code, stderr } = await refline(folder.path, 'import', 'thresholds.py', '--into', 'refline.yml')
    expect(code).toBe(2)
    expect(stderr).toMatch(/other gates on accuracy for churn: nothing was written/)
    expect(await readFile(folder.join('refline.yml'), 'utf8')).toBe(other)
  })

  test.each([
    ['a file that is not there', ['none.py'], /there is no file none\.py/],
    ['no thresholds', ['empty.py'], /nothing of empty\.py can be carried over: it holds no MetricThreshold/],
    ['thresholds that all need to be run', ['computed.py'], /can be carried over: .*LIMIT is no plain number/],
    ['another ending', ['notes.txt'], /must end in \.py, \.json, \.yaml or \.yml/],
    ['a task that is none', ['thresholds.py', '--task', 'ranking'], /--task is one of binary, multiclass, regression/],
    [
      'another task than the model’s',
      ['thresholds.py', '--task', 'regression', '--into', 'refline.yml'],
      /the model churn of refline\.yml is binary/,
    ],
    ['a model without a file', ['thresholds.py', '--model', 'churn'], /add --into refline\.yml/],
    ['a model that is not there', ['thresholds.py', '--into', 'refline.yml', '--model', 'chrun'], /did you mean `churn`/],
    ['a configuration that is not there', ['thresholds.py', '--into', 'none.yml'], /there is no none\.yml/],
    ['no file', [], /<file> is missing/],
  ])('%s is 2', async (_what, args, words) => {
    await using folder = await desk({
      'thresholds.py': thresholds,
      'empty.py': 'print("hello")\n',
      'computed.py': '{"log_loss": MetricThreshold(threshold=LIMIT, greater_is_better=False)}',
      'notes.txt': '',
      'refline.yml': configuration,
    })
    const { code, stderr } = await refline(folder.path, 'import', ...args)
    expect(stderr).toMatch(words)
    expect(code).toBe(2)
  })
})
