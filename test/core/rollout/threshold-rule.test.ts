import { describe, expect, it } from 'vitest'
import { judge } from '../../../src/core/rollout/judge.ts'
import { thresholdChances } from '../../../src/core/rollout/threshold-chances.ts'
import { counts, errors, judged, settingsOf } from './judging.ts'

const signal = { ...errors, max: 0.02 }
const settings = settingsOf({ rule: 'threshold', failures: 3, looks: 2, signals: { errors: signal } })
const passing = counts(100, 2, 1900, 10)
const failing = counts(100, 3, 1900, 10)
const few = counts(49, 9, 931, 4)

describe('threshold rule', () => {
  it('rolls back at the failed look that was named, not after it (failure group 1: limits mean "at N")', () => {
    expect(judged(settings, [failing, failing]).judgement.verdict).toBe('hold')
    const { judgement } = judged(settings, [failing, failing, failing])
    expect(judgement).toMatchObject({ verdict: 'rollback', quarantine: true, signals: [{ state: 'unhealthy' }] })
    expect(judgement.reason).toMatch(
      /^3 looks failed, 3 roll back: canary 9\/300 errors, stable 30\/5700, above 2 %; threshold rule: no error bound is proven$/,
    )
    expect(judged(settingsOf({ ...settings, failures: 1 }), [failing]).judgement.verdict).toBe('rollback')
  })

  it.each([
    [0.29, 29, 100],
    [0.57, 57, 100],
    [0.035, 7, 200],
  ])('passes a look at exactly %s, %s of %s, whatever floating point makes of the product', (max, bad, requests) => {
    const exact = settingsOf({ ...settings, signals: { errors: { ...errors, breaker: 1, max } } })
    const { state, judgement } = judged(exact, [counts(requests, bad, 1900, 10)])
    expect(state.looks).toMatchObject({ failed: 0, newest: 'passed' })
    expect(judgement.signals[0]?.state).toBe('healthy')
    expect(judged(exact, [counts(requests, bad + 1, 1900, 10)]).state.looks).toMatchObject({ failed: 1 })
    const plan = { max, fewest: 1, failures: 1, looks: 1, longest: 1, requests: [requests] }
    // The chance of a failed look is that of more than `bad` of them.
    expect(thresholdChances(plan, bad / requests).rolledBack).toBeLessThan(0.5)
    expect(thresholdChances({ ...plan, max: (bad - 0.5) / requests }, bad / requests).rolledBack).toBeGreaterThan(0.5)
  })

  it('counts failed looks over the whole rollout, and passed ones in a row', () => {
    expect(judged(settings, [failing, passing, failing, passing, failing]).judgement.verdict).toBe('rollback')
    expect(judged(settings, [passing, failing, passing]).judgement.verdict).toBe('hold')
    expect(judged(settings, [passing, failing, passing, passing]).judgement.verdict).toBe('promote')
  })

  it('begins to count passed looks anew at each weight', () => {
    const { state } = judged(settings, [passing, passing])
    const once = judge(settings, state, { weight: 0.1, signals: { errors: counts(200, 2, 1800, 10) } })
    expect(once.judgement).toMatchObject({
      verdict: 'hold',
      reason: expect.stringContaining('1 of 2 looks passed in a row at this weight'),
    })
    const twice = judge(settings, once.state, { weight: 0.1, signals: { errors: counts(200, 2, 1800, 10) } })
    expect(twice.judgement.verdict).toBe('promote')
  })

  it('neither fails nor passes a look without data: too few requests, none, or no answer (failure group 3)', () => {
    for (const nothing of [few, counts(0, 0, 2000, 9), { errors: { unanswered: 'timeout' } }]) {
      const between = judged(settings, [failing, failing, ...Array.from({ length: 20 }, () => nothing)])
      expect(between.judgement.verdict).toBe('hold')
      expect(between.state.looks).toMatchObject({ failed: 2, passed: 0, newest: 'no-data' })
      const after = judged(settings, [passing, passing, nothing]).judgement
      expect(after.verdict).toBe('hold')
    }
  })

  it('never says that something was proven', () => {
    for (const batches of [[passing], [failing], [few], [passing, passing]])
      for (const { words } of judged(settings, batches).judgement.signals)
        expect(words).toMatch(/threshold rule: no error bound is proven$/)
    expect(judged(settings, [passing, passing]).judgement.reason).toMatch(/no error bound is proven$/)
  })

  it('quarantines nothing where stable is beyond the threshold as well', () => {
    const shared = counts(100, 5, 1900, 95)
    expect(judged(settings, [shared, shared, shared]).judgement).toMatchObject({ verdict: 'rollback', quarantine: false })
  })

  it('still has the hard limit and the sample ratio', () => {
    expect(judged(settings, [counts(100, 25, 1900, 10)]).judgement).toMatchObject({
      verdict: 'rollback',
      reason: expect.stringContaining('hard limit'),
    })
    const skewed = counts(1000, 0, 1000, 0)
    expect(judged(settings, [skewed, skewed]).judgement.waiting).toBe('sample-ratio')
  })

  it('fails for any signal and passes for all required ones', () => {
    const both = settingsOf({
      ...settings,
      signals: { errors: signal, slow: { ...signal, required: false }, other: { ...errors, required: false } },
    })
    const look = (errorsOf: typeof passing, slow: typeof passing) => ({ errors: errorsOf, slow, other: failing })
    expect(judged(both, [look(passing, failing)]).state.looks).toMatchObject({ failed: 1, newest: 'failed' })
    expect(judged(both, [look(passing, few)]).state.looks).toMatchObject({ passed: 1, newest: 'passed' })
  })
})

it('plans with the exact chances of its ends: one step, one look each, by hand', () => {
  // Two of three requests at most may fail a look of three; failing needs more than 1 of 3 bad.
  const plan = { max: 0.34, fewest: 1, failures: 1, looks: 1, longest: 1, requests: [3] }
  const { rolledBack, promoted } = thresholdChances(plan, 0.5)
  expect(rolledBack).toBeCloseTo(0.5, 12)
  expect(promoted).toBeCloseTo(0.5, 12)
  const twice = thresholdChances({ ...plan, failures: 2, looks: 2, longest: 3 }, 0.5)
  expect(twice.rolledBack).toBeCloseTo(0.5, 12)
  expect(twice.promoted).toBeCloseTo(0.375, 12)
  expect(thresholdChances({ ...plan, fewest: 10, longest: 50 }, 0.5)).toEqual({ rolledBack: 0, promoted: 0 })
})
