import { describe, expect, it } from 'vitest'
import { configuration, type EnvironmentConfiguration } from '../../../src/core/configuration/schema.ts'
import { countsBetween } from '../../../src/core/rollout/batch.ts'
import { judgeSettingsOf, secondsOf } from '../../../src/core/rollout/settings.ts'
import { bar, duration, evidence, percent } from '../../../src/core/rollout/words.ts'

const counters = (blue: number, blueBad: number, green: number, greenBad: number) => ({
  slots: { blue: { total: blue, bad: blueBad }, green: { total: green, bad: greenBad } },
})

describe('countsBetween', () => {
  it('takes differences by arm', () => {
    expect(countsBetween(counters(1000, 10, 50, 1), counters(1950, 12, 100, 5), 'green')).toEqual({
      counts: { canary: 50, canaryBad: 4, stable: 950, stableBad: 2 },
    })
  })
  it('leaves a window out in which counters began again: what they show now may never have happened', () => {
    const reason = 'the counters of slot green began again, or another instance answered'
    expect(countsBetween(counters(1000, 10, 500, 3), counters(1100, 10, 40, 2), 'green')).toEqual({ counts: null, reason, restarted: true })
    expect(countsBetween(counters(1000, 10, 5, 3), counters(1100, 10, 40, 2), 'green')).toEqual({ counts: null, reason, restarted: true })
    expect(countsBetween(counters(1000, 10, 5, 3), counters(999, 10, 40, 3), 'green')).toMatchObject({
      counts: null,
      reason: expect.stringContaining('slot blue'),
    })
  })
  it('refuses a contradiction instead of judging it', () => {
    expect(countsBetween(counters(1000, 0, 0, 0), counters(1001, 0, 1, 1), 'green')).toMatchObject({ counts: { canaryBad: 1 } })
    expect(countsBetween(counters(1000, 0, 0, 0), counters(1001, 5, 1, 0), 'green')).toMatchObject({
      counts: null,
      reason: expect.stringContaining('slot blue'),
      restarted: false,
    })
  })
})

const environment = (change: object = {}): EnvironmentConfiguration => {
  const production = {
    target: { kind: 'command', deploy: 'd', read: 'r', set: 's' },
    signals: { errors: { kind: 'http', url: 'http://127.0.0.1/${slot}' } },
    ...change,
  }
  const parsed = configuration.parse({ models: {}, environments: { production } }).environments?.production
  if (!parsed) throw new Error('the configuration has no production')
  return parsed
}

describe('judgeSettingsOf', () => {
  it('takes the defaults of DESIGN section 11', () => {
    expect(judgeSettingsOf('production', environment())).toEqual({
      alpha: 0.01,
      beta: 0.05,
      horizon: 60,
      signals: { errors: { tolerate: 1, unacceptable: 1.5, acceptable: 0.01, breaker: 0.2, breakerRequests: 50, required: true } },
      method: 2,
    })
  })
  it('refuses what could never be promoted', () => {
    const optional = { errors: { kind: 'http', url: 'http://127.0.0.1/${slot}', required: false } }
    expect(() => judgeSettingsOf('production', environment({ signals: optional }))).toThrow('nothing could ever prove')
    expect(() => judgeSettingsOf('production', environment({ signals: {} }))).toThrow('nothing could ever prove')
  })
  it('reads durations', () => {
    expect(['90s', '60m', '5h'].map(secondsOf)).toEqual([90, 3600, 18_000])
    expect(() => secondsOf('1d')).toThrow('90s, 60m or 5h')
  })
})

it('says numbers as people read them', () => {
  expect([0, Math.log(5.2), Math.log(1234), Math.log(1.8e26), Math.log(9.99e9), -50].map(evidence)).toEqual([
    '1.0',
    '5.2',
    '1,234',
    '1.8e26',
    '1.0e10',
    'almost 0',
  ])
  expect([bar(0.01), bar(0.05), percent(0.005), duration(40), duration(1740), duration(12_600)]).toEqual([
    '100',
    '20',
    '0.5 %',
    '40 s',
    '29 min',
    '3.5 h',
  ])
})
