import { configuration, type ModelConfiguration } from '../../../src/core/configuration/schema.ts'
import { TextBuilder } from '../../../src/core/evaluation/columns.ts'
import type { Predictions } from '../../../src/core/evaluation/predictions.ts'
import type { RunRecord } from '../../../src/core/lineage/run.ts'

/** A model's rules from the section as it stands in refline.yml, with all defaults. */
export const rulesOf = (section: Record<string, unknown>): ModelConfiguration =>
  configuration.parse({ models: { churn: { task: 'binary', primary: 'roc_auc', predictions: 'predictions.csv', ...section } } }).models
    .churn as ModelConfiguration

const idsOf = (ids: readonly string[]) => {
  const builder = new TextBuilder()
  for (const id of ids) builder.addValue(id)
  return builder.build()
}

export interface Row {
  readonly id: string
  readonly label: number
  readonly score: number
  readonly region?: string
}

/** Binary predictions of rows, as a reader would give them with threshold 0.5. */
export const binaryOf = (rows: readonly Row[]): Predictions => {
  const scores = Float64Array.from(rows, row => row.score)
  const regions = [...new Set(rows.map(row => row.region ?? 'EU'))]
  const bad = scores.filter(score => !Number.isFinite(score)).length
  return {
    task: 'binary',
    rows: rows.length,
    ids: idsOf(rows.map(row => row.id)),
    classes: ['0', '1'],
    labels: Uint16Array.from(rows, row => row.label),
    predicted: Uint16Array.from(scores, score => (score >= 0.5 ? 1 : 0)),
    scores,
    probabilities: null,
    weights: null,
    clusters: null,
    singlePrecision: false,
    slices: new Map([['region', { codes: Uint16Array.from(rows, row => regions.indexOf(row.region ?? 'EU')), values: regions }]]),
    threshold: 0.5,
    problem: rows.length === 0 ? 'predictions.csv has no rows' : bad > 0 ? `${bad} scores are NaN` : null,
    source: { file: 'predictions.csv', lines: null, columns: { id: 'id', label: 'label', score: 'score', prediction: null } },
  }
}

/** Predictions of the other tasks. `predicted` and `labels` are class indexes or numbers. */
export const otherOf = (
  part: Pick<Predictions, 'task' | 'classes' | 'labels' | 'predicted'> & { readonly probabilities?: readonly Float64Array[] },
): Predictions => ({
  probabilities: null,
  ...part,
  rows: part.labels.length,
  ids: idsOf(Array.from(part.labels, (_, row) => `r${row}`)),
  scores: null,
  weights: null,
  clusters: null,
  singlePrecision: false,
  slices: new Map(),
  threshold: null,
  problem: null,
  source: { file: 'predictions.csv', lines: null, columns: { id: 'id', label: 'label', score: null, prediction: 'prediction' } },
})

const zero = '0'.repeat(64)

/** The record of a run with one model file, with what its script reported. */
export const runOf = (reported: RunRecord['reported'] = {}, predictions = true): RunRecord => ({
  schema: 1,
  run: 'churn-3f9a1c2b0d7e',
  model: 'churn',
  created: { at: '2026-01-01T00:00:00Z', workflow_run: null, job: null, job_index: null, actor: null, event: null, pull_request: null },
  lineage: { repository: null, commit: null, code: null, data: [], params: {}, train: zero, environment: {}, parent: null },
  input: zero,
  seconds: 1,
  reported,
  model_files: [{ path: 'model.joblib', bytes: 4_200_000, sha256: zero }],
  predictions: predictions ? { path: 'predictions.csv', bytes: 1, sha256: zero } : null,
  metrics_file: null,
  champion: null,
})
