import { describe, expect, it } from 'vitest'
import { cleanRequests, planLines, requestsToSee } from '../../../src/core/rollout/plan.ts'
import { heldShare, requestsToProve } from '../../../src/core/rollout/proof-time.ts'
import { counts, errors, judged, poissonBy, seeded, settingsOf } from './judging.ts'

const steps = [5, 10, 25, 50]
const settings = settingsOf()
const hour = { tick: 60, longest: 3600 }
const text = (...of: Parameters<typeof planLines>): string => planLines(...of).join('\n')

describe('planned samples', () => {
  it.each([
    [0.01, 0.02, 0.05, 1533],
    [0.01, 0.02, 0.1, 1859],
    [0.01, 0.015, 0.05, 6705],
    [0.01, 0.05, 0.05, 164],
    [0.001, 0.002, 0.05, 17_362],
    [0.001, 0.01, 0.05, 516],
  ])('%d -> %d at %d of the traffic are those of canary.md 3.2, within a quarter', (from, to, weight, measured) => {
    const planned = requestsToSee(0.01, weight, from, to)
    expect(planned).toBeGreaterThan(0.75 * measured)
    expect(planned).toBeLessThan(1.25 * measured)
  })

  it('of a proof: clean requests are exact, and a rate that is unacceptable is never proven', () => {
    const clean = cleanRequests(errors, 0.05)
    expect(judged(settings, [counts(clean, 0, 19 * clean, 0)]).judgement.verdict).toBe('promote')
    expect(judged(settings, [counts(clean - 1, 0, 19 * clean, 0)]).judgement.verdict).toBe('hold')
    expect(requestsToProve(errors, { beta: 0.05, weight: 0.05, canaryRate: 0.016, stableRate: 0.01 })).toBeNull()
    expect(requestsToProve(errors, { beta: 0.05, weight: 0.05, canaryRate: 0.01, stableRate: 0.01, dispersion: 3 })).toBeGreaterThan(
      2 * (requestsToProve(errors, { beta: 0.05, weight: 0.05, canaryRate: 0.01, stableRate: 0.01 }) ?? 0),
    )
  })

  it('of a share that is still held are those of the judge itself', () => {
    const expected = { beta: 0.05, weight: 0.05, canaryRate: 0.003, stableRate: 0.003 }
    const planned = heldShare(errors, expected, 60, 20)
    const poisson = poissonBy(seeded(11))
    let held = 0
    for (let run = 0; run < 150; run++) {
      let from = judged(settings, []).state
      let verdict = 'hold'
      for (let look = 0; look < 60 && verdict !== 'promote'; look++) {
        const answer = judged(settings, [counts(20, poisson(0.06), 380, poisson(1.14))], { from })
        from = answer.state
        verdict = answer.judgement.verdict
      }
      if (verdict !== 'promote') held += 1
    }
    expect(Math.abs(held / 150 - planned)).toBeLessThan(0.12)
    expect(heldShare(errors, expected, 60, 3000)).toBeLessThan(0.001)
    expect(heldShare(errors, expected, 0, 20)).toBe(1)
  })
})

describe('planLines', () => {
  it('counts requests where the traffic is not known', () => {
    expect(planLines(settings, steps, null)).toEqual([
      'errors: 1 % -> 2 % is seen after about 1,612 canary requests at 5 % of the traffic',
      'errors: proven acceptable (below 1 % or less than 1.5 x stable) after about 376 canary requests without a bad one',
    ])
  })

  it('says times where it is', () => {
    const lines = text(settings, steps, 20, hour)
    expect(lines).toContain(
      'errors: at your traffic, 1 % -> 2 % is seen after about 27 min at 5 % of 1,200 requests/min (1,612 canary requests)',
    )
    expect(lines).toContain('about 6 min at 5 % of 1,200 requests/min')
    expect(lines).toContain('a good canary takes about 10 min: 7 min at 5 %, then one look each at 10 %, 25 %, 50 %')
    expect(lines).not.toContain('warning')
  })

  it('plans with the present rate of the stable arm, and with more than one signal', () => {
    const rated = text(settings, steps, 20, { ...hour, rates: { errors: 0.003 } })
    expect(rated).toContain('0.3 % -> 0.6 % is seen after')
    expect(rated).toContain('while it errs as stable does now (0.3 %)')
    const two = settingsOf({ signals: { errors, slow: { ...errors, required: false } } })
    const lines = planLines(two, steps, 20, hour)
    expect(lines.join('\n')).toContain('slow: need not be proven, may roll back')
    const minutes = (of: readonly string[]) => Number(/is seen after about (\d+) min/.exec(of[0] ?? '')?.[1])
    expect(minutes(lines)).toBeGreaterThan(minutes(planLines(settings, steps, 20, hour)))
  })

  it('warns where this traffic cannot decide in time, and says how many good canaries would be held', () => {
    const lines = text(settings, steps, 200 / 60, { ...hour, rates: { errors: 0.01 } })
    expect(lines).toMatch(
      /errors: warning: these 200 requests\/min cannot decide within 60 min: about \d\d % of good canaries would still be held/,
    )
    expect(text(settings, steps, 0, hour)).toMatch(/^there is no traffic now/)
  })

  it('says what can never be proven', () => {
    const noisy = settingsOf({ signals: { errors: { ...errors, unacceptable: 1.0001 } } })
    expect(text(noisy, steps, 20, { ...hour, rates: { errors: 0.2 } })).toContain(
      'errors: cannot be proven acceptable at 20 % of bad requests, however long it takes',
    )
  })

  it('takes a known dispersion into account', () => {
    const dispersed = settingsOf({ signals: { errors: { ...errors, dispersion: 3 } } })
    expect(text(dispersed, steps, null)).toContain('after about 4,83')
  })

  it('says of a threshold rule what it does and what it cannot see', () => {
    const threshold = settingsOf({ rule: 'threshold', failures: 3, looks: 5, signals: { errors: { ...errors, max: 0.015 } } })
    const lines = text(threshold, steps, 100, { ...hour, rates: { errors: 0.01 } })
    expect(lines).toContain('rolled back at failed look 3, next step after 5 passed in a row; no error bound is promised')
    expect(lines).toMatch(/\d+ % of canaries with 1 % of bad requests would be rolled back and \d+ % promoted; 100 % of canaries with 2 % /)
    expect(text(threshold, steps, 10, hour)).toMatch(
      /warning: at 600 requests\/min a look at 5 % has about 30 canary requests and needs 50: nothing passes or fails/,
    )
    expect(text({ ...threshold, signals: { errors } }, steps, null)).toContain(
      'has no threshold, so only the hard limit of 20 % is watched',
    )
  })
})
