import { describe, expect, it } from 'vitest'
import { bakeAfter, bakeHarm, isWithinProof } from '../../../src/core/rollout/bake-harm.ts'
import { counts, errors, judged, poissonBy, seeded, settingsOf } from './judging.ts'

const settings = settingsOf()
/** Proven beside a stable arm with 0.5 % of bad requests: 1 % is acceptable. */
const proven = judged(settings, [counts(10_000, 50, 190_000, 950)]).state
const baking = (canary: number, bad: number, from = proven) => judged(settings, [counts(canary, bad, 0, 0)], { weight: 1, from }).state

describe('harm of a version that has all traffic', () => {
  it('is told by the exact e-value of what it counts there', () => {
    const state = baking(1000, 30)
    const counted = bakeAfter(settings, state, {})
    expect(counted).toEqual({ errors: { requests: 1000, bad: 30 } })
    // By hand: the mean over g of g^30 ((1 - 0.01 g) / 0.99)^970.
    const terms = [1.25, 1.5, 2, 3, 5, 10, 20, 50].map(g => Math.exp(30 * Math.log(g) + 970 * (Math.log(1 - 0.01 * g) - Math.log(0.99))))
    const mean = terms.reduce((sum, term) => sum + term, 0) / terms.length
    expect(mean).toBeGreaterThan(100)
    expect(bakeHarm(settings, state, counted)).toMatch(/^30 of 1,000 errors with all traffic, where at most 1 % was proven/)
    expect(bakeHarm(settingsOf({ alpha: 0.9 / mean }), state, counted)).toBeNull()
    expect(bakeHarm(settingsOf({ alpha: 1.1 / mean }), state, counted)).not.toBeNull()
  })

  it('is rarely told of one that is at its limit, however often it is looked at', () => {
    const draw = poissonBy(seeded(11))
    let told = 0
    for (let run = 0; run < 400; run++) {
      let counted = {}
      for (let look = 0; look < 30; look++) {
        const state = baking(1000, Math.min(1000, draw(10)))
        counted = bakeAfter(settings, state, counted)
        if (bakeHarm(settings, state, counted) === null) continue
        told += 1
        break
      }
    }
    expect(told).toBeLessThanOrEqual(8)
  })

  it('is measured by what stable had where that is more, and adds nothing of a signal without an answer', () => {
    const bad = judged(settings, [counts(10_000, 300, 190_000, 5700)]).state
    expect(bakeHarm(settings, baking(1000, 30, bad), { errors: { requests: 1000, bad: 30 } })).toBeNull()
    expect(isWithinProof(settings, baking(1000, 44, bad))).toBe(true)
    expect(isWithinProof(settings, baking(1000, 46, bad))).toBe(false)
    const silent = judged(settings, [{ errors: { unanswered: 'no answer' } }], { from: baking(1000, 30) }).state
    expect(bakeAfter(settings, silent, {})).toEqual({})
  })

  it('leaves labels that come late and the threshold rule alone', () => {
    const late = settingsOf({ signals: { errors: { ...errors, late: true } } })
    expect(bakeAfter(late, baking(1000, 900), {})).toEqual({})
    expect(bakeAfter(settingsOf({ rule: 'threshold' }), baking(1000, 900), {})).toEqual({})
  })
})
