import { z } from 'zod'
import { modelName } from '../lineage/run.ts'
import { bound } from './rules-schema.ts'

const nonEmpty = z.string().min(1)

/** A share written as 0.01 or "1%". */
const share = bound.transform(({ value }) => value)

/** A span of time in the configuration: 90s, 60m or 5h. */
export const duration = z.string().regex(/^\d{1,6}[smh]$/)

/** How long a request takes: 250ms or 1.5s. */
const responseTime = z.string().regex(/^\d{1,6}(\.\d{1,6})?(ms|s)$/, 'expected a response time such as 250ms or 1.5s')

const tokenEnv = nonEmpty.optional().describe('variable that holds the bearer token')

const columns = z
  .strictObject({ id: nonEmpty, arm: nonEmpty, prediction: nonEmpty, label: nonEmpty, time: nonEmpty })
  .partial()
  .describe('names of the columns, where they are not id, arm, prediction, label and time')

/** What the signals of a source have in common: named once under `sources`, or written with each signal. */
const sourceKeys = {
  http: {
    url: z
      .union([nonEmpty, z.array(nonEmpty).min(1).max(50)])
      .describe('answers {"total": n, "bad": n} since its start; ${slot} is filled in. A list where each instance has its own address'),
    token_env: tokenEnv,
  },
  prometheus: {
    url: nonEmpty.describe('of the server, without /api/v1'),
    token_env: tokenEnv,
    basic_auth_env: nonEmpty.optional().describe('variable that holds user:password, instead of token_env'),
    lag: duration.default('15s').describe('how far behind now it is asked, so that every scrape is in'),
  },
  'prediction-log': {
    file: nonEmpty
      .optional()
      .describe('files in the checkout, with * for any characters of a name: .csv, .jsonl (each also with .gz or .zst) or .parquet'),
    url: nonEmpty
      .optional()
      .describe('where the rows are fetched, instead of `file`; ${since} is filled in with the time at which the rollout began'),
    token_env: tokenEnv,
    format: z.enum(['csv', 'jsonl']).optional().describe('of what the address answers; by its ending by default'),
    columns: columns.optional(),
    arms: z
      .enum(['version', 'slot'])
      .default('version')
      .describe('what stands in the column `arm`: the number of the version, or blue and green'),
    labels: nonEmpty.optional().describe('files or address of the labels, where they are not beside the predictions; joined by id'),
    labels_within: duration.optional().describe('how long after its request a label counts; at any time by default'),
  },
} as const

/** How a signal is judged, whatever its kind. */
const judged = {
  models: z.array(modelName).optional().describe('which models it is of; all by default'),
  tolerate: z.number().min(1).default(1).describe('harm is more bad requests than this many times the share of the stable version'),
  unacceptable: z.number().gt(1).default(1.5).describe('proven acceptable is less than this many times the share of the stable version'),
  acceptable: share.default(0.01).describe('or proven to be below this share of bad requests'),
  breaker: share.default(0.2).describe('share of bad requests at which it is rolled back at once'),
  breaker_requests: z.int().min(1).default(50).describe('requests that the breaker needs to have seen'),
  required: z.boolean().default(true).describe('nothing is promoted before this signal is proven acceptable'),
  dispersion: z
    .union([z.number().min(1), z.literal('off')])
    .optional()
    .describe(
      'how much more bad requests vary than single ones would (variance / mean); estimated by default, `off` takes each request for itself',
    ),
  max: share.optional().describe('with `rule: threshold`: share of bad requests above which a look fails'),
}

const timed = {
  over: responseTime.optional().describe('requests slower than this are the bad ones, from `slower` of the answer; one of its keys'),
}
const counted = {
  total: nonEmpty.optional().describe('selector of the counter of all requests, never an expression; ${slot} is filled in'),
  bad: nonEmpty.optional().describe('selector of the counter of bad requests'),
  histogram: nonEmpty.optional().describe('selector of a histogram without _bucket, instead of `total` and `bad`'),
  over: responseTime.optional().describe('with `histogram`: requests slower than this bucket edge are bad, such as 250ms'),
}
const rated = {
  of: z
    .enum(['all', 'predicted_positive', 'actual_positive'])
    .default('all')
    .describe('which requests are counted: predicted_positive for precision, actual_positive for recall'),
  bad: nonEmpty
    .default('wrong')
    .describe('which of them are bad: `wrong`, `positive` or `negative` (what was predicted), or "<column> is true"'),
  positive: z.union([z.string(), z.number(), z.boolean()]).optional().describe('the positive label; 1, true and yes by default'),
  threshold: z.number().optional().describe('scores from here on are positive, where the log holds scores and not decisions'),
}

const http = z.strictObject({ kind: z.literal('http'), ...sourceKeys.http, ...timed, ...judged })
const prometheus = z
  .strictObject({ kind: z.literal('prometheus'), ...sourceKeys.prometheus, ...counted, ...judged })
  .superRefine((signal, check) => {
    const problem = (path: string, message: string) => check.addIssue({ code: 'custom', path: [path], message })
    if (signal.token_env !== undefined && signal.basic_auth_env !== undefined)
      problem('basic_auth_env', 'is there beside token_env; one of them says who asks')
    if (signal.histogram === undefined) {
      if (signal.total === undefined) problem('total', 'is missing; write `total` and `bad`, or `histogram` and `over`')
      if (signal.bad === undefined) problem('bad', 'is missing; write `total` and `bad`, or `histogram` and `over`')
      if (signal.over !== undefined) problem('over', 'belongs to `histogram`')
    } else {
      if (signal.over === undefined) problem('over', 'is missing: from which bucket edge on is a request bad? Such as 250ms')
      if (signal.total !== undefined) problem('total', 'is there beside `histogram`, which counts by itself')
      if (signal.bad !== undefined) problem('bad', 'is there beside `histogram`, which counts by itself')
    }
  })
const predictionLog = z
  .strictObject({ kind: z.literal('prediction-log'), ...sourceKeys['prediction-log'], ...rated, ...judged })
  .refine(({ file, url }) => (file === undefined) !== (url === undefined), { path: ['file'], message: 'write either `file` or `url`' })

/** One signal of an environment. Where refline.yml names a source, its keys are laid under those of the signal before. */
export const signal = z.discriminatedUnion('kind', [http, prometheus, predictionLog])
export type SignalConfiguration = z.output<typeof signal>

/** Sources of signals by name: a signal with `source: <name>` takes their keys, and what it says itself wins. */
export const sources = z.record(
  z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/),
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('http'), ...sourceKeys.http }),
    z.strictObject({ kind: z.literal('prometheus'), ...sourceKeys.prometheus }),
    z.strictObject({ kind: z.literal('prediction-log'), ...sourceKeys['prediction-log'] }),
  ]),
)
