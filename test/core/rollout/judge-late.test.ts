import { expect, it } from 'vitest'
import { emptyJudgeState, judge } from '../../../src/core/rollout/judge.ts'
import { judgeLate } from '../../../src/core/rollout/judge-late.ts'
import type { JudgeSettings } from '../../../src/core/rollout/judge-state.ts'

const signal = { tolerate: 1, unacceptable: 1.5, acceptable: 0.01, breaker: 0.2, breakerRequests: 50, required: true }
const settings: JudgeSettings = {
  alpha: 0.01,
  beta: 0.05,
  horizon: 60,
  method: 2,
  signals: { errors: signal, precision: { ...signal, required: false, late: true, dispersion: 'off' } },
}
const counts = (canary: number, canaryBad: number, stable: number, stableBad: number) => ({ canary, canaryBad, stable, stableBad })
const later = { unanswered: 'these are late labels of another signal' }

it('late labels add to their own signal, weight by weight, and leave all else as it is', () => {
  const present = { errors: counts(500, 2, 500, 2), precision: counts(0, 0, 0, 0) }
  const { state } = judge(settings, emptyJudgeState(settings), { weight: 0.5, signals: present })
  const late = [
    { errors: later, precision: counts(400, 20, 7600, 76) },
    { errors: later, precision: counts(500, 30, 500, 5) },
  ]
  const after = judgeLate(settings, state, late)
  expect(after.signals.errors).toEqual(state.signals.errors)
  expect(after.sampleRatio).toEqual(state.sampleRatio)
  expect(after.signals.precision).toMatchObject({ total: counts(900, 50, 8100, 81), batches: (state.signals.precision?.batches ?? 0) + 2 })
  const { judgement } = judge(settings, after, { weight: 0.5, signals: present })
  expect(judgement.verdict).toBe('rollback')
  expect(judgement.reason).toContain('precision')
  expect(judgeLate(settings, state, [])).toEqual(state)
  // 1 % and 4 % in both arms alike, but most of the canary's requests were made while it was 4 %: pooled this would look like harm, by windows it is none.
  const alike = judgeLate(settings, state, [
    { errors: later, precision: counts(500, 5, 9500, 95) },
    { errors: later, precision: counts(5000, 200, 5000, 200) },
  ])
  expect(judge(settings, alike, { weight: 0.5, signals: present }).judgement.verdict).not.toBe('rollback')
  const pooled = judge(settings, state, {
    weight: 0.5,
    signals: { errors: counts(500, 2, 500, 2), precision: counts(5500, 205, 14_500, 295) },
  })
  expect(pooled.judgement.verdict).toBe('rollback')
})

it('late labels are no look of the threshold rule', () => {
  const rules: JudgeSettings = {
    ...settings,
    rule: 'threshold',
    failures: 2,
    looks: 2,
    signals: { ...settings.signals, errors: { ...signal, max: 0.02 } },
  }
  const { state } = judge(rules, emptyJudgeState(rules), {
    weight: 0.5,
    signals: { errors: counts(500, 50, 500, 2), precision: counts(0, 0, 0, 0) },
  })
  expect(state.looks?.failed).toBe(1)
  expect(judgeLate(rules, state, [{ errors: later, precision: counts(400, 20, 7600, 76) }]).looks).toEqual(state.looks)
})
