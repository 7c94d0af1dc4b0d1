import { describe, expect, it } from 'vitest'
import type { Difference, Estimate } from '../../../src/core/comparison/assessment.ts'
import { judgePromotion, shownBy } from '../../../src/core/comparison/promotion.ts'
import type { Evidence } from '../../../src/core/comparison/rule.ts'
import type { Promotion } from '../../../src/core/configuration/rules-schema.ts'

const estimate = (value: number | null, low: number | null = null, high: number | null = null): Estimate => ({
  value,
  low,
  high,
  support: 100,
  method: 'delong',
  reason: value === null ? 'every row has the same label' : null,
})
const differing = (value: number | null, low: number | null, high: number | null, part: Partial<Evidence & Difference> = {}): Evidence => ({
  metric: 'roc_auc',
  challenger: estimate(0.8),
  champion: estimate(0.8),
  difference: { ...estimate(value, low, high), test: null, statistic: null, p: null, detectable: 0.03 },
  comparison: 'paired',
  rows: 1000,
  confidence: 0.95,
  ...part,
})
const margin = (value: number, relative = false) => ({ value, relative })
const superiorBy = (value: number, relative = false): Promotion => ({ superior_by: margin(value, relative) })

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
    ['equivalent', 'higher', 0, -0.02, 0.02, 'pass'],
    ['equivalent', 'higher', 0, 0, 0, 'pass'],
    ['equivalent', 'higher', 0.01, -0.001, 0.021, 'inconclusive'],
    ['equivalent', 'lower', -0.01, -0.021, 0.001, 'inconclusive'],
    ['equivalent', 'higher', 0.05, 0.03, 0.07, 'fail'],
    ['equivalent', 'lower', 0.05, 0.03, 0.07, 'fail'],
  ] as const)('%s within 0.02, %s is better, %f [%f, %f]: %s', (kind, direction, value, low, high, verdict) => {
    expect(judgePromotion(kind, margin(0.02), direction, differing(value, low, high)).verdict).toBe(verdict)
  })
  it.each([
    [superiorBy(0.02), 'higher', 0.03, 0.02, 0.04, 'pass'],
    [superiorBy(0.02), 'higher', 0.03, 0.019, 0.041, 'inconclusive'],
    [superiorBy(0.02), 'higher', 0.01, 0.001, 0.019, 'fail'],
    [superiorBy(0.02), 'lower', -0.03, -0.04, -0.02, 'pass'],
    [superiorBy(0.05, true), 'higher', 0.05, 0.04, 0.06, 'pass'],
    [superiorBy(0.05, true), 'higher', 0.05, 0.039, 0.061, 'inconclusive'],
    [superiorBy(0), 'higher', 0, 0, 0, 'fail'],
    [superiorBy(0), 'higher', 0.01, 0.001, 0.02, 'pass'],
  ] as const)('%j, %s is better, %f [%f, %f]: %s', (promotion, direction, value, low, high, verdict) => {
    expect(judgePromotion(promotion, null, direction, differing(value, low, high)).verdict).toBe(verdict)
  })
  it('without a margin, not inferior means nowhere below', () => {
    expect(judgePromotion('non_inferior', null, 'higher', differing(0.01, 0, 0.02)).verdict).toBe('pass')
    expect(judgePromotion('non_inferior', null, 'higher', differing(0.01, -0.001, 0.02)).verdict).toBe('inconclusive')
    expect(judgePromotion('equivalent', null, 'higher', differing(0, 0, 0)).verdict).toBe('inconclusive')
  })
  it.each([
    ['an undefined difference', differing(null, null, null), /same label/],
    ['a point without an interval', differing(0.5, null, null), /could not be compared|interval/],
    ['ends that are no numbers', differing(0.5, Number.NaN, 0.6), /could not be compared/],
    ['an infinite end', differing(0.5, 0.4, Number.POSITIVE_INFINITY), /could not be compared/],
    ['a champion that cannot be compared', differing(0.5, 0.4, 0.6, { comparison: 'unreachable' }), /could not be compared/],
  ] as const)('%s proves nothing', (_, evidence, sentence) => {
    for (const promotion of ['superior', 'non_inferior', 'equivalent', superiorBy(0.01)] as const) {
      const rule = judgePromotion(promotion, margin(0.5), 'higher', evidence)
      expect(rule).toMatchObject({ verdict: 'inconclusive', proven: false })
      if (promotion === 'superior') expect(rule.sentence).toMatch(sentence)
    }
  })
  it('a margin that is a share needs a champion that is not 0', () => {
    const zero = differing(0.1, 0.05, 0.15, { champion: estimate(0) })
    expect(judgePromotion('non_inferior', margin(0.1, true), 'higher', zero)).toMatchObject({
      verdict: 'inconclusive',
      sentence: expect.stringContaining('which is 0'),
    })
    expect(judgePromotion('non_inferior', margin(0.1, true), 'higher', differing(0.1, 0.05, 0.15, { champion: null })).verdict).toBe(
      'inconclusive',
    )
  })
  it('does not apply to a first version', () => {
    expect(judgePromotion('equivalent', null, 'higher', differing(0, 0, 0, { comparison: 'first' })).verdict).toBe('not-applicable')
  })
})

describe('the sentence of a promotion', () => {
  const sentence = (promotion: Promotion, value: number, low: number, high: number) =>
    judgePromotion(promotion, margin(0.02), 'higher', differing(value, low, high)).sentence
  it('names the margin and the interval', () => {
    expect(sentence('superior', 0.01, 0.001, 0.02)).toBe('better, proven by the interval [+0.0010, +0.0200]')
    expect(sentence('non_inferior', 0, -0.01, 0.01)).toBe('non-inferior within 0.02, proven by the interval [−0.0100, +0.0100]')
    expect(sentence('equivalent', 0.05, 0.03, 0.07)).toBe('not equivalent within ±0.02, proven by the interval [+0.0300, +0.0700]')
  })
  it('says how many rows would tell, in both cases', () => {
    // 1,000 rows show 0.03 in 4 of 5 cases: 0.01 takes nine times as many.
    expect(sentence('superior', 0.01, -0.011, 0.031)).toBe(
      'not proven better with these rows [−0.0110, +0.0310]; about 9,000 rows would tell if the difference seen is real',
    )
    expect(sentence('non_inferior', 0.01, -0.021, 0.041)).toMatch(
      /^not proven non-inferior within 0.02 with these rows .*; about 1,000 rows would tell if the difference seen is real, 2,300 if the two are equal$/,
    )
    expect(sentence(superiorBy(0.03), 0.04, -0.01, 0.09)).toMatch(/about 9,000 rows would tell if the difference seen is real, 1,000 if/)
    expect(sentence('equivalent', 0.01, -0.02, 0.04)).toMatch(/about 9,000 rows would tell if the difference seen is real, 2,300 if/)
  })
  it('offers no rows to prove better what looks worse, whichever way is better', () => {
    expect(sentence('superior', -0.01, -0.031, 0.011)).toBe('not proven better with these rows [−0.0310, +0.0110]')
    const lower = (value: number) => judgePromotion('superior', null, 'lower', differing(value, value - 0.02, value + 0.02)).sentence
    expect(lower(0.01)).not.toContain('rows would tell')
    expect(lower(-0.01)).toContain('rows would tell if the difference seen is real')
  })
  it('between the two models', () => {
    expect((['superior', 'superior_by', 'non_inferior', 'equivalent'] as const).map(shownBy)).toEqual([
      'better than',
      'better than',
      'not inferior to',
      'equivalent to',
    ])
  })
})
