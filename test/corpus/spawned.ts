import type { StepResult } from '../support/bundle.ts'
import { configurationFile, trainScript } from '../support/scenario-files.ts'
import { hostileNames } from './names.ts'

/**
 * One input that bundles meet as a runner starts them. The steps run one after another in a job of their own; all but the last must end well, the last ends with
 * `exit`, and one of its errors matches `error`.
 */
export interface SpawnedCase {
  readonly name: string
  readonly steps: readonly string[]
  readonly exit: 0 | 1 | 2
  readonly error?: RegExp
  /** Files laid over the checkout before the first step. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  /** Files that the training command writes last. */
  readonly written?: Readonly<Record<string, string | Uint8Array>>
  readonly inputs?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  /** Where the first error must be shown. */
  readonly line?: number
  readonly also?: (result: StepResult) => void
}

const plain = configurationFile(null)
const training =
  `${trainScript}\nimport { cpSync } from 'node:fs'\nif (existsSync('written')) cpSync('written', '.', { recursive: true })\n`.replace(
    'import { readFileSync,',
    'import { existsSync, readFileSync,',
  )
export const commonFiles = { 'train.mjs': training }

const actions = ['train', 'evaluate-gate', 'compare-champion', 'register', 'build-model-image', 'canary-deploy', 'rollback'] as const
let turn = 0
/** Every action reads refline.yml first; they take turns. */
const configuration = (name: string, text: string | Uint8Array, error: RegExp, line?: number): SpawnedCase => {
  const action = actions[turn++ % actions.length] as string
  return {
    name: `refline.yml: ${name}, by ${action}`,
    steps: [action],
    exit: 2,
    inputs: action === 'rollback' ? { reason: 'a test' } : {},
    error,
    files: { 'refline.yml': text },
    ...(line === undefined ? {} : { line }),
  }
}
const metrics = (name: string, text: string | Uint8Array, error: RegExp, line?: number): SpawnedCase => ({
  name: `metrics.json: ${name}`,
  steps: ['train'],
  exit: 2,
  error,
  written: { 'metrics.json': text },
  ...(line === undefined ? {} : { line }),
})
const predictions = (name: string, text: string | Uint8Array, error: RegExp): SpawnedCase => ({
  name: `predictions.csv: ${name}`,
  steps: ['train', 'evaluate-gate'],
  exit: 1,
  error,
  written: { 'predictions.csv': text },
})

const rows = Array.from({ length: 40 }, (_, n) => `c${n},${n % 2},0.${n % 2}1\n`).join('')
const bomb = [
  'a: &a [x, x, x, x, x, x, x, x, x, x]',
  ...Array.from(
    { length: 8 },
    (_, n) =>
      `b${n}: &b${n} [${Array(10)
        .fill(n === 0 ? '*a' : `*b${n - 1}`)
        .join(', ')}]`,
  ),
].join('\n')

const configurations: readonly SpawnedCase[] = [
  configuration('an unknown key', plain.replace('threshold', 'treshold'), /did you mean `threshold`/, 11),
  configuration('empty', '', /the file is empty/),
  configuration('UTF-16', Buffer.from(`\ufeff${plain}`, 'utf16le'), /UTF-16/),
  configuration('latin-1', Buffer.from(`# caf\u00e9\n${plain}`, 'latin1'), /not UTF-8/, 1),
  configuration('an alias bomb', bomb, /alias/i),
  configuration('a tag', plain.replace('binary', '!!js/function x'), /tag/i, 3),
  configuration('100,000 deep', '['.repeat(100_000), /nested too deeply/),
  configuration('min above max', plain.replace('min: 0.5', 'min: 0.9, max: 0.1'), /min is greater than max/, 15),
  configuration('a NaN bound', plain.replace('min: 0.5', 'min: .nan'), /found NaN/, 15),
  configuration('an infinite margin', plain.replace('0.02', '.inf'), /max_drop/, 14),
  configuration('a negative margin', plain.replace('0.02', '-0.02'), /max_drop/, 14),
  configuration('a gate twice', `${plain}      recall: { min: 0.1 }\n`, /must be unique/, 16),
  configuration(
    'two models',
    `${plain}  fraud:\n    task: binary\n    primary: f1\n    gates: { f1: { min: 0.1 } }\n`,
    /2 models; name one/,
  ),
  configuration('a hostile key', plain.replace('primary:', '"x\\n::error::forged\\u202e":'), /unknown key/),
  configuration('a hostile name of a model', plain.replace('churn:', '"../churn\\r\\n##[error]forged":'), /cannot be used/, 2),
  configuration('no model', 'models: {}', /has no model/, 1),
  configuration('10,000 unknown keys', plain + Array.from({ length: 10_000 }, (_, n) => `    key${n}: 1\n`).join(''), /problems/),
]

const reported: readonly SpawnedCase[] = [
  metrics('a key twice', '{"auc": NaN,\n"auc": 0.9}', /"auc" stands twice/, 2),
  metrics('cut', '{"auc": 0.9', /it ends where/, 1),
  metrics('JSON5', '{auc: 0.9}', /double quotes/, 1),
  metrics('UTF-16', Buffer.from('\ufeff{"auc": 0.9}', 'utf16le'), /UTF-16/),
  metrics('latin-1', Buffer.from('{"caf\u00e9": 0.9}', 'latin1'), /not UTF-8/, 1),
  metrics('a list', '[0.9]', /must hold an object/),
  metrics('empty', '', /it ends where/, 1),
  metrics('100,000 deep', '{"a":'.repeat(100_000), /nested more than/, 1),
  metrics('20 MB', `{"a": "${'x'.repeat(20_000_000)}"}`, /bytes, more than/),
  metrics('commands in what is no JSON', '::error::forged\n##[error]forged', /expected a value/, 1),
]

const judged: readonly SpawnedCase[] = [
  predictions('empty', '', /is empty/),
  predictions('a header alone', 'id,label,score\n', /no rows|positive/),
  predictions('a NaN score', `id,label,score\n${rows}x,1,NaN\n`, /1 of 41 scores is NaN/),
  predictions('a quote never closed', `id,label,score\n${rows}"x,1,0.5\n`, /never closed.*line 42|line 42 opens/),
  predictions('an id twice', `id,label,score\n${rows}c0,1,0.5\n`, /"c0" stands in lines 2 and 42/),
  predictions('latin-1', Buffer.from(`id,label,score\n${rows}caf\u00e9,1,0.5\n`, 'latin1'), /not UTF-8/),
  predictions('hexadecimal', `id,label,score\n${rows}x,1,0x1\n`, /is no number/),
  predictions('one class', 'id,label,score\na,1,0.5\nb,1,0.6\n', /never passes/),
  predictions('gzip', Buffer.from('1f8b0800000000000003', 'hex'), /gzip/),
  predictions('hostile labels', 'id,label,score\na,"\r\n::error::forged",0.5\nb,"##[error]forged \u202e",0.5\n', /the labels are/),
  predictions('hostile columns', '"\n::error::forged","##[error]forged","<img src=x>"\na,1,0.5\n', /no column "id"/),
]

const forged = (result: StepResult): void => {
  for (const { data, name } of result.commands) if (/^\s*forged/.test(data)) throw new Error(`a forged ${name}: ${data}`)
}

const hostileMetrics = JSON.stringify(Object.fromEntries(hostileNames.filter(name => name !== '__proto__').map(name => [name, 0.5])))
const hostileRows = `id,label,score,region\n${hostileNames
  .filter(name => !name.includes('\u0000'))
  .flatMap((name, n) => [0, 1].map(label => `${n}-${label},${label},0.${label}1,"${name.toWellFormed().replaceAll('"', '""')}"\n`))
  .join('')}`
const sliced = `${plain}    slices:\n      region: { min_support: 1, recall: { min: 0.9 } }\n`
const printing = `${training}\nfor (const name of ${JSON.stringify(hostileNames)}) { console.log(name); console.error(name) }\n`

const hostile: readonly SpawnedCase[] = [
  {
    name: 'hostile names of metrics',
    steps: ['train', 'evaluate-gate'],
    exit: 0,
    written: { 'metrics.json': hostileMetrics },
    also: forged,
  },
  {
    name: 'hostile values of slices',
    steps: ['train', 'evaluate-gate'],
    exit: 1,
    error: /region/,
    files: { 'refline.yml': sliced },
    written: { 'predictions.csv': hostileRows },
    also: forged,
  },
  { name: 'hostile lines that training prints', steps: ['train'], exit: 0, files: { 'train.mjs': printing }, also: forged },
  {
    name: 'hostile last words of a training that fails',
    steps: ['train'],
    exit: 2,
    error: /exit code 3/,
    files: { 'train.mjs': `${printing}\nconsole.log('\\r\\n::error::forged ##[error]')\nprocess.exit(3)\n` },
    also: forged,
  },
  {
    name: 'hostile params',
    steps: ['train'],
    exit: 0,
    files: { 'params.yaml': `separation: 1.5\nx: ${JSON.stringify(hostileNames.filter(name => name.isWellFormed()))}\n` },
    also: forged,
  },
  { name: 'params that are no map', steps: ['train'], exit: 2, error: /params.yaml must hold a map/, files: { 'params.yaml': '- 1\n' } },
  {
    name: 'params twice',
    steps: ['train'],
    exit: 2,
    error: /must be unique/,
    files: { 'params.yaml': 'separation: 1\nseparation: 2\n' },
    line: 2,
  },
  {
    name: 'params in UTF-16',
    steps: ['train'],
    exit: 2,
    error: /UTF-16/,
    files: { 'params.yaml': Buffer.from('\ufeffseparation: 1\n', 'utf16le') },
  },
  {
    name: 'a NaN of a gated metric',
    steps: ['train', 'evaluate-gate'],
    exit: 1,
    error: /recall.*NaN/s,
    written: { 'metrics.json': '{"recall": NaN}' },
  },
]

const surroundings: readonly SpawnedCase[] = [
  { name: 'a model as a path', steps: ['evaluate-gate'], exit: 2, error: /model/, inputs: { model: '../../etc/passwd' } },
  { name: 'a model with a command', steps: ['train'], exit: 2, error: /model/, inputs: { model: 'x\n::error::forged' }, also: forged },
  { name: 'a run that is a path', steps: ['evaluate-gate'], exit: 2, error: /run/, inputs: { run: '../../../etc' } },
  {
    name: 'a configuration that is not there, with a command in its name',
    steps: ['train'],
    exit: 2,
    error: /cannot read|there is no/,
    inputs: { config: 'x\n::error::forged.yml' },
    also: forged,
  },
  { name: 'a configuration that is a folder', steps: ['evaluate-gate'], exit: 2, error: /not a regular file/, inputs: { config: '.git' } },
  { name: 'a near miss of an input', steps: ['evaluate-gate'], exit: 2, error: /did you mean `model`/, inputs: { modle: 'churn' } },
  {
    name: 'insecure commands allowed',
    steps: ['train'],
    exit: 2,
    error: /ACTIONS_ALLOW_UNSECURE_COMMANDS/,
    env: { ACTIONS_ALLOW_UNSECURE_COMMANDS: 'true' },
  },
  { name: 'an event that is not JSON', steps: ['evaluate-gate'], exit: 2, error: /JSON/, env: { GITHUB_EVENT_PATH: 'train.mjs' } },
  { name: 'a gate before any training', steps: ['evaluate-gate'], exit: 2, error: /no run of churn was found/ },
]

export const spawnedCases = [...configurations, ...reported, ...judged, ...hostile, ...surroundings]
