import { describe, expect, it } from 'vitest'
import { type AssessmentRequest, assess } from '../../../src/core/comparison/assess.ts'
import { assessment } from '../../../src/core/comparison/assessment.ts'
import type { Predictions } from '../../../src/core/evaluation/predictions.ts'
import { uniform } from '../../../src/core/statistics/random.ts'
import { binaryOf, type Row, rulesOf, runOf } from '../evaluation/fixtures.ts'

const zero = '0'.repeat(64)

/** Rows of two regions; a model is right in the shares given for each, on the same rows for every seed. */
const rowsOf = (right: Readonly<Record<string, number>>, each: number): Row[] => {
  const random = uniform(3)
  return Object.entries(right).flatMap(([region, share]) =>
    Array.from({ length: each }, (_, row) => {
      const label = row % 2
      return { id: `${region}${row}`, label, region, score: random() < share ? label : 1 - label }
    }),
  )
}

const judge = (
  slices: Record<string, unknown>,
  challenger: Predictions,
  champion: Predictions | null,
  more: Partial<AssessmentRequest> = {},
) =>
  assessment.parse(
    assess({
      model: 'churn',
      rules: rulesOf({ primary: 'accuracy', gates: { accuracy: { min: 0.01 } }, slices }),
      policy: { from: 'refline.yml of main', digest: zero, loosened: [] },
      run: runOf(),
      runDigest: zero,
      challenger,
      opponent: champion ? { kind: 'champion', version: 1 } : { kind: 'first', proof: 'the ledger was read' },
      champion,
      change: champion ? 'changed' : 'first',
      override: null,
      problem: null,
      ...more,
    }),
  )

const good = binaryOf(rowsOf({ EU: 0.9, US: 0.9 }, 1000))
const worseInUs = binaryOf(rowsOf({ EU: 0.9, US: 0.6 }, 1000))
const drop = { region: { recall: { max_drop: 0.05 } } }

describe('a slice against the champion', () => {
  it('fails by the paired difference of its own rows', () => {
    const found = judge(drop, worseInUs, good)
    expect(found.verdict).toBe('fail')
    expect(found.because.join()).toMatch(/recall where region is US: 0\.\d+ lower than the champion, even at best/)
    const [eu, us] = found.slices
    expect(eu).toMatchObject({ value: 'EU', verdict: 'pass', difference: { value: 0 } })
    expect(us).toMatchObject({ value: 'US', verdict: 'fail', rules: [{ kind: 'max_drop', proven: true }] })
    expect(us?.difference?.value).toBeCloseTo((us?.challenger.value ?? 0) - (us?.champion?.value ?? 0), 12)
    expect(us?.difference?.test).toMatch(/McNemar/)
  })
  it('swapping the models negates the difference', () => {
    const [there, back] = [judge(drop, worseInUs, good), judge(drop, good, worseInUs)]
    expect(back.slices.map(slice => slice.difference?.value)).toEqual(there.slices.map(slice => 0 - (slice.difference?.value ?? 0)))
  })
  it('has nothing to be compared with in a first version, and is undecided where the champion cannot be reached', () => {
    expect(judge(drop, good, null).slices[0]).toMatchObject({ verdict: 'not-judged', rules: [{ verdict: 'not-applicable' }] })
    const gone = judge(drop, good, null, { opponent: { kind: 'unreachable', version: 1, reason: 'gone' }, change: 'changed' })
    expect(gone.slices[0]).toMatchObject({ verdict: 'inconclusive' })
    expect(gone.verdict).toBe('inconclusive')
  })
  it('a share of a champion that is 0 there allows no drop at all, and is no slip of the configuration', () => {
    const none = binaryOf(rowsOf({ EU: 0.9, US: 0 }, 400))
    const found = judge({ region: { recall: { max_drop: '10%' } } }, none, none)
    expect(found.slices[1]).toMatchObject({ value: 'US', verdict: 'pass', rules: [{ kind: 'max_drop', bound: 0.1, relative: true }] })
  })
  it('a bound that would block improvements is refused', () => {
    expect(() => judge({ region: { brier: { max_drop: 0.1 } } }, good, good)).toThrow(
      /slices\.region\.brier\.max_drop: lower is better .* write max_rise/,
    )
    expect(() => judge({ region: { recall: { max_rise: 0.1 } } }, good, good)).toThrow(/write max_drop/)
  })
})

describe('severity', () => {
  const rule = { recall: { min: 0.8 } }
  it('is that of the slice, and of the gate where it has its own; only errors decide', () => {
    const found = judge({ region: { severity: 'warn', ...rule, accuracy: { min: 0.8, severity: 'info' } } }, worseInUs, null)
    expect(found.verdict).toBe('pass')
    expect(
      found.slices.filter(slice => slice.value === 'US').map(slice => [slice.metric, slice.rules[0]?.severity, slice.rules[0]?.verdict]),
    ).toEqual([
      ['recall', 'warn', 'fail'],
      ['accuracy', 'info', 'fail'],
    ])
    expect(judge({ region: { severity: 'warn', recall: { min: 0.8, severity: 'error' } } }, worseInUs, null).verdict).toBe('fail')
  })
})

describe('crossed slices', () => {
  it('are judged by pair of values, a missing value being one', () => {
    const plan = { values: ['__missing__', 'gold'], codes: Uint16Array.from({ length: worseInUs.rows }, (_, row) => (row % 4 < 2 ? 0 : 1)) }
    const challenger = { ...worseInUs, slices: new Map([...worseInUs.slices, ['plan', plan]]) }
    const found = judge({ 'region x plan': { recall: { min: 0.8 } } }, challenger, null)
    expect(found.slices.map(slice => [slice.value, slice.rows, slice.verdict])).toEqual([
      ['EU x __missing__', 500, 'pass'],
      ['EU x gold', 500, 'pass'],
      ['US x __missing__', 500, 'fail'],
      ['US x gold', 500, 'fail'],
    ])
    expect(found.because.join()).toContain('recall where region x plan is US x gold')
  })
  it('of a column that is not there fail, and name it', () => {
    expect(judge({ 'region x plan': { recall: { min: 0.8 } } }, good, null).because.join()).toContain('the predictions have no column plan')
  })
})

it('a metric that no slice of a column could be judged on is named', () => {
  const found = judge({ region: { min_support: 600, accuracy: { min: 0.1 }, recall: { min: 0.1 }, specificity: { min: 0.1 } } }, good, null)
  expect(found.notes.join()).toContain('no slice of region was judged on recall or specificity: each has a support below 600')
  expect(found.slices.filter(slice => slice.verdict === 'not-judged').every(slice => slice.difference === null)).toBe(true)
})
