import { describe, expect, it } from 'vitest'
import type { Estimate } from '../../../src/core/comparison/assessment.ts'
import { type Evidence, judgeGate, type Policy } from '../../../src/core/comparison/gates.ts'
import { judgePromotion } from '../../../src/core/comparison/promotion.ts'

const estimate = (value: number | null, low: number | null = null, high: number | null = null): Estimate => ({
  value,
  low,
  high,
  support: 100,
  method: 'wilson',
  reason: value === null ? 'no row has the positive label' : null,
})
const evidence = (part: Partial<Evidence>): Evidence => ({
  metric: 'recall',
  challenger: estimate(0.8, 0.75, 0.85),
  champion: estimate(0.8, 0.75, 0.85),
  difference: null,
  comparison: 'paired',
  rows: 400,
  ...part,
})
const differing = (value: number, low: number, high: number, champion = 0.8): Evidence =>
  evidence({
    champion: estimate(champion),
    difference: { ...estimate(value, low, high), test: null, statistic: null, p: null, detectable: 0.03 },
  })
const absolute = (value: number) => ({ value, relative: false })
const relative = (value: number) => ({ value, relative: true })

describe('absolute rules', () => {
  it.each([
    [{ min: 0.75 }, 'point', 'pass', true],
    [{ min: 0.75 + 1e-13 }, 'point', 'pass', true],
    [{ min: 0.76 }, 'point', 'pass', false],
    [{ min: 0.81 }, 'point', 'fail', false],
    [{ min: 0.86 }, 'point', 'fail', true],
    [{ max: 0.85 }, 'point', 'pass', true],
    [{ max: 0.84 }, 'point', 'pass', false],
    [{ max: 0.79 }, 'point', 'fail', false],
    [{ max: 0.74 }, 'point', 'fail', true],
    [{ min: 0.76 }, 'fail', 'inconclusive', false],
    [{ min: 0.81 }, 'warn', 'inconclusive', false],
    [{ min: 0.75 }, 'fail', 'pass', true],
    [{ min: 0.86 }, 'warn', 'fail', true],
  ] as const)('%j of 0.80 [0.75, 0.85] with on_inconclusive %s: %s, proven %s', (gate, policy, verdict, proven) => {
    const [rule] = judgeGate(gate, evidence({}), policy)
    expect(rule).toMatchObject({ verdict, proven })
    expect(rule?.sentence.includes('not proven with these rows')).toBe(!proven)
  })
  it.each(['point', 'fail', 'warn'] as Policy[])('undefined fails whatever the policy (%s)', policy => {
    const found = judgeGate(
      { min: 0, max: 1, max_drop: absolute(1), max_rise: absolute(1) },
      evidence({ challenger: estimate(null) }),
      policy,
    )
    expect(found.map(rule => rule.verdict)).toEqual(['fail', 'fail', 'fail', 'fail'])
    for (const rule of found) expect(rule.sentence).toBe('undefined never passes: no row has the positive label')
    expect(judgeGate({ min: 0 }, evidence({ challenger: estimate(Number.NaN, 0, 1) }), policy)[0]?.verdict).toBe('fail')
  })
  it('shows on which side of the bound a number lies', () => {
    expect(judgeGate({ min: 0.9 }, evidence({ challenger: estimate(0.89999, 0.88, 0.89999) }), 'point')[0]?.sentence).toMatch(
      /0.89999 is below 0.9/,
    )
  })
})

describe('rules on the difference', () => {
  it.each([
    [{ max_drop: absolute(0.02) }, -0.01, -0.02, 0, 'pass', true],
    [{ max_drop: absolute(0.02) }, -0.01, -0.03, 0.01, 'pass', false],
    [{ max_drop: absolute(0.02) }, -0.025, -0.03, 0.01, 'fail', false],
    [{ max_drop: absolute(0.02) }, -0.05, -0.07, -0.03, 'fail', true],
    [{ max_drop: relative(0.02) }, -0.01, -0.016, 0, 'pass', true],
    [{ max_drop: relative(0.02) }, -0.01, -0.017, 0, 'pass', false],
    [{ max_rise: absolute(0.02) }, 0.01, 0, 0.02, 'pass', true],
    [{ max_rise: absolute(0.02) }, 0.05, 0.03, 0.07, 'fail', true],
    [{ max_drop: absolute(0.02) }, 0.5, 0.4, 0.6, 'pass', true],
  ] as const)('%j of %f [%f, %f]: %s, proven %s', (gate, value, low, high, verdict, proven) => {
    expect(judgeGate(gate, differing(value, low, high), 'point')[0]).toMatchObject({ verdict, proven })
  })
  it('0.92 against 0.90 is a drop of 0.02, whatever doubles say', () => {
    expect(0.92 - 0.9 <= 0.02).toBe(false)
    expect(judgeGate({ max_drop: absolute(0.02) }, differing(0.9 - 0.92, 0.9 - 0.92, 0.9 - 0.92), 'fail')[0]?.verdict).toBe('pass')
  })
  it('a share of a negative champion is a share of its size', () => {
    expect(judgeGate({ max_drop: relative(0.1) }, differing(-0.01, -0.02, 0, -0.5), 'fail')[0]?.verdict).toBe('pass')
    expect(() => judgeGate({ max_drop: relative(0.1) }, differing(-0.01, -0.02, 0, 0), 'fail')).toThrow(/write an absolute bound/)
  })
  it('without a champion does not apply; with one that cannot be paired is inconclusive', () => {
    expect(judgeGate({ max_drop: absolute(0.1) }, evidence({ champion: null, comparison: 'first' }), 'point')[0]?.verdict).toBe(
      'not-applicable',
    )
    expect(judgeGate({ max_drop: absolute(0.1) }, evidence({ champion: null, comparison: 'unreachable' }), 'point')[0]?.verdict).toBe(
      'inconclusive',
    )
  })
  it('says how many rows would tell', () => {
    expect(judgeGate({ max_drop: absolute(0.015) }, differing(0, -0.02, 0.02), 'fail')[0]?.sentence).toMatch(/about 1,600 rows would tell/)
  })
})

describe('promotion needs proof', () => {
  it.each([
    ['superior', 'higher', 0.01, 0.001, 0.02, 'pass'],
    ['superior', 'higher', 0.01, 0, 0.02, 'inconclusive'],
    ['superior', 'higher', 0, 0, 0, 'fail'],
    ['superior', 'higher', -0.01, -0.02, -0.001, 'fail'],
    ['superior', 'lower', -0.01, -0.02, -0.001, 'pass'],
    ['non_inferior', 'higher', 0, -0.02, 0.02, 'pass'],
    ['non_inferior', 'higher', 0, -0.021, 0.02, 'inconclusive'],
    ['non_inferior', 'lower', 0, -0.02, 0.02, 'pass'],
    ['non_inferior', 'lower', 0.05, 0.03, 0.07, 'fail'],
  ] as const)('%s, %s is better, %f [%f, %f]: %s', (kind, direction, value, low, high, verdict) => {
    expect(judgePromotion(kind, absolute(0.02), direction, differing(value, low, high)).verdict).toBe(verdict)
  })
})
