import { describe, expect, it } from 'vitest'
import { emptyJudgeState, judge } from '../../../src/core/rollout/judge.ts'
import type { JudgeSettings } from '../../../src/core/rollout/judge-state.ts'
import { clusteredBy, errors, seeded, settingsOf } from './judging.ts'

interface Cell {
  readonly settings: JudgeSettings
  readonly requests: number
  readonly canaryRate: number
  readonly stableRate: number
  readonly looks: number
  readonly cluster?: number
  readonly onset?: number
  readonly seed?: number
}

/** Rollouts at 5 % until harm is proven: at which look, or null. What would be promoted stays: this asks for false and for late rollbacks. */
const rollbacks = ({ settings, requests, canaryRate, stableRate, looks, cluster = 1, onset = 0, seed = 1 }: Cell, runs: number) => {
  const bad = clusteredBy(seeded(seed), cluster)
  const canary = Math.round(requests * 0.05)
  const stable = requests - canary
  return Array.from({ length: runs }, () => {
    let state = emptyJudgeState(settings)
    for (let look = 1; look <= looks; look++) {
      const rate = look > onset ? canaryRate : stableRate
      const counts = { canary, canaryBad: bad(canary, rate), stable, stableBad: bad(stable, stableRate) }
      const answer = judge(settings, state, { weight: 0.05, signals: { errors: counts } })
      state = answer.state
      if (answer.judgement.verdict === 'rollback') return look
    }
    return null
  })
}
const share = (found: readonly (number | null)[]) => found.filter(look => look !== null).length / found.length
const mean = (found: readonly (number | null)[]) => found.reduce<number>((sum, look) => sum + (look ?? Number.NaN), 0) / found.length

describe('row 9 of DESIGN section 15: one signal, batches of 1,200 requests, 5 % of the traffic', () => {
  it.each([60, 300])('planned for %d looks, sees twice the errors within 1,750 canary requests on average', horizon => {
    const seen = rollbacks({ settings: settingsOf({ horizon }), requests: 1200, canaryRate: 0.02, stableRate: 0.01, looks: 400 }, 600)
    expect(share(seen)).toBe(1)
    expect(60 * mean(seen)).toBeLessThanOrEqual(1750)
  })

  it.each([60, 300])('in %d looks, rolls back at most one in a hundred that do no harm', looks => {
    const cell = { settings: settingsOf({ horizon: looks }), requests: 1200, canaryRate: 0.01, stableRate: 0.01, looks }
    expect(share(rollbacks(cell, 24_000 / looks))).toBeLessThanOrEqual(0.01)
  })

  it('sees harm that begins after two hours almost as fast as harm that is there from the start', () => {
    const cell = { settings: settingsOf({ horizon: 180 }), requests: 6000, canaryRate: 0.02, stableRate: 0.01, looks: 300, onset: 120 }
    const late = rollbacks(cell, 100).map(look => (look === null ? null : look - 120))
    expect(share(late)).toBe(1)
    expect(mean(late)).toBeLessThan(13)
  })
})

describe('errors in clusters (canary.md 3.4)', () => {
  const signal = (dispersion: number | 'off') => settingsOf({ signals: { errors: { ...errors, dispersion } } })
  it.each([
    [2, 3],
    [5, 9],
  ])('of %d on average: at most one in a hundred is rolled back where a dispersion of %d is known, far more where it is off', (cluster, dispersion) => {
    const cell = { requests: 1200, canaryRate: 0.01, stableRate: 0.01, looks: 60, cluster }
    expect(share(rollbacks({ ...cell, settings: signal(dispersion) }, 300))).toBeLessThanOrEqual(0.01)
    expect(share(rollbacks({ ...cell, settings: signal('off') }, 100))).toBeGreaterThan(0.1)
  })

  it('are noticed from the batches alone, and then harm is still found', () => {
    const cell = { settings: settingsOf(), requests: 6000, stableRate: 0.01, cluster: 5 }
    expect(share(rollbacks({ ...cell, canaryRate: 0.01, looks: 60 }, 100))).toBeLessThan(0.3)
    expect(share(rollbacks({ ...cell, settings: settingsOf({ horizon: 300 }), canaryRate: 0.02, looks: 300 }, 60))).toBe(1)
  })
})
