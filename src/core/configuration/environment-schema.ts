import { z } from 'zod'
import { modelName } from '../lineage/run.ts'
import { bound } from './rules-schema.ts'

const nonEmpty = z.string().min(1)

/** A command of the user's: a string runs in bash, a list is argv. */
export const command = z.union([nonEmpty, z.array(nonEmpty).min(1)]).describe('a string runs as `bash -eo pipefail`, a list is argv')

/** A share written as 0.01 or "1%". */
const share = bound.transform(({ value }) => value)

const duration = z.string().regex(/^\d{1,6}[smh]$/)

const passEnv = z.array(nonEmpty).optional().describe('variables that the commands need although they look like credentials')
const slots = z.strictObject({ blue: nonEmpty, green: nonEmpty })

const target = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('haproxy'),
    sockets: z.array(nonEmpty).min(1).describe('runtime socket of each instance: a path or host:port'),
    backend: nonEmpty,
    slots: slots.describe('servers of the backend'),
    deploy: command,
    pass_env: passEnv,
  }),
  z.strictObject({
    kind: z.literal('nginx'),
    instances: z
      .array(
        z.strictObject({
          file: nonEmpty.describe('the file that Refline writes and nginx includes'),
          test: command.default(['nginx', '-t']),
          reload: command.default(['nginx', '-s', 'reload']),
          status: nonEmpty.optional().describe('URL at which nginx answers with the seq of the weights that it serves'),
        }),
      )
      .min(1),
    slots: slots.describe('addresses of the servers, such as 127.0.0.1:8001'),
    deploy: command,
    pass_env: passEnv,
  }),
  z.strictObject({
    kind: z.literal('gateway-api'),
    context: nonEmpty.optional().describe('of the kubeconfig; the present one by default'),
    kubeconfig: nonEmpty.optional().describe('path of the kubeconfig; what kubectl takes by itself by default'),
    namespace: nonEmpty.describe('of the HTTPRoute, the Services and the Deployments'),
    route: nonEmpty.describe('name of the HTTPRoute; every model needs one of its own, ${model} is filled in'),
    slots: slots.describe('names of the Services; ${model} and ${slot} are filled in'),
    deployments: slots.optional().describe('names of the Deployments where they are not those of the Services'),
    deploy: command,
    pass_env: passEnv,
  }),
  z.strictObject({ kind: z.literal('command'), deploy: command, read: command, set: command, pass_env: passEnv }),
])
export type TargetConfiguration = z.output<typeof target>

const tokenEnv = nonEmpty.optional().describe('variable that holds the bearer token')
const columns = z
  .strictObject({ id: nonEmpty, arm: nonEmpty, prediction: nonEmpty, label: nonEmpty, time: nonEmpty })
  .partial()
  .describe('names of the columns, where they are not id, arm, prediction, label and time')

/** What the signals of a source have in common: named once under `sources`, or written with each signal. */
const sourceKeys = {
  http: { url: nonEmpty.describe('answers {"total": n, "bad": n} since its start; ${slot} is filled in'), token_env: tokenEnv },
  prometheus: {
    url: nonEmpty.describe('of the server, without /api/v1'),
    token_env: tokenEnv,
    lag: duration.default('15s').describe('how far behind now it is asked, so that every scrape is in'),
  },
  'prediction-log': {
    file: nonEmpty.optional().describe('path or glob in the checkout: .csv, .jsonl or .parquet'),
    url: nonEmpty.optional().describe('where the rows are fetched; ${since} is filled in'),
    token_env: tokenEnv,
    format: z.enum(['csv', 'jsonl', 'parquet']).optional().describe('by the ending of the name by default'),
    columns: columns.optional(),
    arms: z.enum(['version', 'slot']).default('version').describe('what stands in the column `arm`'),
    labels: nonEmpty.optional().describe('file of the labels, where they are not beside the predictions; joined by id'),
    labels_within: duration.optional().describe('how long a label may take; later ones are not waited for'),
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

const counted = {
  total: nonEmpty.optional().describe('selector of the counter of all requests'),
  bad: nonEmpty.optional().describe('selector of the counter of bad requests'),
  histogram: nonEmpty.optional().describe('selector of a histogram, instead of `total` and `bad`'),
  over: nonEmpty.optional().describe('with `histogram`: requests slower than this bucket are bad, such as 250ms'),
}
const rated = {
  of: z.enum(['all', 'predicted_positive', 'actual_positive']).default('all').describe('which rows are counted'),
  bad: nonEmpty.default('wrong').describe('which of them are bad: `wrong`, or the name of a column that is true'),
  positive: nonEmpty.optional().describe('name of the positive label; 1 or true by default'),
}

const inlineSignals = [
  z.strictObject({ kind: z.literal('http'), ...sourceKeys.http, ...judged }),
  z.strictObject({ kind: z.literal('prometheus'), ...sourceKeys.prometheus, ...counted, ...judged }),
  z.strictObject({ kind: z.literal('prediction-log'), ...sourceKeys['prediction-log'], ...rated, ...judged }),
] as const

const signal = z.discriminatedUnion('kind', [...inlineSignals])
export type SignalConfiguration = z.output<typeof signal>

/** A wait between two shares of traffic, after the first of them has proven itself. */
const wait = z.union([
  z.strictObject({ pause: duration.describe('how long the share before it stays at least') }),
  z.strictObject({
    approval: z.strictObject({
      within: duration.default('24h').describe('how long it is waited for'),
      otherwise: z.enum(['withdraw', 'rollback']).default('withdraw').describe('what then'),
    }),
  }),
])

const judge = z.strictObject({
  rule: z
    .enum(['evidence', 'threshold'])
    .default('evidence')
    .describe('`threshold` compares each look with the `max` of the signal, as Argo Rollouts and Flagger do: no error rate is promised'),
  alpha: z.number().gt(0).lt(1).default(0.01).describe('most harmless canaries that are rolled back, as a share'),
  beta: z.number().gt(0).lt(1).default(0.05).describe('most unacceptable canaries that are promoted, as a share'),
  tick: z.number().min(1).default(60).describe('seconds between looks'),
  settle: z.number().min(0).default(5).describe('seconds after a weight change that are not counted'),
  max_duration: duration.default('60m').describe('how long it may stay undecided, without pauses and approvals, such as 90s, 60m or 5h'),
  on_inconclusive: z
    .enum(['withdraw', 'hold', 'rollback'])
    .default('withdraw')
    .describe(
      'what then: `withdraw` gives the traffic back and keeps the version eligible, `hold` leaves it for the watchdog workflow, `rollback` quarantines it',
    ),
  on_provider_error: z
    .enum(['withdraw', 'hold', 'rollback'])
    .default('withdraw')
    .describe('what follows where a required signal or the target does not answer for `provider_deadline`'),
  provider_deadline: duration.default('5m'),
  abandon_after: duration
    .default('2h')
    .describe('a rollout that no runner watched for so long is given up: the champion gets its traffic back'),
  bake: duration.default('0s').describe('how long it is watched at all traffic, with the old champion still up, before it is the champion'),
  failures: z.int().min(1).default(3).describe('with `rule: threshold`: it is rolled back at this many failed looks'),
  looks: z.int().min(1).default(5).describe('with `rule: threshold`: passed looks in a row that a step takes'),
  sample_ratio: z
    .enum(['hold', 'warn', 'off'])
    .default('hold')
    .describe('what follows where the arms do not get the shares of traffic that were set'),
})
export type JudgeConfiguration = z.output<typeof judge>

/** An environment of refline.yml: where versions are live, and how they come there. */
export const environmentConfiguration = z.strictObject({
  models: z.array(modelName).optional().describe('which models live here; all by default'),
  url: nonEmpty.optional().describe('where people see it, for the deployments on GitHub'),
  target,
  steps: z
    .array(z.union([z.number().gt(0).lt(100), wait]))
    .default([5, 10, 25, 50])
    .describe('shares of traffic in percent that the canary gets, one after the other, and waits after them'),
  judge: judge.prefault({}),
  signals: z.record(z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/), signal).describe('what the canary is judged by'),
})
export type EnvironmentConfiguration = z.output<typeof environmentConfiguration>
export type StepConfiguration = EnvironmentConfiguration['steps'][number]

/** A source of signals by name: what `source: <name>` of a signal is replaced by, key by key. */
export const sources = z.record(
  z.string().regex(/^[a-z][a-z0-9_-]{0,39}$/),
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('http'), ...sourceKeys.http }),
    z.strictObject({ kind: z.literal('prometheus'), ...sourceKeys.prometheus }),
    z.strictObject({ kind: z.literal('prediction-log'), ...sourceKeys['prediction-log'] }),
  ]),
)
