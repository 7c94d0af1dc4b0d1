import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Estimate } from '../../../src/core/comparison/assessment.ts'
import { type Evidence, judgeGate, type Policy } from '../../../src/core/comparison/gates.ts'

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
  confidence: 0.95,
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

describe('a figure that was written in single precision', () => {
  const judged = (gate: object, value: number, rows: number | null) =>
    judgeGate(gate, evidence({ challenger: estimate(value), rows }), 'point')[0]?.verdict
  it('lies on the bound that it was rounded from', () => {
    expect(judged({ max: 0.6 }, 0.6000000238418579, null)).toBe('pass')
    expect(judged({ min: 0.7 }, 0.699999988079071, null)).toBe('pass')
  })
  it.each([
    ['the next number up', { max: 0.6 }, 0.600000023841858, null],
    ['the next in single precision', { max: 0.6 }, 0.6000000834465027, null],
    ['one below', { min: 0.7 }, 0.6999999284744263, null],
    ['one that was computed from rows', { max: 0.6 }, 0.6000000238418579, 400],
  ])('but %s does not', (_what, gate, value, rows) => {
    expect(judged(gate, value, rows)).toBe('fail')
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

describe('a gain that is asked for', () => {
  const gain = (value: number, low: number, high: number, direction: Evidence['direction'] = 'higher') => ({
    ...differing(value, low, high),
    direction,
  })
  it.each([
    [0.03, 0.02, 0.04, 'higher', 'pass', true],
    [0.03, 0.019, 0.041, 'higher', 'pass', false],
    [0.015, 0.005, 0.025, 'higher', 'fail', false],
    [0.005, 0, 0.01, 'higher', 'fail', true],
    [-0.03, -0.04, -0.02, 'lower', 'pass', true],
    [0.03, 0.02, 0.04, 'lower', 'fail', true],
    [0, 0, 0, 'higher', 'fail', true],
  ] as const)('min_gain 0.02 of %f [%f, %f], %s is better: %s, proven %s', (value, low, high, direction, verdict, proven) => {
    expect(judgeGate({ min_gain: absolute(0.02) }, gain(value, low, high, direction), 'point')[0]).toMatchObject({
      kind: 'min_gain',
      verdict,
      proven,
    })
  })
  it('relative is a share of the champion', () => {
    expect(judgeGate({ min_gain: relative(0.05) }, gain(0.05, 0.04, 0.06), 'point')[0]).toMatchObject({ verdict: 'pass', relative: true })
    expect(judgeGate({ min_gain: relative(0.051) }, gain(0.05, 0.04, 0.06), 'point')[0]).toMatchObject({ verdict: 'pass', proven: false })
  })
  it('says what it asks, what was seen and how many rows would tell', () => {
    expect(judgeGate({ min_gain: absolute(0.02) }, gain(0.005, 0, 0.01), 'fail')[0]?.sentence).toBe(
      '0.0050 better than the champion, 0.02 better is asked for, even at best (0.0100)',
    )
    expect(judgeGate({ min_gain: absolute(0.02) }, gain(0.03, -0.01, 0.07), 'fail')[0]?.sentence).toBe(
      'not proven with these rows: could be 0.0100 worse; about 3,600 rows would tell if the difference seen is real, 900 if the two are equal',
    )
  })
  it('does not apply without a champion and fails where no direction is known', () => {
    const first = evidence({ champion: null, comparison: 'first', direction: 'higher' })
    expect(judgeGate({ min_gain: absolute(0.1) }, first, 'point')[0]?.verdict).toBe('not-applicable')
    expect(judgeGate({ min_gain: absolute(0) }, gain(0.5, 0.4, 0.6, null), 'warn')[0]).toMatchObject({
      verdict: 'fail',
      sentence: 'cannot be judged: which way is better is not known',
    })
  })
})

describe('severity', () => {
  it('stands with every rule, error where none is named', () => {
    const both = { min: 0.75, max: 0.85 }
    expect(judgeGate(both, evidence({}), 'point').map(rule => rule.severity)).toEqual(['error', 'error'])
    expect(judgeGate({ ...both, severity: 'info' }, evidence({}), 'point').map(rule => rule.severity)).toEqual(['info', 'info'])
  })
  it('a share of a champion that is 0 only warns where the rule only warns', () => {
    const found = judgeGate({ max_drop: relative(0.1), severity: 'warn' }, differing(-0.01, -0.02, 0, 0), 'fail')
    expect(found[0]).toMatchObject({ verdict: 'fail', sentence: expect.stringContaining('write an absolute bound') })
  })
})

describe('models on rows of their own', () => {
  it('are judged by the difference like models on the same rows', () => {
    const apart = { ...differing(-0.01, -0.03, 0.01), comparison: 'independent' as const }
    expect(judgeGate({ max_drop: absolute(0.02) }, apart, 'fail')[0]?.verdict).toBe('inconclusive')
    expect(judgeGate({ max_drop: absolute(0.03) }, apart, 'fail')[0]?.verdict).toBe('pass')
    expect(judgeGate({ max_drop: absolute(1) }, { ...apart, difference: null }, 'warn')[0]?.verdict).toBe('fail')
  })
})

describe('numbers that are none', () => {
  const nan = Number.NaN
  const odd = fc.constantFrom(nan, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)
  const policies = fc.constantFrom<Policy>('point', 'fail', 'warn')
  const kinds = fc.constantFrom('min', 'max', 'max_drop', 'max_rise', 'min_gain')
  const places = fc.constantFrom('bound', 'value', 'low', 'high', 'difference', 'difference low', 'difference high', 'champion')
  it('fail every rule that they touch, whatever the policy', () => {
    fc.assert(
      fc.property(kinds, places, odd, policies, fc.double({ min: 0.001, max: 1, noNaN: true }), (kind, place, wrong, policy, bound) => {
        const share = kind === 'min' || kind === 'max'
        const touched = share
          ? ['bound', 'value', 'low', 'high']
          : ['bound', 'value', 'difference', 'difference low', 'difference high', 'champion']
        fc.pre(touched.includes(place))
        const at = <T>(name: string, value: T): T | number => (place === name ? wrong : value)
        const limit = at('bound', bound)
        const found = judgeGate(
          { [kind]: share ? limit : { value: limit, relative: place === 'champion' } },
          {
            metric: 'recall',
            challenger: estimate(at('value', 0.8), at('low', 0.7), at('high', 0.9)),
            champion: estimate(at('champion', 0.8)),
            difference: {
              ...estimate(at('difference', 0.1), at('difference low', 0), at('difference high', 0.2)),
              test: null,
              statistic: null,
              p: null,
              detectable: 0.05,
            },
            comparison: 'paired',
            rows: 400,
            confidence: 0.95,
            direction: 'higher',
          },
          policy,
        )
        expect(found).toHaveLength(1)
        expect(found[0]).toMatchObject({ verdict: 'fail', sentence: expect.stringMatching(/never passes/) })
      }),
      { seed: 20240601, numRuns: 300 },
    )
  })
})
