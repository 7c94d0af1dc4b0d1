import { z } from 'zod'
import { modelName } from '../lineage/run.ts'
import { duration, signal } from './signal-schema.ts'

export { type SignalConfiguration, sources } from './signal-schema.ts'

const nonEmpty = z.string().min(1)

/** A command of the user's: a string runs in bash, a list is argv. */
export const command = z.union([nonEmpty, z.array(nonEmpty).min(1)]).describe('a string runs as `bash -eo pipefail`, a list is argv')

const passEnv = z.array(nonEmpty).optional().describe('variables that the commands need although they look like credentials')
const slots = z.strictObject({ blue: nonEmpty, green: nonEmpty })

const target = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('haproxy'),
    sockets: z.array(nonEmpty).min(1).describe('runtime socket of each instance, level admin: a path or host:port'),
    backend: nonEmpty.describe('${model} is filled in'),
    slots: slots.describe('servers of the backend; ${model} and ${slot} are filled in'),
    deploy: command,
    pass_env: passEnv,
  }),
  z.strictObject({
    kind: z.literal('nginx'),
    instances: z
      .array(
        z.strictObject({
          file: nonEmpty.describe('the file that Refline writes and nginx includes at its http level; ${model} is filled in'),
          status: nonEmpty.describe('URL of the location that returns the variable that ends in _told; ${model} is filled in'),
          test: command.default(['nginx', '-t']),
          reload: command.default(['nginx', '-s', 'reload']),
        }),
      )
      .min(1),
    slots: slots.describe('upstreams, or addresses such as 127.0.0.1:8001; ${model} and ${slot} are filled in'),
    ready: slots.describe('URL at which the model server of each slot answers 2xx when it could serve; ${model} and ${slot} are filled in'),
    variable: nonEmpty
      .default('refline_${model}')
      .describe('the variable of nginx that `proxy_pass` names; other characters than letters and digits become _'),
    split_by: nonEmpty
      .default('$request_id')
      .describe('what the traffic is divided by: `$request_id` draws for each request, `$remote_addr` keeps a client on its side'),
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
