import { mkdir, mkdtemp, symlink, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { candidatesAt } from '../../src/adapters/files/reported/candidates.ts'
import { readCandidate } from '../../src/adapters/files/reported/read.ts'
import { rulesOf } from '../core/evaluation/fixtures.ts'
import { mlflowDatabase } from '../support/mlflow.ts'
import { type CorpusCase, judgedMetrics, metricsFile } from './corpus.ts'

const rules = rulesOf({ primary: 'auc', predictions: undefined, gates: { auc: { min: 0.5, direction: 'higher' } } })

interface Expected {
  readonly refused?: RegExp
  readonly failed?: RegExp
  readonly accepted?: unknown
  readonly line?: number
}

const toml = (name: string, content: string | (() => string), expected: Expected): CorpusCase => ({
  name: `TOML: ${name}`,
  run: metricsFile(rules, content, 'metrics.toml'),
  ...(expected.refused === undefined ? {} : { file: 'metrics.toml' }),
  ...expected,
})

const inToml: readonly CorpusCase[] = [
  toml('a NaN', 'auc = nan', { failed: /reports auc as NaN/ }),
  toml('a negative NaN', 'auc = -nan', { failed: /reports auc as NaN/ }),
  toml('an infinity', 'auc = +inf', { failed: /reports auc as Infinity/ }),
  toml('a number beyond the largest double', 'auc = 1e999', { failed: /reports auc as Infinity/ }),
  toml('a number in quotes', 'auc = "0.9"', { failed: /missing/ }),
  toml('a date', 'auc = 2026-11-23', { failed: /missing/ }),
  toml('a list', 'auc = [0.9]', { failed: /missing/ }),
  toml('only inherited names', '[__proto__]\nauc = 0.9', { failed: /missing/ }),
  toml('a NaN hidden by a second key', 'auc = nan\nauc = 0.9', { refused: /not readable as TOML.*line 2/, line: 2 }),
  toml('a NaN hidden by a second table', '[a]\nb = nan\n[a]\nb = 0.9', { refused: /not readable as TOML/ }),
  toml('a name nested and whole', '"a/b" = nan\n[a]\nb = 0.9', { refused: /the metric "a\/b" twice/ }),
  toml('a key of 10,000 parts', () => `${'a.'.repeat(10_000)}auc = 0.9`, { refused: /nested more than 16 deep/ }),
  toml('lists 100,000 deep', () => `auc = ${'['.repeat(100_000)}`, { refused: /not readable as TOML/ }),
  toml('tables 100,000 deep', () => `auc = ${'{a='.repeat(100_000)}`, { refused: /not readable as TOML/ }),
  toml('2 MB', () => `note = "${'x'.repeat(2_000_000)}"`, { refused: /characters; at most/ }),
  toml('1001 metrics', () => Array.from({ length: 1001 }, (_, n) => `m${n} = ${n}`).join('\n'), {
    refused: /1001 metrics, more than 1000/,
  }),
  toml('JSON', '{"auc": 0.9}', { refused: /not readable as TOML/ }),
  toml('cut', 'auc = ', { refused: /not readable as TOML/ }),
  toml('empty', '', { failed: /missing/ }),
  toml('an integer beyond 2^53', 'n = 9007199254740993', { accepted: { n: 9007199254740992 } }),
]

/** Files below a folder of their own, read as `train.metrics: <named>` is read. */
const tracked = (name: string, named: string, make: (folder: string) => unknown, expected: Expected): CorpusCase => ({
  name,
  run: async folder => {
    const own = await mkdtemp(join(folder, 'tracked-'))
    await make(own)
    let metrics = {}
    for (const candidate of await candidatesAt(own, named)) {
      const read = await readCandidate(candidate, { period: { start: 1000, end: 2000 }, root: own, scratch: own })
      metrics = { ...metrics, ...read.metrics }
    }
    return judgedMetrics(rules, metrics)
  },
  ...expected,
})

const files = (list: Readonly<Record<string, string>>) => async (folder: string) => {
  for (const [path, text] of Object.entries(list)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}

const state = (name: string, text: () => string, expected: Expected): CorpusCase =>
  tracked(`trainer_state.json: ${name}`, 'trainer_state.json', folder => files({ 'trainer_state.json': text() })(folder), expected)

const states: readonly CorpusCase[] = [
  state('a NaN in the last evaluation', () => '{"log_history": [{"eval_auc": 0.9, "auc": 0.9}, {"eval_auc": 0.9, "auc": NaN}]}', {
    failed: /reports auc as NaN/,
  }),
  state('a key twice', () => '{"log_history": [{"eval_auc": NaN, "eval_auc": 0.9}]}', { refused: /stands twice/ }),
  state('no history', () => '{"auc": 0.9}', { refused: /no list `log_history`/ }),
  state('cut', () => '{"log_history": [{"eval_', { refused: /is not JSON/ }),
  state('lists 100,000 deep', () => `{"log_history": ${'['.repeat(100_000)}`, { refused: /nested more than 64 deep/ }),
  state('200,000 steps', () => `{"log_history": [${'{"loss": 0.5, "step": 1}, '.repeat(200_000)}{"eval_a": 0.9}]}`, {
    accepted: { eval_a: 0.9 },
  }),
  state('80 MB', () => ' '.repeat(80_000_000), { refused: /80000000 bytes, more than/ }),
]

const meta = 'start_time: 1500\nend_time: 1600\nstatus: 3\nlifecycle_stage: active\nrun_name: r\n'
const bomb = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  ...'bcdefgh'.split('').map((key, n) => `${key}: &${key} [${Array(9).fill(`*${'abcdefg'[n]}`).join(', ')}]`),
]
const store = (name: string, list: Readonly<Record<string, string>>, expected: Expected): CorpusCase =>
  tracked(
    `mlruns: ${name}`,
    'mlruns',
    files(Object.fromEntries(Object.entries(list).map(([path, text]) => [`mlruns/${path}`, text]))),
    expected,
  )

const stores: readonly CorpusCase[] = [
  store('a NaN', { '0/r/meta.yaml': meta, '0/r/metrics/auc': '1 nan 0\n' }, { failed: /reports auc as NaN/ }),
  store('a line that is none', { '0/r/meta.yaml': meta, '0/r/metrics/auc': '1 0.9 0\n\u0000\n' }, { failed: /reports auc as NaN/ }),
  store('an empty meta.yaml', { '0/r/meta.yaml': '' }, { refused: /does not describe a run/ }),
  store('aliases that unfold', { '0/r/meta.yaml': meta + bomb.join('\n') }, { refused: /alias/i }),
  store('a tag of Python', { '0/r/meta.yaml': `${meta}x: !!python/object/apply:os.system ["id"]` }, { refused: /tag/i }),
  store(
    'a run that failed',
    { '0/r/meta.yaml': meta.replace('status: 3', 'status: 4'), '0/r/metrics/auc': '1 0.9 0' },
    { failed: /missing/ },
  ),
  store('a deleted run', { '0/r/meta.yaml': meta.replace('active', 'deleted'), '0/r/metrics/auc': '1 0.9 0' }, { failed: /missing/ }),
  store('a time as text', { '0/r/meta.yaml': meta.replace('1500', '"1500"'), '0/r/metrics/auc': '1 0.9 0' }, { failed: /missing/ }),
  store(
    'one line of megabytes',
    { '0/r/meta.yaml': meta, '0/r/metrics/auc': '9'.repeat(3_000_000) },
    { refused: /no history of a metric/ },
  ),
  store('a break in a name', { '0/r/meta.yaml': meta, '0/r/metrics/a\n::error::b': '1 0.9 0' }, { accepted: { 'a\n::error::b': 0.9 } }),
  store('folders 40 deep', { '0/r/meta.yaml': meta, [`0/r/metrics/${'a/'.repeat(40)}auc`]: '1 0.9 0' }, { failed: /missing/ }),
]

const database = (name: string, make: (path: string) => unknown, expected: Expected): CorpusCase =>
  tracked(`mlflow.db: ${name}`, 'mlflow.db', folder => make(join(folder, 'mlflow.db')), expected)
const run = (metrics: Readonly<Record<string, number | 'NaN'>>) => ({ id: 'r', start: 1500, metrics })
const spoilt = (sql: string) => (path: string) => {
  mlflowDatabase(path, [run({ auc: 0.9 })])
  const opened = new DatabaseSync(path, { enableForeignKeyConstraints: false })
  opened.exec(sql)
  opened.close()
}
const endless =
  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT 'auc' AS \"key\", 0.9 AS value, 'r' AS run_uuid FROM n"

const databases: readonly CorpusCase[] = [
  database('a NaN', path => mlflowDatabase(path, [run({ auc: 'NaN' })]), { failed: /reports auc as NaN/ }),
  database('an infinity', path => mlflowDatabase(path, [run({ auc: Number.MAX_VALUE })]), { failed: /reports auc as Infinity/ }),
  database('a number as text', spoilt("UPDATE latest_metrics SET value = '0.9x'"), { failed: /reports auc as NaN/ }),
  database('a blob for a name', spoilt("UPDATE latest_metrics SET key = x'617563ff'"), { failed: /missing/ }),
  database('no database', path => writeFile(path, 'x'.repeat(5000)), { refused: /cannot be read as an MLflow database/ }),
  database('an empty file', path => writeFile(path, ''), { refused: /no table runs/ }),
  database('another database', path => new DatabaseSync(path).exec('CREATE TABLE runs (title)'), { refused: /runs has no run_uuid/ }),
  database('metrics that are an endless view', spoilt(`DROP TABLE latest_metrics; CREATE VIEW latest_metrics AS ${endless}`), {
    refused: /latest_metrics is no plain table/,
  }),
  database('a trigger', spoilt('CREATE TRIGGER t BEFORE UPDATE ON runs BEGIN SELECT RAISE(ABORT, "x"); END'), { accepted: { auc: 0.9 } }),
  database(
    'cut in the middle',
    async path => {
      mlflowDatabase(path, [run(Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`m${n}`, n])))])
      await truncate(path, 16_384)
    },
    { refused: /cannot be read as an MLflow database/ },
  ),
  database(
    '2 GB',
    async path => {
      await writeFile(path, '')
      await truncate(path, 2_000_000_000)
    },
    { refused: /2000000000 bytes, more than/ },
  ),
  database(
    'a link out of the checkout',
    async path => {
      mlflowDatabase(`${dirname(path)}-outside.db`, [run({ auc: 0.9 })])
      await symlink(`${dirname(path)}-outside.db`, path)
    },
    { refused: /leads out of the checkout/ },
  ),
]

export const trackedCases = [...inToml, ...states, ...stores, ...databases]
