import { logRows } from '../../adapters/files/log-rows.ts'
import { httpClient } from '../../adapters/http/client.ts'
import { httpSignal } from '../../adapters/http/signal.ts'
import { type LogPlace, predictionLogSignal } from '../../adapters/prediction-log/signal.ts'
import type { CountedBy } from '../../adapters/prometheus/asked.ts'
import { prometheusSignal } from '../../adapters/prometheus/signal.ts'
import type { EnvironmentConfiguration, SignalConfiguration } from '../../core/configuration/environment-schema.ts'
import { UserError } from '../../core/errors.ts'
import { responseTime } from '../../core/rollout/response-time.ts'
import { secondsOf } from '../../core/rollout/settings.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Signal } from '../../ports/signals.ts'
import { filled } from './filled.ts'

/** What signals are made of besides their own settings. */
export interface AroundSignals {
  readonly model: string
  /** The environment of refline.yml. */
  readonly environment: string
  /** The checkout, below which logs are. */
  readonly workspace: string
  /** Variables of the process: only those that refline.yml names are looked at. */
  readonly variables: NodeJS.ProcessEnv
  readonly clock: Clock
  /** Told by checks what is asked and what it shows. */
  readonly say: (line: string) => void
}

type Of<Kind> = Extract<SignalConfiguration, { readonly kind: Kind }>

/** The value of a variable that refline.yml names; null where it names none. */
const secretOf = (signal: string, variable: string | undefined, variables: NodeJS.ProcessEnv): string | null => {
  if (variable === undefined) return null
  const value = variables[variable] ?? ''
  if (value === '')
    throw new UserError(`signal ${signal} needs the variable ${variable}, which is not set; pass it to the step under \`env:\``)
  return value
}

const authorizationOf = (name: string, signal: Of<'prometheus'>, variables: NodeJS.ProcessEnv): string | null => {
  const token = secretOf(name, signal.token_env, variables)
  if (token !== null) return `Bearer ${token}`
  const login = secretOf(name, signal.basic_auth_env, variables)
  if (login === null) return null
  if (!login.includes(':')) throw new UserError(`signal ${name}: the variable ${signal.basic_auth_env} must hold user:password`)
  return `Basic ${Buffer.from(login).toString('base64')}`
}

const countedBy = ({ total, bad, histogram, over }: Of<'prometheus'>): CountedBy =>
  histogram === undefined
    ? // The schema has seen to it that each is there.
      { total: total ?? '', bad: bad ?? '' }
    : { histogram, over: responseTime(over ?? '') }

const logSignal = (name: string, signal: Of<'prediction-log'>, around: AroundSignals): Signal => {
  const { model, environment } = around
  const place = (text: string): LogPlace => {
    const path = filled(text, { model, environment })
    return /^https?:/.test(path) ? { url: path } : { file: path }
  }
  const { columns = {}, labels, format } = signal
  return predictionLogSignal({
    name,
    predictions: signal.file === undefined ? { url: filled(signal.url ?? '', { model, environment }) } : place(signal.file),
    ...(labels === undefined ? {} : { labels: place(labels) }),
    ...(format === undefined ? {} : { format }),
    columns: {
      id: columns.id ?? 'id',
      arm: columns.arm ?? 'arm',
      prediction: columns.prediction ?? 'prediction',
      label: columns.label ?? 'label',
      time: columns.time ?? 'time',
    },
    arms: signal.arms,
    rate: {
      of: signal.of,
      bad: signal.bad,
      positive: signal.positive === undefined ? null : String(signal.positive),
      threshold: signal.threshold ?? null,
    },
    within: signal.labels_within === undefined ? null : secondsOf(signal.labels_within),
    token: secretOf(name, signal.token_env, around.variables),
    rows: logRows(around.workspace),
    http: httpClient,
    clock: around.clock,
    say: around.say,
  })
}

const signalOf = (name: string, signal: SignalConfiguration, around: AroundSignals): Signal => {
  const { model, environment, variables, clock, say } = around
  switch (signal.kind) {
    case 'http':
      return httpSignal({
        name,
        urls: [signal.url].flat().map(url => filled(url, { model, environment })),
        token: secretOf(name, signal.token_env, variables),
        ...(signal.over === undefined ? {} : { over: responseTime(signal.over) }),
        http: httpClient,
        clock,
        say,
      })
    case 'prometheus':
      return prometheusSignal({
        name,
        url: filled(signal.url, { model, environment }),
        authorization: authorizationOf(name, signal, variables),
        http: httpClient,
        counts: countedBy(signal),
        model,
        environment,
        lag: secondsOf(signal.lag),
        clock,
        say,
      })
    case 'prediction-log':
      return logSignal(name, signal, around)
  }
}

/** The signals of an environment of refline.yml. Throws a UserError where one names a variable that is not set, or writes an expression for a selector. */
export const signalsOf = (settings: EnvironmentConfiguration, around: AroundSignals): readonly Signal[] =>
  Object.entries(settings.signals).map(([name, signal]) => signalOf(name, signal, around))
