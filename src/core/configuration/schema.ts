import { z } from 'zod'
import { modelName } from '../lineage/run.ts'
import { command, environmentConfiguration, sources } from './environment-schema.ts'
import { fairness, gate, promote, slice } from './rules-schema.ts'

export type { EnvironmentConfiguration, SignalConfiguration, StepConfiguration, TargetConfiguration } from './environment-schema.ts'
export type { Bound, Gate } from './rules-schema.ts'

const nonEmpty = z.string().min(1)
const predictions = z.union([
  nonEmpty.transform(file => ({ file, paired: true })),
  z.strictObject({
    file: nonEmpty.describe('one row per holdout row: .csv, .jsonl (each also with .gz or .zst) or .parquet'),
    columns: z
      .strictObject({ id: nonEmpty, label: nonEmpty, score: nonEmpty, prediction: nonEmpty, weight: nonEmpty })
      .partial()
      .optional()
      .describe('names of the columns, where they are not id, label, score and prediction; rows are weighted only where `weight` is named'),
    cluster: nonEmpty
      .optional()
      .describe('column whose rows belong together, such as user_id: intervals then vary whole clusters and not rows'),
    paired: z
      .boolean()
      .default(true)
      .describe(
        'false compares the two models as if on unrelated rows, without joining them by id: wider intervals, for holdouts that are never the same',
      ),
    positive: z
      .union([z.string(), z.number(), z.boolean()])
      .optional()
      .describe('name of the positive label; 1 by default for 0/1 labels only'),
    threshold: z.number().optional().describe('scores from here on are positive, where there is no prediction column'),
    score: command
      .optional()
      .describe('scores any version on the holdout: reads the model at $REFLINE_MODEL, writes the file $REFLINE_PREDICTIONS'),
    keep: z
      .union([z.array(nonEmpty).min(1), z.literal('none')])
      .optional()
      .describe('columns stored beside the version, so that later ones are compared with it; `none`: it is scored again each time'),
  }),
])

const train = z.strictObject({
  setup: command.optional().describe('runs before the training command, such as pip install -r requirements.txt'),
  command,
  output: nonEmpty.describe('model file or folder'),
  data: z.array(nonEmpty).optional().describe('files or folders digested into the lineage'),
  params: nonEmpty.optional().describe('YAML or JSON file of the params, kept in the lineage'),
  metrics: nonEmpty
    .optional()
    .describe('file, MLflow database or folder of metrics that the script reports itself; the usual places are read without it'),
  code: z
    .array(nonEmpty)
    .optional()
    .describe('folders and files whose change is a change of code; the whole repository without *.md, .github and refline.yml by default'),
})

const modelSection = z.strictObject({
  task: z.enum(['binary', 'multiclass', 'regression']),
  path: nonEmpty.optional().describe('folder that commands run in; the repository by default'),
  shared: z.array(nonEmpty).optional().describe('with `path`: folders outside of it that hold code of this model too'),
  train: train.optional(),
  predictions: predictions.optional(),
  primary: nonEmpty.describe('the metric that promotion is decided by'),
  promote: promote.prefault({}),
  confidence: z.number().gt(0.5).lt(1).default(0.95).describe('of every interval'),
  on_inconclusive: z
    .enum(['point', 'fail', 'warn'])
    .default('point')
    .describe('what these rows can neither prove nor disprove: `point` lets the estimate decide, `fail` blocks, `warn` lets it pass'),
  gates: z.record(nonEmpty, gate).describe('rules by metric: may it merge?'),
  slices: z
    .record(nonEmpty, slice)
    .optional()
    .describe('rules by column and metric, for every value of the column; "country x channel" crosses two'),
  fairness: z.record(nonEmpty, fairness).optional().describe('rules by column on the differences between its groups; binary models only'),
  checks: nonEmpty
    .optional()
    .describe('module (.ts, .mts, .js or .mjs) of your own checks: it gets the predictions as a data frame and gives metrics and findings'),
  image: z
    .strictObject({
      name: nonEmpty.optional().describe('such as ghcr.io/acme/churn'),
      base: nonEmpty.optional().describe('the image to build on'),
      requirements: nonEmpty.optional().describe('requirements file of what the model needs to serve'),
    })
    .optional(),
  card: z.strictObject({ intended_use: z.string(), limits: z.string(), licence: z.string() }).partial().optional(),
})

const modelConfiguration = modelSection.refine(({ task, fairness }) => fairness === undefined || task === 'binary', {
  path: ['fairness'],
  error: 'fairness is measured on binary models only; judge the groups of other models by `slices`',
})
export type ModelConfiguration = z.output<typeof modelConfiguration>

const store = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('github').describe('assets of releases of this repository') }),
  z.strictObject({
    kind: z.literal('files').describe('a folder or a mounted bucket'),
    path: nonEmpty.describe('the folder, absolute or relative to the checkout; every job that uses models must see the same one'),
  }),
])
export type StoreConfiguration = z.output<typeof store>

/** `refline.yml`, parsed: unknown keys are errors everywhere. */
export const configuration = z.strictObject({
  models: z.record(modelName, modelConfiguration),
  sources: sources.optional().describe('where signals come from, named once; a signal takes one by `source`'),
  environments: z.record(z.string().regex(/^[a-z0-9-]{1,40}$/), environmentConfiguration).optional(),
  store: store.default({ kind: 'github' }).describe("where the versions' files are kept; releases of the repository by default"),
})
export type Configuration = z.output<typeof configuration>
