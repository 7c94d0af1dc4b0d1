import type { EnvironmentConfiguration } from '../configuration/environment-schema.ts'
import { UserError } from '../errors.ts'
import type { DispersionState, JudgeSettings, SignalSettings } from './judge-state.ts'

const unit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

/** Seconds of a duration such as `90s`, `60m` or `5h`. */
export const secondsOf = (text: string): number => {
  const [, digits, letter] = /^(\d+)([smh])$/.exec(text) ?? []
  const factor = unit[letter ?? '']
  if (digits === undefined || factor === undefined) throw new UserError(`"${text}" is not a duration; write 90s, 60m or 5h`)
  return Number(digits) * factor
}

type SignalConfiguration = EnvironmentConfiguration['signals'][string]

const signalSettingsOf = (of: SignalConfiguration, seen: DispersionState | undefined): SignalSettings => ({
  tolerate: of.tolerate,
  unacceptable: of.unacceptable,
  acceptable: of.acceptable,
  breaker: of.breaker,
  breakerRequests: of.breaker_requests,
  required: of.required,
  ...(of.dispersion === undefined ? {} : { dispersion: of.dispersion }),
  ...(of.max === undefined ? {} : { max: of.max }),
  ...(of.kind === 'prediction-log' ? { late: true } : {}),
  ...(seen === undefined ? {} : { seen }),
})

const assertThresholds = (name: string, { rule }: EnvironmentConfiguration['judge'], signals: Readonly<Record<string, SignalSettings>>) => {
  for (const [signal, { required, max }] of Object.entries(signals)) {
    if (rule === 'threshold' && required && max === undefined)
      throw new UserError(
        `environments.${name}.signals.${signal} is required and has no \`max\`: with \`rule: threshold\` write the share of bad requests above which a look fails, such as \`max: 2%\`.`,
      )
    if (rule === 'evidence' && max !== undefined)
      throw new UserError(
        `environments.${name}.signals.${signal} has \`max\`, which only \`rule: threshold\` looks at. Leave it out, or write \`judge: { rule: threshold }\`.`,
      )
    if (max !== undefined && (max < 0 || max >= 1))
      throw new UserError(`environments.${name}.signals.${signal}.max is ${max}; write a share below 1, such as 2% or 0.02.`)
  }
}

/**
 * The rules that a rollout is judged by from its first to its last batch, from its environment in refline.yml. Throws a UserError where nothing could ever be decided by them.
 *
 * @param seen what is known of the dispersion of signals, by name: from the last rollout (`handedOn`) or the history of the stable arm (`dispersionOf`)
 */
export const judgeSettingsOf = (
  name: string,
  environment: EnvironmentConfiguration,
  seen: Readonly<Record<string, DispersionState>> = {},
): JudgeSettings => {
  const { judge } = environment
  const signals = Object.fromEntries(
    Object.entries(environment.signals).map(([signal, of]) => [signal, signalSettingsOf(of, seen[signal])]),
  )
  if (!Object.values(signals).some(of => of.required))
    throw new UserError(
      `environments.${name}.signals has no signal with \`required: true\`: nothing could ever prove that a version is acceptable. Add one that counts requests and errors.`,
    )
  assertThresholds(name, judge, signals)
  return {
    alpha: judge.alpha,
    beta: judge.beta,
    horizon: Math.max(1, Math.ceil(secondsOf(judge.max_duration) / judge.tick)),
    signals,
    method: 2,
    ...(judge.rule === 'threshold' ? { rule: judge.rule, failures: judge.failures, looks: judge.looks } : {}),
    ...(judge.sample_ratio === 'hold' ? {} : { sampleRatio: { action: judge.sample_ratio } }),
  }
}
