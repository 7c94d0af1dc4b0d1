import type { EnvironmentConfiguration } from '../configuration/schema.ts'
import { UserError } from '../errors.ts'
import type { JudgeSettings } from './judge-state.ts'

const unit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

/** Seconds of a duration such as `90s`, `60m` or `5h`. */
export const secondsOf = (text: string): number => {
  const [, digits, letter] = /^(\d+)([smh])$/.exec(text) ?? []
  const factor = unit[letter ?? '']
  if (digits === undefined || factor === undefined) throw new UserError(`"${text}" is not a duration; write 90s, 60m or 5h`)
  return Number(digits) * factor
}

/** The rules that a rollout is judged by from its first to its last batch, from its environment in refline.yml. */
export const judgeSettingsOf = (name: string, environment: EnvironmentConfiguration): JudgeSettings => {
  const signals = Object.entries(environment.signals).map(
    ([signal, of]) =>
      [
        signal,
        {
          tolerate: of.tolerate,
          unacceptable: of.unacceptable,
          acceptable: of.acceptable,
          breaker: of.breaker,
          breakerRequests: of.breaker_requests,
          required: of.required,
        },
      ] as const,
  )
  if (!signals.some(([, of]) => of.required))
    throw new UserError(
      `environments.${name}.signals has no signal with \`required: true\`: nothing could ever prove that a version is acceptable. Add one that counts requests and errors.`,
    )
  return {
    alpha: environment.judge.alpha,
    beta: environment.judge.beta,
    horizon: Math.max(1, Math.ceil(secondsOf(environment.judge.max_duration) / environment.judge.tick)),
    signals: Object.fromEntries(signals),
  }
}
