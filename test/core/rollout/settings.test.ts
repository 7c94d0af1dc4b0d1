import { describe, expect, it } from 'vitest'
import { configuration } from '../../../src/core/configuration/schema.ts'
import { judgeSettings } from '../../../src/core/rollout/judge-state.ts'
import { judgeSettingsOf } from '../../../src/core/rollout/settings.ts'

const environment = (change: { readonly judge?: object; readonly signals?: object }) => {
  const production = {
    target: { kind: 'command', deploy: './t deploy', read: './t read', set: './t set' },
    signals: { errors: { kind: 'http', url: 'http://127.0.0.1/${slot}' } },
    ...change,
  }
  const parsed = configuration.parse({ models: {}, environments: { production } }).environments?.production
  if (!parsed) throw new Error('the configuration has no production')
  return parsed
}
const http = { kind: 'http', url: 'http://127.0.0.1/${slot}' }

describe('judgeSettingsOf', () => {
  it('takes the threshold rule, its limits and the sample ratio, in a form that a ledger keeps', () => {
    const settings = judgeSettingsOf(
      'production',
      environment({
        judge: { rule: 'threshold', failures: 2, looks: 4, sample_ratio: 'warn' },
        signals: { errors: { ...http, max: '2%' } },
      }),
    )
    expect(settings).toMatchObject({
      rule: 'threshold',
      failures: 2,
      looks: 4,
      method: 2,
      sampleRatio: { action: 'warn' },
      signals: { errors: { max: 0.02 } },
    })
    expect(judgeSettings.parse(JSON.parse(JSON.stringify(settings)))).toEqual(settings)
  })

  it('refuses a threshold rule without a threshold, and a threshold that nothing looks at', () => {
    const threshold = environment({ judge: { rule: 'threshold' } })
    expect(() => judgeSettingsOf('production', threshold)).toThrow('environments.production.signals.errors is required and has no `max`')
    const evidence = environment({ signals: { errors: { ...http, max: '2%' } } })
    expect(() => judgeSettingsOf('production', evidence)).toThrow('which only `rule: threshold` looks at')
    const beyond = environment({ judge: { rule: 'threshold' }, signals: { errors: { ...http, max: 2 } } })
    expect(() => judgeSettingsOf('production', beyond)).toThrow('errors.max is 2; write a share below 1')
  })

  it('takes what is declared of dispersion, what is known of it, and which labels come late', () => {
    const seen = { between: 90, events: 10, squared: 60 }
    const signals = { errors: { ...http, dispersion: 'off' }, wrong: { kind: 'prediction-log', file: 'log.csv', required: false } }
    const settings = judgeSettingsOf('production', environment({ signals }), { wrong: seen })
    expect(settings.signals).toMatchObject({ errors: { dispersion: 'off' }, wrong: { late: true, seen } })
    expect(settings.signals.errors).not.toHaveProperty('seen')
    expect(settings.signals.errors).not.toHaveProperty('late')
  })
})
