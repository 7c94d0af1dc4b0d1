import { z } from 'zod'
import { fairnessMeasure, severity } from '../configuration/rules-schema.ts'
import { sha256 } from '../lineage/run.ts'
import { type Decision, decision, type Verdict, verdict } from './answers.ts'

export { type Decision, decision, type Verdict, verdict }

/**
 * A number with its uncertainty. `value` null means undefined, and then `reason` says why (it is never 0). `low` and `high` are the two-sided
 * interval at the model's confidence; both null where none is possible. `support` is the metric's own denominator in rows.
 */
export const estimate = z.strictObject({
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  support: z.int().min(0).nullable(),
  method: z.string().nullable().describe('of the interval: wilson, delong, bootstrap, t'),
  reason: z.string().nullable(),
})
export type Estimate = z.output<typeof estimate>

/** A paired difference, challenger minus champion, in the metric's own unit and sign. */
export const difference = z.strictObject({
  ...estimate.shape,
  test: z.string().nullable().describe('such as "DeLong, paired" or "McNemar mid-p"'),
  statistic: z.number().nullable(),
  p: z.number().nullable(),
  detectable: z.number().min(0).nullable().describe('smallest difference these rows would show in 4 of 5 cases'),
})
export type Difference = z.output<typeof difference>

const ruleKind = z.enum(['min', 'max', 'max_drop', 'max_rise', 'min_gain', 'superior', 'superior_by', 'non_inferior', 'equivalent'])

/** One rule on one metric, judged. `proven` is false where the point estimate decided because the interval could not. */
const judgedRule = z.strictObject({
  kind: ruleKind,
  bound: z.number().nullable(),
  relative: z.boolean(),
  verdict: z.enum(['pass', 'fail', 'inconclusive', 'not-applicable']),
  basis: z.enum(['interval', 'point', 'none']),
  proven: z.boolean(),
  severity: severity.describe('only rules of severity error decide the verdict'),
  sentence: z.string().describe('why, in words, with the numbers; a clause without the metric name and without a full stop'),
})
export type JudgedRule = z.output<typeof judgedRule>

/** One row of the report: a metric of the challenger, of the champion where there is one, and the rules on it. */
const judgedRow = z.strictObject({
  metric: z.string().describe('name as in refline.yml, such as recall'),
  title: z.string().describe('as shown, such as "recall @ 0.2"'),
  primary: z.boolean(),
  direction: z.enum(['higher', 'lower']),
  challenger: estimate,
  champion: estimate.nullable(),
  difference: difference.nullable(),
  rules: z.array(judgedRule),
  verdict: z.enum(['pass', 'fail', 'inconclusive', 'reported']),
})
export type JudgedRow = z.output<typeof judgedRow>

/** A subgroup of rows with its own rules. Too small a support is "not judged", said so. */
const judgedSlice = z.strictObject({
  column: z.string(),
  value: z.string(),
  rows: z.int().min(0),
  metric: z.string(),
  support: z.int().min(0).nullable(),
  challenger: estimate,
  champion: estimate.nullable(),
  difference: difference.nullable(),
  rules: z.array(judgedRule),
  verdict: z.enum(['pass', 'fail', 'inconclusive', 'not-judged']),
})
export type JudgedSlice = z.output<typeof judgedSlice>

/** A measure of fairness between the groups of a column, judged. `value` of a group is its name; its rates are those that the measure compares. */
const judgedFairness = z.strictObject({
  column: z.string(),
  measure: fairnessMeasure,
  estimate,
  groups: z.array(
    z.strictObject({
      value: z.string(),
      rows: z.int().min(0),
      rates: z.array(z.strictObject({ name: z.string().describe('such as true_positive_rate'), estimate })),
      judged: z.boolean().describe('false where the support is too small: shown and left out of the measure'),
    }),
  ),
  rules: z.array(judgedRule),
  verdict: z.enum(['pass', 'fail', 'inconclusive', 'not-judged']),
})
export type JudgedFairness = z.output<typeof judgedFairness>

/** What a check of the user's own found. */
export const finding = z.strictObject({ check: z.string().max(100), severity, message: z.string().max(500) })
export type Finding = z.output<typeof finding>

/** A curve for the report, in order; at most 64 points. */
export const curve = z.strictObject({
  x: z.array(z.number()).max(64),
  challenger: z.array(z.number()).max(64),
  champion: z.array(z.number()).max(64).nullable(),
})

/** What stood against the challenger. A recorded champion that cannot be paired is its own case and never a pass. */
export const opponent = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('champion'),
    version: z.int().min(1).nullable().describe('null for predictions from a file'),
    asked: z.string().max(200).optional().describe('where it is not the champion: what was named instead, such as v3, an alias or a file'),
  }),
  z.strictObject({
    kind: z.literal('first'),
    proof: z.string(),
    assumed: z.literal(true).optional().describe('nobody looked for a champion, as at a desk: nothing follows for what goes live'),
  }),
  z.strictObject({
    kind: z.literal('unreachable'),
    version: z.int().min(1).nullable(),
    reason: z.string(),
    asked: z.string().max(200).optional().describe('as for a champion'),
  }),
])
export type Opponent = z.output<typeof opponent>

/** `result.json`: the whole answer about one run, from which every report is rendered and every later step works. */
export const assessment = z.strictObject({
  schema: z.literal(1),
  model: z.string(),
  run: z.string(),
  verdict,
  decision,
  headline: z.string().describe('both answers in one sentence'),
  because: z.array(z.string()).describe('one sentence each: what failed or could not be told'),
  opponent,
  change: z.enum(['changed', 'retrained', 'first']).describe('which promote rule applied'),
  rows: z.array(judgedRow),
  slices: z.array(judgedSlice),
  fairness: z.array(judgedFairness),
  findings: z.array(finding).describe("of the user's own checks; one of severity error fails the gate"),
  warnings: z.array(z.string()).describe('one sentence each: rules of severity warn that do not pass'),
  holdout: z
    .strictObject({
      digest: sha256,
      rows: z.int().min(0),
      positive: z.int().min(0).nullable(),
      paired: z.int().min(0).nullable().describe('rows joined by id; null where there is no champion or it is compared unpaired'),
      lost: z.int().min(0),
      weighted: z.boolean(),
      clusters: z.int().min(1).nullable().describe('how many, where rows are clustered'),
      decided: z.int().min(0).nullable().describe('how often this holdout has decided before; null where that is not known'),
    })
    .nullable()
    .describe('null where only reported metrics exist'),
  roc: curve.nullable(),
  confidence: z.number().gt(0).lt(1),
  seed: z.int().nullable(),
  rules: z.strictObject({
    from: z.string().describe('such as "refline.yml of main at a81c0de" or "this pull request (new model)"'),
    digest: sha256,
    loosened: z.array(z.string()),
  }),
  override: z.strictObject({ reason: z.string(), actor: z.string() }).nullable(),
  notes: z
    .array(z.string())
    .describe('what a reader must know: predictions are the script’s own word, a rule these rows could never prove, ...'),
  run_digest: sha256.describe('of run.json'),
  predictions_digest: sha256.nullable(),
})
export type Assessment = z.output<typeof assessment>
