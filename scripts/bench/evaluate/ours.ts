/**
 * What `evaluate-gate` does with predictions, in a process of its own: `node ours.ts <challenger.csv> [champion.csv]` prints the seconds of each stage, the figures and
 * the most memory as JSON.
 */
import { digestHoldout } from '../../../src/adapters/files/holdout-digest.ts'
import { readPredictions } from '../../../src/adapters/files/predictions.ts'
import { assess } from '../../../src/core/comparison/assess.ts'
import { requireUniqueIds } from '../../../src/core/comparison/pair.ts'
import { parseConfiguration } from '../../../src/core/configuration/parse.ts'
import type { ModelConfiguration } from '../../../src/core/configuration/schema.ts'
import type { RunRecord } from '../../../src/core/lineage/run.ts'

const [challengerPath, championPath] = process.argv.slice(2)
if (challengerPath === undefined) throw new Error('usage: node ours.ts <challenger.csv> [champion.csv]')

const higher = ['accuracy', 'balanced_accuracy', 'precision', 'recall', 'specificity', 'f1', 'mcc', 'roc_auc', 'average_precision']
const lower = ['log_loss', 'brier', 'ece']
const rule = (name: string): string => {
  const paired = championPath === undefined ? '' : higher.includes(name) ? ', max_drop: 0.01' : ', max_rise: 0.01'
  return `      ${name}: { ${higher.includes(name) ? 'min: 0' : 'max: 9'}${paired} }`
}
const text = `models:
  churn:
    task: binary
    predictions: { file: predictions.csv, threshold: 0.5 }
    primary: roc_auc
    gates:
${[...higher, ...lower].map(rule).join('\n')}
    slices:
      region: { recall: { min: 0 } }
      channel: { roc_auc: { min: 0 } }
`
const rules = parseConfiguration(text, 'refline.yml').models.churn as ModelConfiguration

const zero = '0'.repeat(64)
const run: RunRecord = {
  schema: 1,
  run: 'churn-000000000000',
  model: 'churn',
  created: { at: '2026-01-01T00:00:00Z', workflow_run: null, job: null, job_index: null, actor: null, event: null, pull_request: null },
  lineage: { repository: null, commit: null, code: null, data: [], params: {}, train: zero, environment: {}, parent: null },
  input: zero,
  seconds: 1,
  reported: {},
  model_files: [{ path: 'model.joblib', bytes: 1, sha256: zero }],
  predictions: { path: 'predictions.csv', bytes: 1, sha256: zero },
  metrics_file: null,
  champion: null,
}

const seconds: Record<string, number> = {}
const timed = async <T>(stage: string, work: () => T | Promise<T>): Promise<T> => {
  const started = performance.now()
  const value = await work()
  seconds[stage] = (performance.now() - started) / 1000
  return value
}

const challenger = await timed('read', () => readPredictions(challengerPath, rules))
const champion = championPath === undefined ? null : await timed('read champion', () => readPredictions(championPath, rules))
await timed('unique ids', () => requireUniqueIds(challenger))
await timed('digest', () => digestHoldout(challenger))
const found = await timed('assess', () =>
  assess({
    model: 'churn',
    rules,
    policy: { from: 'refline.yml', digest: zero, loosened: [] },
    run,
    runDigest: zero,
    challenger,
    opponent: champion === null ? { kind: 'first', proof: 'there is none' } : { kind: 'champion', version: 1 },
    champion,
    change: champion === null ? 'first' : 'changed',
    override: null,
    problem: null,
  }),
)

const figures: Record<string, number | null> = {}
for (const row of found.rows) {
  for (const [part, value] of Object.entries({ value: row.challenger.value, low: row.challenger.low, high: row.challenger.high }))
    figures[`${row.metric}.${part}`] = value
  if (row.difference === null) continue
  figures[`${row.metric}.difference.low`] = row.difference.low
  figures[`${row.metric}.difference.high`] = row.difference.high
}
for (const slice of found.slices) figures[`${slice.column}=${slice.value}.${slice.metric}`] = slice.challenger.value

console.log(
  JSON.stringify({
    seconds,
    total: Object.values(seconds).reduce((sum, value) => sum + value, 0),
    megabytes: (process.resourceUsage().maxRSS * 1024) / 1e6,
    rows: challenger.rows,
    figures,
  }),
)
