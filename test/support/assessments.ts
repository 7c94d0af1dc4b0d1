import type {
  Assessment,
  Difference,
  Estimate,
  JudgedFairness,
  JudgedRow,
  JudgedRule,
  JudgedSlice,
} from '../../src/core/comparison/assessment.ts'
import type { CommentContext } from '../../src/core/report/comment-context.ts'

const digest = 'a81c0de5'.repeat(8)

export const estimate = (
  value: number | null,
  low: number | null = null,
  high: number | null = null,
  more: Partial<Estimate> = {},
): Estimate => ({
  value,
  low,
  high,
  support: null,
  method: low === null ? null : 'wilson',
  reason: null,
  ...more,
})

export const difference = (
  value: number | null,
  low: number | null = null,
  high: number | null = null,
  more: Partial<Difference> = {},
): Difference => ({
  ...estimate(value, low, high),
  test: null,
  statistic: null,
  p: null,
  detectable: null,
  ...more,
})

export const rule = (kind: JudgedRule['kind'], bound: number | null, more: Partial<JudgedRule> = {}): JudgedRule => ({
  kind,
  bound,
  relative: false,
  verdict: 'pass',
  basis: 'interval',
  proven: true,
  severity: 'error',
  sentence: '',
  ...more,
})

export const row = (metric: string, challenger: Estimate, more: Partial<JudgedRow> = {}): JudgedRow => ({
  metric,
  title: metric,
  primary: false,
  direction: 'higher',
  challenger,
  champion: null,
  difference: null,
  rules: [],
  verdict: 'pass',
  ...more,
})

export const slice = (value: string, more: Partial<JudgedSlice> = {}): JudgedSlice => ({
  column: 'region',
  value,
  rows: 5747,
  metric: 'recall',
  support: 865,
  challenger: estimate(0.802, 0.774, 0.827),
  champion: estimate(0.785),
  difference: null,
  rules: [rule('min', 0.75)],
  verdict: 'pass',
  ...more,
})

export const group = (value: string, rate: number | null, support: number, more: Partial<JudgedFairness['groups'][number]> = {}) => ({
  value,
  rows: 2 * support,
  rates: [
    {
      name: 'true_positive_rate',
      estimate: estimate(rate, rate === null ? null : rate - 0.03, rate === null ? null : rate + 0.03, { support }),
    },
  ],
  judged: true,
  ...more,
})

export const fairness = (more: Partial<JudgedFairness> = {}): JudgedFairness => ({
  column: 'sex',
  measure: 'equal_opportunity_difference',
  estimate: estimate(0.12, 0.06, 0.18, { support: 700, method: 'mover' }),
  groups: [group('F', 0.7, 700), group('M', 0.82, 900), group('__missing__', 0.5, 12, { judged: false })],
  rules: [rule('max', 0.05, { verdict: 'fail', sentence: '0.1200 is above 0.05, even at best (0.0600)' })],
  verdict: 'fail',
  ...more,
})

const base: Assessment = {
  schema: 1,
  model: 'churn',
  run: 'churn-3f9a1c2b0d7e',
  verdict: 'pass',
  decision: 'promote',
  headline: '',
  because: [],
  opponent: { kind: 'champion', version: 11 },
  change: 'changed',
  rows: [],
  slices: [],
  fairness: [],
  findings: [],
  warnings: [],
  holdout: { digest, rows: 12480, positive: 1909, paired: 12480, lost: 0, weighted: false, clusters: null, decided: null },
  roc: null,
  confidence: 0.95,
  seed: 20240601,
  rules: { from: 'refline.yml of main at a81c0de', digest, loosened: [] },
  override: null,
  notes: [],
  run_digest: digest,
  predictions_digest: digest,
}

const roc = {
  x: [0, 0.1, 0.2, 0.5, 1],
  challenger: [0, 0.788, 0.893, 0.982, 1],
  champion: [0, 0.753, 0.876, 0.974, 1],
}

/** SURFACE's five cases with its figures. */
export const clearWin: Assessment = {
  ...base,
  headline: 'churn may merge, and merging puts it live: it is better than champion v11 (ROC AUC 0.918 -> 0.929)',
  rows: [
    row('roc_auc', estimate(0.92884, 0.92293, 0.93475, { method: 'delong' }), {
      primary: true,
      champion: estimate(0.9179),
      difference: difference(0.01096, 0.00642, 0.01551, { test: 'DeLong, paired', statistic: 4.75, p: 2e-6, detectable: 0.0065 }),
      rules: [rule('min', 0.9), rule('max_drop', 0.005), rule('superior', null)],
    }),
    row('recall', estimate(0.8167, 0.7987, 0.8334), {
      title: 'recall @ 0.2',
      champion: estimate(0.7968),
      difference: difference(0.0199, 0.0033, 0.0365, { test: 'McNemar mid-p', p: 0.019 }),
      rules: [rule('min', 0.75), rule('max_drop', 0.02, { relative: true })],
    }),
    row('brier', estimate(0.0663, 0.0632, 0.0693), {
      direction: 'lower',
      champion: estimate(0.0717),
      difference: difference(-0.0054, -0.0073, -0.0035),
      rules: [rule('max', 0.09)],
    }),
    row('precision', estimate(0.5532, 0.5348, 0.5717), {
      champion: estimate(0.5344),
      difference: difference(0.0188, 0.0053, 0.032),
      verdict: 'reported',
    }),
    row('model_size_mb', estimate(4.2), {
      champion: estimate(3.6),
      difference: difference(0.6),
      rules: [rule('max', 50, { basis: 'point' })],
    }),
  ],
  slices: [
    slice('EU'),
    slice('LATAM', {
      rows: 372,
      support: 53,
      verdict: 'not-judged',
      rules: [rule('min', 0.75, { verdict: 'not-applicable', sentence: 'support 53 < 60' })],
    }),
  ],
  roc,
}

export const clearLoss: Assessment = {
  ...base,
  model: 'fraud',
  run: 'fraud-18d9be40f6c1',
  verdict: 'fail',
  decision: 'keep',
  headline: 'fraud must not merge: it is worse than champion v7 (ROC AUC 0.910 -> 0.895, allowed drop 0.005)',
  because: ['roc_auc is at least 0.0101 below champion v7, 0.005 is allowed'],
  opponent: { kind: 'champion', version: 7 },
  rows: [
    row('roc_auc', estimate(0.8945, 0.8868, 0.9021), {
      primary: true,
      champion: estimate(0.9096),
      difference: difference(-0.0151, -0.0202, -0.0101),
      rules: [rule('max_drop', 0.005, { verdict: 'fail', sentence: 'at least 0.0101 lower' })],
      verdict: 'fail',
    }),
    row('recall', estimate(0.7527, 0.7325, 0.7719), {
      title: 'recall @ 0.2',
      champion: estimate(0.7729),
      difference: difference(-0.0202, -0.0376, -0.0028),
      rules: [rule('min', 0.75, { basis: 'point', proven: false, sentence: 'not proven with these rows: may be as low as 0.7325' })],
    }),
  ],
}

export const inconclusive: Assessment = {
  ...base,
  verdict: 'inconclusive',
  decision: 'inconclusive',
  headline: 'churn: cannot tell if it is worse than champion v11; 1,460 holdout rows are too few for a margin of 0.005',
  holdout: { digest, rows: 1460, positive: 220, paired: 1460, lost: 0, weighted: false, clusters: null, decided: null },
  rows: [
    row('roc_auc', estimate(0.9144, 0.8942, 0.9347), {
      primary: true,
      champion: estimate(0.9093),
      difference: difference(0.0051, -0.0091, 0.0194),
      rules: [rule('max_drop', 0.005, { verdict: 'inconclusive', proven: false, sentence: 'could be 0.0091 lower' })],
      verdict: 'inconclusive',
    }),
  ],
  notes: ['roc_auc: even identical models could not prove a drop of at most 0.005 with 1,460 rows; about 24,000 are needed'],
}

export const firstRun: Assessment = {
  ...base,
  change: 'first',
  headline: 'churn may merge, and merging makes it version 1: nothing to compare with, all absolute gates pass',
  opponent: { kind: 'first', proof: 'the ledger was read and has no version of churn, and no release carries its tag' },
  holdout: { digest, rows: 12480, positive: 1909, paired: null, lost: 0, weighted: false, clusters: null, decided: null },
  rows: [
    row('roc_auc', estimate(0.9105, 0.9034, 0.9175), {
      primary: true,
      rules: [
        rule('min', 0.9),
        rule('max_drop', 0.005, { verdict: 'not-applicable', basis: 'none', proven: false, sentence: 'no champion' }),
      ],
    }),
  ],
  rules: { from: 'this pull request (new model)', digest, loosened: [] },
}

const nan = '37 of 12,480 scores are NaN'
const undefinedRow = (metric: string, champion: number, bound: number): JudgedRow =>
  row(metric, estimate(null, null, null, { reason: nan }), {
    champion: estimate(champion),
    difference: difference(null, null, null, { reason: nan }),
    rules: [rule('min', bound, { verdict: 'fail', basis: 'none', proven: false, sentence: `undefined never passes: ${nan}` })],
    verdict: 'fail',
  })

export const notANumber: Assessment = {
  ...base,
  verdict: 'fail',
  decision: 'keep',
  headline: 'churn must not merge: roc_auc is undefined, because 37 of 12,480 scores are NaN',
  rows: [{ ...undefinedRow('roc_auc', 0.9179, 0.9), primary: true }, undefinedRow('recall', 0.7968, 0.75)],
}

export const fiveCases: Readonly<Record<string, Assessment>> = { clearWin, clearLoss, inconclusive, firstRun, notANumber }

export const commentContext: CommentContext = {
  version: '0.1.0',
  commit: '7d21e0a9c3b14f5a6b7c8d9e0f1a2b3c4d5e6f70',
  jobUrl: 'https://github.com/acme/churn/actions/runs/1',
  params: [{ name: 'max_depth', from: '6', to: '8' }],
  data: [{ path: 'data/train.csv', sha256: '9c41'.repeat(16), changed: false }],
  codeChanged: true,
  seconds: 221,
  modelBytes: 4_200_000,
  championBytes: 3_600_000,
  newModel: false,
  rollout: { environment: 'production', steps: [5, 10, 25, 50] },
}

/** What the reports know where nothing is known beside the assessment. */
export const emptyContext = (version: string): CommentContext => ({
  version,
  commit: null,
  jobUrl: null,
  params: [],
  data: [],
  codeChanged: null,
  seconds: null,
  modelBytes: null,
  championBytes: null,
  newModel: false,
  rollout: null,
})
