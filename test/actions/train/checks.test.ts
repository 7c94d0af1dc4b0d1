import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Checking, checkModule, runChecks } from '../../../src/actions/train/checks.ts'
import { userCommand } from '../../../src/adapters/process/user-command.ts'
import { parseConfiguration } from '../../../src/core/configuration/parse.ts'
import type { ModelConfiguration } from '../../../src/core/configuration/schema.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { checkProcess } from '../check-process.ts'
import { foldersIn, rememberedLog } from '../fixtures.ts'
import { predictionsOf } from '../judging.ts'

const fraud = await readFile(join(import.meta.dirname, '../../fixtures/checks/fraud.ts'), 'utf8')
const token = 'ghs_secretsecretsecret'

// A model that has never learnt anything about Europe.
const scored = predictionsOf(300, 0.4, (row, score) => (row % 3 === 0 ? 0.9 : score).toFixed(6))
const rows = scored
  .trim()
  .split('\n')
  .slice(1)
  .map(line => line.split(',').map(Number))
const excess = rows.reduce((sum, [, label = 0, score = 0]) => sum + score - label, 0) / rows.length

/** A checkout whose refline.yml names `checks`, and what is needed to run them. */
const checkingIn = async (folder: string, checks: string, files: Readonly<Record<string, string>>) => {
  const checkout = join(folder, 'checkout')
  await mkdir(checkout, { recursive: true })
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(checkout, path, '..'), { recursive: true })
    await writeFile(join(checkout, path), text)
  }
  const text = `models:
  churn:
    task: binary
    predictions: { file: predictions.csv, threshold: 0.5 }
    primary: roc_auc
    gates: { roc_auc: { min: 0.5 } }
    slices: { region: { recall: { min: 0.1 } } }
    checks: ${checks}
`
  const log = rememberedLog()
  const checking: Checking = {
    name: 'churn',
    model: parseConfiguration(text, 'refline.yml').models.churn as ModelConfiguration,
    checkout,
    folder: checkout,
    passEnv: [],
    command: userCommand({ PATH: process.env.PATH, ORDINARY: 'kept', INPUT_TOKEN: token, ACTIONS_RUNTIME_TOKEN: token, COPY: token }),
    log,
    runs: foldersIn(join(folder, 'temp')),
    checks: checkProcess,
  }
  return { checking, log, checkout }
}

const checked = async (
  folder: string,
  module: string,
  { name = 'checks/own.mjs', change = {} }: { readonly name?: string; readonly change?: Partial<Checking> } = {},
) => {
  const { checking, log, checkout } = await checkingIn(folder, name, { [name]: module })
  const predictions = join(folder, 'predictions.csv')
  await writeFile(predictions, scored)
  const path = await checkModule(checking)
  const run = { predictions, path: '/models/model.bin', params: { depth: 8 } }
  return { result: await runChecks({ ...checking, ...change }, path ?? '', run), log: log.lines.join('\n'), checkout }
}

describe("a module of the user's own checks", () => {
  it('in TypeScript gets the predictions as a data frame and gives metrics and findings', async () => {
    await using folder = await temporaryFolder()
    const { result, log } = await checked(folder.path, fraud, { name: 'checks/fraud.ts' })
    expect(result).toEqual({
      metrics: { score_excess: expect.closeTo(excess, 12) },
      findings: [{ check: 'calibration', severity: 'warn', message: 'EU scores 0.90 on average, its rate is 0.50' }],
      problem: null,
    })
    expect(log).toContain('warning: calibration: EU scores 0.90')
  })
  it('is told the model, its task, its file, its params and the library, in an environment without tokens', async () => {
    await using folder = await temporaryFolder()
    const told = `export default async ({ predictions, danfo, ...rest }) => {
      console.log(JSON.stringify({ ...rest, columns: predictions.columns, series: typeof danfo.Series, env: process.env }))
      console.log('::error::forged')
    }`
    const { log } = await checked(folder.path, told)
    const line = log.split('\n').find(text => text.startsWith('{"')) ?? ''
    expect(JSON.parse(line)).toMatchObject({
      model: 'churn',
      task: 'binary',
      classes: ['0', '1'],
      threshold: 0.5,
      path: '/models/model.bin',
      params: { depth: 8 },
      columns: ['id', 'label', 'prediction', 'score', 'region'],
      series: 'function',
      env: { ORDINARY: 'kept' },
    })
    expect(log).not.toContain(token)
    expect(log).toContain('| ::error::forged')
  })
  it('keeps NaN as a word, which no gate passes', async () => {
    await using folder = await temporaryFolder()
    const { result } = await checked(folder.path, 'export default () => ({ metrics: { lost: 0 / 0 } })')
    expect(result).toEqual({ metrics: { lost: 'NaN' }, findings: [], problem: null })
  })

  const wrong: [string, string, RegExp, string?][] = [
    [
      'throws',
      'export default () => { throw new RangeError("no fraud here") }',
      /^checks\/own.mjs threw: RangeError: no fraud here \(checks\/own.mjs:1\)$/,
    ],
    ['rejects', 'export default async () => { await null; throw "plain words" }', /^checks\/own.mjs threw: plain words$/],
    [
      'throws what cannot be shown',
      'export default () => { throw Object.create(null) }',
      /threw: something was thrown that cannot even be shown$/,
    ],
    [
      'throws later',
      'export default () => new Promise(() => setTimeout(() => { throw new Error("late") }, 10))',
      /threw: late \(checks\/own.mjs:1\)$/,
    ],
    [
      'rejects beside its answer',
      'export default () => { Promise.reject(new Error("lost")); return new Promise(() => {}) }',
      /threw: lost/,
    ],
    [
      'has another answer',
      'export default () => ({ metric: { a: 1 } })',
      /^checks\/own.mjs: its answer has "metric"; it may have metrics, findings$/,
    ],
    ['has no answer', 'export default () => {}', /its answer is undefined/],
    ['has no default export', 'export const check = () => ({})', /^checks\/own.mjs has no function as its default export/],
    ['is no JavaScript', 'export default (', /^checks\/own.mjs cannot be loaded: SyntaxError: /],
    [
      'needs a package that is not there',
      'import "not-a-package"',
      /^checks\/own.mjs cannot be loaded: .*Cannot find package 'not-a-package'/,
    ],
    [
      'uses TypeScript that has to be compiled',
      'enum Colour { Red }\nexport default () => ({})',
      /cannot be loaded: .*enum/,
      'checks/own.ts',
    ],
    [
      'ends the process',
      'export default () => process.exit(0)',
      /^checks\/own.mjs ended with exit code 0 before it gave an answer; its last line: \(nothing printed\)$/,
    ],
    [
      'ends it with a code',
      'export default () => { console.log("bye"); process.exit(7) }',
      /ended with exit code 7 before it gave an answer; its last line: bye$/,
    ],
    ['is waited for in vain', 'export default () => new Promise(() => {})', /ended with exit code 13 before/],
  ]
  it.each(wrong)('that %s is a problem in one sentence', async (_what, module, words, name) => {
    await using folder = await temporaryFolder()
    const { result, log } = await checked(folder.path, module, name === undefined ? {} : { name })
    expect(result.problem).toMatch(words)
    expect(result).toMatchObject({ metrics: {}, findings: [] })
    expect(log).toMatch(/^warning: the checks of churn gave no answer, so the gate will not pass: checks\/own/m)
    expect(`${log}${result.problem}`).not.toMatch(/checks-child|danfojs|^\s+at /m)
  })
  it('that never ends is stopped at its deadline', async () => {
    await using folder = await temporaryFolder()
    const { result } = await checked(folder.path, 'export default () => { for (;;) {} }', {
      change: { checks: { ...checkProcess, deadlineSeconds: 1 } },
    })
    expect(result.problem).toBe('checks/own.mjs was stopped after its limit of 1 s')
  })
  it.each([
    '{',
    '{"metrics":{"a":"high"},"findings":[],"problem":null}',
    '[]',
  ])('that writes the answer itself is not believed: %s', async text => {
    await using folder = await temporaryFolder()
    const module = `import { readFileSync, writeFileSync } from 'node:fs'
export default () => {
  writeFileSync(JSON.parse(readFileSync(process.argv.at(-1), 'utf8')).result, ${JSON.stringify(text)})
  process.exit(0)
}`
    expect((await checked(folder.path, module)).result).toEqual({
      metrics: {},
      findings: [],
      problem: 'checks/own.mjs left an answer that cannot be read',
    })
  })
  it('that leaves a timer running does not keep the job', async () => {
    await using folder = await temporaryFolder()
    const { result } = await checked(folder.path, 'export default () => { setInterval(() => {}, 1000); return {} }')
    expect(result.problem).toBeNull()
  })
})

describe('checks without predictions', () => {
  it.each([
    ['are none', null, 'checks/own.mjs was not called: the training gave no predictions'],
    ['are empty', 'id,label,score,region\n', 'checks/own.mjs was not called: there are no predictions'],
    ['cannot be read', 'id,label,score,region\na,1,high,EU\n', 'predictions.csv: 1 bad field: line 2, column score is no number'],
  ])('that %s are a problem', async (_what, text, problem) => {
    await using folder = await temporaryFolder()
    const { checking, checkout } = await checkingIn(folder.path, 'checks/own.mjs', { 'checks/own.mjs': 'export default () => ({})' })
    if (text !== null) await writeFile(folder.join('predictions.csv'), text)
    const predictions = text === null ? null : folder.join('predictions.csv')
    const run = { predictions, path: 'model', params: {} }
    expect(await runChecks(checking, join(checkout, 'checks/own.mjs'), run)).toEqual({ metrics: {}, findings: [], problem })
  })
})

describe('a module that is no module is refused before the training', () => {
  it.each([
    ['is not there', 'checks/gone.ts', /^checks names checks\/gone.ts, which is no file in /],
    ['is a folder', 'folder.ts', /is no file in /],
    ['is of another kind', 'own.py', /which must end in .ts, .mts, .js, .mjs$/],
    ['lies outside', '../outside.mjs', /which lies outside of the checkout$/],
    ['is linked from outside', 'linked.mjs', /which lies outside of the checkout$/],
  ])('because it %s', async (_what, name, words) => {
    await using folder = await temporaryFolder()
    await writeFile(folder.join('outside.mjs'), 'export default () => ({})')
    const { checking, checkout } = await checkingIn(folder.path, name, { 'own.py': '', 'folder.ts/a.ts': '' })
    await symlink(folder.join('outside.mjs'), join(checkout, 'linked.mjs'))
    await expect(checkModule(checking)).rejects.toThrow(words)
  })
})
