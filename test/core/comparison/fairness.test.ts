import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AssessmentRequest, assess } from '../../../src/core/comparison/assess.ts'
import { assessment } from '../../../src/core/comparison/assessment.ts'
import { fairnessMeasure } from '../../../src/core/configuration/rules-schema.ts'
import type { Predictions } from '../../../src/core/evaluation/predictions.ts'
import { binaryOf, rulesOf, runOf } from '../evaluation/fixtures.ts'

const zero = '0'.repeat(64)

/** So many rows of a group with a label and an answer. */
type Cell = readonly [group: string, label: 0 | 1, predicted: 0 | 1, rows: number]

const rowsOf = (cells: readonly Cell[]): Predictions =>
  binaryOf(
    cells
      .flatMap(([region, label, score, rows]) => Array.from({ length: rows }, () => ({ region, label, score })))
      .map((row, index) => ({ id: `r${index}`, ...row })),
  )

/** Groups of 100 rows, half of them positive, with so many right among the positives; the negatives are all right. */
const recalls = (right: Readonly<Record<string, number>>, positives = 50): Predictions =>
  rowsOf(
    Object.entries(right).flatMap(([group, hits]): Cell[] => [
      [group, 1, 1, hits],
      [group, 1, 0, positives - hits],
      [group, 0, 0, 100 - positives],
    ]),
  )

const judge = (challenger: Predictions, fairness: Record<string, unknown>, more: Record<string, unknown> = {}) =>
  assessment.parse(
    assess({
      model: 'churn',
      rules: rulesOf({ primary: 'accuracy', gates: { accuracy: { min: 0.01 } }, fairness: { region: fairness }, ...more }),
      policy: { from: 'refline.yml of main', digest: zero, loosened: [] },
      run: runOf(),
      runDigest: zero,
      challenger,
      opponent: { kind: 'champion', version: 1 },
      champion: challenger,
      change: 'changed',
      override: null,
      problem: null,
    } satisfies AssessmentRequest),
  )

const all = Object.fromEntries(fairnessMeasure.options.map(measure => [measure, measure.endsWith('ratio') ? { min: 0.01 } : { max: 0.99 }]))
const values = (found: ReturnType<typeof judge>) => Object.fromEntries(found.fairness.map(one => [one.measure, one.estimate.value]))

describe('measures', () => {
  it('are those of the rates of the groups', () => {
    const found = judge(
      rowsOf([
        ['a', 1, 1, 40],
        ['a', 1, 0, 10],
        ['a', 0, 1, 20],
        ['a', 0, 0, 30],
        ['b', 1, 1, 24],
        ['b', 1, 0, 16],
        ['b', 0, 1, 6],
        ['b', 0, 0, 54],
      ]),
      all,
    )
    const expected = {
      demographic_parity_difference: 0.6 - 0.3,
      demographic_parity_ratio: 0.5,
      equalized_odds_difference: 0.4 - 0.1,
      equalized_odds_ratio: 0.25,
      equal_opportunity_difference: 0.8 - 0.6,
      equal_opportunity_ratio: 0.75,
      predictive_parity_difference: 24 / 30 - 40 / 60,
      predictive_parity_ratio: 40 / 60 / (24 / 30),
      accuracy_difference: 0.78 - 0.7,
      accuracy_ratio: 0.7 / 0.78,
    }
    for (const [measure, value] of Object.entries(expected)) expect(values(found)[measure], measure).toBeCloseTo(value, 12)
    expect(Object.keys(values(found))).toEqual(Object.keys(expected))
    const odds = found.fairness.find(one => one.measure === 'equalized_odds_ratio')
    expect(odds?.groups[1]?.rates.map(({ name, estimate }) => [name, estimate.value, estimate.support])).toEqual([
      ['true_positive_rate', 0.6, 40],
      ['false_positive_rate', 0.1, 60],
    ])
  })

  it('pass at the very boundary of four fifths, and not a row below it', () => {
    const selected = (rows: number) =>
      rowsOf([
        ['a', 1, 1, 60],
        ['a', 0, 0, 40],
        ['b', 1, 1, rows],
        ['b', 0, 0, 100 - rows],
      ])
    const rule = { demographic_parity_ratio: { min: 0.8 } }
    expect(judge(selected(48), rule).verdict).toBe('pass')
    expect(judge(selected(47), rule)).toMatchObject({
      verdict: 'fail',
      because: [expect.stringMatching(/^demographic_parity_ratio between the groups of region: 0\.7833 is below 0\.8/)],
    })
  })

  it('are those of groups and not of their names or the order of rows', () => {
    const cell = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(0, 1), fc.constantFrom(0, 1), fc.integer({ min: 0, max: 30 }))
    fc.assert(
      fc.property(fc.array(cell as fc.Arbitrary<Cell>, { minLength: 4, maxLength: 12 }), cells => {
        const renamed = { a: 'z', b: 'y', c: 'x' } as Record<string, string>
        const [first, turned, other] = [
          judge(rowsOf(cells), { ...all, min_support: 1 }),
          judge(rowsOf(cells.toReversed()), { ...all, min_support: 1 }),
          judge(rowsOf(cells.map(([group, ...rest]) => [renamed[group] as string, ...rest])), { ...all, min_support: 1 }),
        ]
        expect(turned.fairness).toEqual(first.fairness)
        expect(values(other)).toEqual(values(first))
        expect(other.verdict).toBe(first.verdict)
      }),
      { numRuns: 40, seed: 20240601 },
    )
  })

  it('stay as they are with every row twice, and are known more closely', () => {
    const cell = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(0, 1), fc.constantFrom(0, 1), fc.integer({ min: 1, max: 30 }))
    fc.assert(
      fc.property(fc.array(cell as fc.Arbitrary<Cell>, { minLength: 6, maxLength: 12 }), cells => {
        const once = judge(rowsOf(cells), { ...all, min_support: 1 }).fairness
        const twice = judge(rowsOf(cells.map(([group, label, predicted, rows]) => [group, label, predicted, 2 * rows])), {
          ...all,
          min_support: 1,
        })
        for (const [index, { estimate, measure }] of twice.fairness.entries()) {
          const before = once[index]?.estimate
          expect(estimate.value, measure).toBe(before?.value)
          if (estimate.low === null || before?.low == null) continue
          expect(estimate.low, measure).toBeGreaterThanOrEqual(before.low - 1e-12)
          expect(estimate.high, measure).toBeLessThanOrEqual((before.high as number) + 1e-12)
        }
      }),
      { numRuns: 40, seed: 20240601 },
    )
  })

  it('of accuracy and of the difference of equalized odds are the same with labels and answers turned round', () => {
    const cells: Cell[] = [
      ['a', 1, 1, 40],
      ['a', 1, 0, 13],
      ['a', 0, 1, 21],
      ['a', 0, 0, 30],
      ['b', 1, 1, 24],
      ['b', 1, 0, 16],
      ['b', 0, 1, 9],
      ['b', 0, 0, 54],
    ]
    const turned = cells.map(([group, label, predicted, rows]): Cell => [group, (1 - label) as 0 | 1, (1 - predicted) as 0 | 1, rows])
    const [one, other] = [values(judge(rowsOf(cells), all)), values(judge(rowsOf(turned), all))]
    for (const measure of ['accuracy_difference', 'accuracy_ratio', 'equalized_odds_difference', 'demographic_parity_difference']) {
      expect(other[measure], measure).toBeCloseTo(one[measure] as number, 12)
    }
  })

  it('of crossed columns are between the pairs of values, missing ones among them', () => {
    const base = recalls({ a: 40, b: 20 })
    const age = { values: ['old', '__missing__'], codes: Uint16Array.from({ length: base.rows }, (_, row) => row % 2) }
    const challenger = { ...base, slices: new Map([...base.slices, ['age', age]]) }
    const rules = { fairness: { 'region x age': { min_support: 10, equal_opportunity_difference: { max: 0.1 } } } }
    const found = judge(challenger, {}, rules)
    expect(found.fairness[0]?.groups.map(({ value, rows }) => [value, rows])).toEqual([
      ['a x __missing__', 50],
      ['a x old', 50],
      ['b x __missing__', 50],
      ['b x old', 50],
    ])
  })
})

describe('the interval decides', () => {
  const rule = { min_support: 30, equal_opportunity_difference: { max: 0.1 } }
  const close = recalls({ a: 24, b: 20 }, 30)
  it('few rows prove nothing: the point decides and it says so, or it is inconclusive', () => {
    const [by] = judge(close, rule).fairness[0]?.rules ?? []
    expect(by).toMatchObject({
      verdict: 'fail',
      proven: false,
      basis: 'point',
      sentence: expect.stringMatching(/not proven with these rows/),
    })
    expect(judge(close, rule, { on_inconclusive: 'fail' }).verdict).toBe('inconclusive')
    expect(judge(close, rule, { on_inconclusive: 'fail' }).fairness[0]).toMatchObject({ verdict: 'inconclusive' })
  })
  it('and says what equal groups of these sizes would show', () => {
    expect(judge(close, rule).notes.join()).toMatch(
      /fairness of region: by chance alone, equal groups of these sizes show about equal_opportunity_difference 0\.\d+/,
    )
  })
  it('a large gap is proven to fail, a small one of many rows to pass', () => {
    expect(judge(recalls({ a: 48, b: 10 }), rule).fairness[0]?.rules[0]).toMatchObject({ verdict: 'fail', proven: true })
    const many = rowsOf([
      ['a', 1, 1, 4000],
      ['a', 1, 0, 1000],
      ['b', 1, 1, 3950],
      ['b', 1, 0, 1050],
      ['b', 0, 0, 10],
    ])
    expect(judge(many, rule).fairness[0]?.rules[0]).toMatchObject({ verdict: 'pass', proven: true })
  })
  it('a severity is that of the column or of the measure, and only errors decide', () => {
    const unfair = recalls({ a: 48, b: 10 })
    const warned = judge(unfair, { severity: 'warn', ...rule, equalized_odds_difference: { max: 0.2, severity: 'info' } })
    expect(warned.verdict).toBe('pass')
    expect(warned.fairness.map(one => one.rules[0]?.severity)).toEqual(['info', 'warn'])
    expect(warned.fairness.map(one => one.rules[0]?.verdict)).toEqual(['fail', 'fail'])
    expect(judge(unfair, { severity: 'info', equal_opportunity_difference: { max: 0.1, severity: 'error' } }).verdict).toBe('fail')
  })
})

describe('what cannot be judged', () => {
  const rule = { equal_opportunity_difference: { max: 0.1 } }
  it('a group with too few rows in the denominator is shown and left out, however many rows it has', () => {
    const found = judge(
      rowsOf([
        ['a', 1, 1, 40],
        ['b', 1, 1, 40],
        ['c', 1, 0, 29],
        ['c', 0, 0, 1000],
      ]),
      rule,
    )
    expect(found.fairness[0]).toMatchObject({ verdict: 'pass', estimate: { value: 0, support: 40 } })
    expect(found.fairness[0]?.groups.map(({ value, judged }) => [value, judged])).toEqual([
      ['a', true],
      ['b', true],
      ['c', false],
    ])
    expect(judge(recalls({ a: 40, b: 40, c: 0 }), rule).verdict).toBe('fail')
  })
  it('fewer than two groups judge nothing, which says so and is no reason to pass', () => {
    const alone = recalls({ a: 40 })
    expect(judge(alone, rule)).toMatchObject({ verdict: 'pass', fairness: [{ verdict: 'not-judged', rules: [] }] })
    expect(judge(alone, rule).notes.join()).toMatch(/is not judged: fewer than two groups have 30 rows for their true positive rate/)
    const only = judge(alone, rule, { gates: {}, slices: { region: { min_support: 999, accuracy: { min: 0.1 } } } })
    expect(only.because.join()).toMatch(/no rule could be judged/)
    expect(only.verdict).toBe('fail')
  })
  it('half of equalized odds can break a rule and never keep it', () => {
    const odds = (right: number) =>
      judge(
        rowsOf([
          ['a', 1, 1, 50],
          ['a', 0, 0, 50],
          ['b', 1, 1, right],
          ['b', 1, 0, 50 - right],
          ['b', 0, 0, 5],
        ]),
        { equalized_odds_difference: { max: 0.3 } },
      ).fairness[0]
    expect(odds(50)).toMatchObject({ verdict: 'not-judged' })
    expect(odds(5)).toMatchObject({ verdict: 'fail' })
  })
  it.each([
    ['0 / 0', { equal_opportunity_ratio: { min: 0.8 } }, /0 \/ 0: the true positive rate is 0 in all groups/],
    ['a reference group that is not there', { ...rule, reference: 'c' }, /the reference group "c" is not there/],
    ['a reference group that is too small', { ...rule, reference: 'a', min_support: 51 }, /or has less than 51 rows/],
    ['a column that is not there', { fairness: { sex: rule } }, /no column sex/],
  ])('%s is undefined and fails, whatever the policy', (_, section, why) => {
    for (const on_inconclusive of ['point', 'fail', 'warn']) {
      const more = 'fairness' in section ? section : { fairness: { region: section } }
      const found = judge(recalls({ a: 0, b: 0 }), {}, { ...more, on_inconclusive })
      expect(found.verdict).toBe('fail')
      expect(found.because.join()).toMatch(why)
    }
  })
  it('predictions without answers, and predictions with a problem', () => {
    const rows = recalls({ a: 40, b: 40 })
    expect(judge({ ...rows, predicted: null, threshold: null }, rule, { gates: { roc_auc: { min: 0.1 } } }).because.join()).toMatch(
      /true positive rate of a is undefined: the predictions have no prediction column/,
    )
    expect(judge({ ...rows, problem: '3 scores are NaN' }, rule).because.join()).toMatch(
      /fairness of region cannot be judged: 3 scores are NaN/,
    )
  })
})

it('every group is compared with the reference group, more and less alike', () => {
  const groups = recalls({ a: 40, b: 45, c: 30 })
  const against = (reference?: string) =>
    judge(groups, { ...(reference === undefined ? {} : { reference }), equal_opportunity_difference: { max: 0.2 } }).fairness[0]?.estimate
      .value
  expect(against()).toBeCloseTo(0.3, 12)
  expect(against('a')).toBeCloseTo(0.2, 12)
  expect(against('c')).toBeCloseTo(0.3, 12)
  const ratio = judge(groups, { reference: 'a', equal_opportunity_ratio: { min: 0.75 } }).fairness[0]
  expect(ratio).toMatchObject({ verdict: 'pass', rules: [{ verdict: 'pass' }] })
  expect(ratio?.estimate.value).toBeCloseTo(0.75, 12)
})

describe('weights and clusters', () => {
  const rule = { min_support: 20, equal_opportunity_difference: { max: 0.1 }, demographic_parity_ratio: { min: 0.5 } }
  const plain = recalls({ a: 40, b: 30 })
  const found = (predictions: Predictions) => judge(predictions, rule).fairness
  const opportunity = (predictions: Predictions) => found(predictions).find(one => one.measure === 'equal_opportunity_difference')?.estimate

  it('a weight of 2 counts as two rows in the rates; the support stays in rows', () => {
    const twice = { ...plain, weights: Float64Array.from({ length: plain.rows }, (_, row) => (plain.predicted?.[row] === 1 ? 2 : 1)) }
    expect(opportunity(plain)?.value).toBeCloseTo(40 / 50 - 30 / 50, 12)
    expect(opportunity(twice)).toMatchObject({ support: 50 })
    expect(opportunity(twice)?.value).toBeCloseTo(80 / 90 - 60 / 80, 12)
    expect(opportunity(twice)?.low).not.toBeNull()
  })
  it('a group whose weights are all 0 has no rate, which fails', () => {
    const none = { ...plain, weights: Float64Array.from({ length: plain.rows }, (_, row) => (row < 100 ? 1 : 0)) }
    const judged = found(none)
    expect(judged.every(one => one.estimate.value === null && one.verdict === 'fail')).toBe(true)
  })
  it('rows that belong together prove less than rows that do not', () => {
    const clustered = (size: number) => ({
      ...plain,
      clusters: Uint32Array.from({ length: plain.rows }, (_, row) => Math.floor(row / size)),
    })
    const width = (predictions: Predictions): number =>
      (opportunity(predictions)?.high ?? Number.NaN) - (opportunity(predictions)?.low ?? 0)
    // The rows stand in runs of equal answers, so that clusters of ten neighbours are alike within.
    expect(width(clustered(10))).toBeGreaterThan(width(plain))
  })
})
