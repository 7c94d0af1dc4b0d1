import { parseConfiguration } from '../../../src/core/configuration/parse.ts'
import { dispersionOf } from '../../../src/core/rollout/dispersion.ts'
import { emptyJudgeState, judge } from '../../../src/core/rollout/judge.ts'
import type { JudgeSettings } from '../../../src/core/rollout/judge-state.ts'
import { judgeSettingsOf } from '../../../src/core/rollout/settings.ts'
import { errors, type Minute, type Rule } from './rule.ts'

/** What an environment says beyond the defaults. `horizon` in minutes. */
export interface Environment {
  readonly horizon?: number
  readonly signals?: readonly string[]
  /** Keys of every signal, as in refline.yml. */
  readonly signal?: Readonly<Record<string, number | string>>
  readonly judge?: Readonly<Record<string, number | string>>
}

const written = (keys: Readonly<Record<string, number | string>>): string =>
  Object.entries(keys)
    .map(([key, value]) => `, ${key}: ${value}`)
    .join('')

/** What the history says of each signal's dispersion goes into the rules, as canary-deploy does with what it knows before the first step. */
const knowing = (settings: JudgeSettings, history: readonly Minute[]): JudgeSettings => ({
  ...settings,
  signals: Object.fromEntries(
    Object.entries(settings.signals).map(([name, signal]) => {
      const windows = history.map(({ signals }) => ({ requests: signals[name]?.stable ?? 0, events: signals[name]?.stableBad ?? 0 }))
      return [name, { ...signal, seen: dispersionOf(windows) }]
    }),
  ),
})

/** The judge's rules and steps as a refline.yml gives them, defaults and all. */
export const environmentOf = ({ horizon = 60, signals = [errors], signal = {}, judge: rules = {} }: Environment) => {
  const text = `models:
  churn: { task: binary, primary: roc_auc, gates: { roc_auc: { min: 0.5 } } }
environments:
  production:
    target: { kind: command, deploy: [deploy], read: [read], set: [set] }
    judge: { max_duration: ${horizon}m${written(rules)} }
    signals:
${signals.map(name => `      ${name}: { kind: http, url: "http://localhost/\${slot}"${written(signal)} }`).join('\n')}
`
  const environment = parseConfiguration(text, 'refline.yml').environments?.production
  if (!environment) throw new Error('there is no environment')
  return {
    settings: judgeSettingsOf('production', environment),
    steps: environment.steps.map(step => Number(step) / 100),
  }
}

/**
 * How a rollout is driven: through these shares of traffic, each step taken on proof as canary-deploy takes it (`proof`), every minute whatever the judge says (`ramp`),
 * or not at all (`watch`). Only `proof` ends in a promotion.
 */
export interface Driven {
  readonly by: 'proof' | 'ramp' | 'watch'
  readonly through: readonly number[]
}

/** The judge that ships, its state carried from minute to minute. */
export const reflineWith = (name: string, declared: JudgeSettings, { by, through }: Driven): Rule => ({
  name,
  begin: history => {
    const settings = history.length === 0 ? declared : knowing(declared, history)
    let state = emptyJudgeState(settings)
    let step = 0
    return {
      weight: () => through[step] as number,
      look: minute => {
        const answer = judge(settings, state, minute)
        state = answer.state
        const { verdict } = answer.judgement
        if (verdict === 'rollback') return 'rollback'
        if (by === 'watch' || (by === 'proof' && verdict === 'hold')) return null
        if (step < through.length - 1) step += 1
        else if (by === 'proof') return 'promote'
        return null
      },
    }
  },
})

/** {@link reflineWith} what a refline.yml says; through its own steps unless told otherwise. */
export const refline = (name: string, environment: Environment = {}, driven?: Driven): Rule => {
  const { settings, steps } = environmentOf(environment)
  return reflineWith(name, settings, driven ?? { by: 'proof', through: steps })
}

/** Requests go to the canary in the share `seen` while the target says `set`: what is a rollback elsewhere is here the minute in which the judge holds for that reason. */
export const splitCheck = (name: string, set: number, seen: number): Rule => ({
  name,
  begin: () => {
    const { settings } = environmentOf({})
    let state = emptyJudgeState(settings)
    return {
      weight: () => seen,
      look: minute => {
        const answer = judge(settings, state, { ...minute, weight: set })
        state = answer.state
        return answer.judgement.waiting === 'sample-ratio' ? 'rollback' : null
      },
    }
  },
})
