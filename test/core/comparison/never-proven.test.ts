import { describe, expect, it } from 'vitest'
import type { Estimate } from '../../../src/core/comparison/assessment.ts'
import { neverProven, neverProvenSlices } from '../../../src/core/comparison/never-proven.ts'
import { rowsForValue, rowsNeeded, rowsWords } from '../../../src/core/comparison/rows-needed.ts'
import type { Evidence } from '../../../src/core/comparison/rule.ts'
import { wilsonInterval } from '../../../src/core/statistics/proportions.ts'

const share = (support: number, method: Estimate['method'] = 'wilson'): Estimate => ({
  value: 0.9,
  low: 0.8,
  high: 0.95,
  support,
  method,
  reason: null,
})
const evidence = (challenger: Estimate, part: Partial<Evidence> = {}): Evidence => ({
  metric: 'recall',
  challenger,
  champion: null,
  difference: null,
  comparison: 'first',
  rows: 1000,
  confidence: 0.95,
  ...part,
})

describe('a bound that not even the best value could prove', () => {
  it('is said, with the rows that could', () => {
    expect(neverProven('recall', { min: 0.999 }, evidence(share(400)), 0.95)).toEqual([
      'min 0.999 on recall: even without a single error its 400 rows could not prove it; about 3,800 would',
    ])
    expect(neverProven('recall', { min: 1 }, evidence(share(400)), 0.95)).toEqual([
      'min 1 on recall: even without a single error its 400 rows could not prove it, nor would any number of them',
    ])
    expect(neverProven('error_rate', { max: 0.001 }, evidence(share(400)), 0.95)).toEqual([
      'max 0.001 on error_rate: even with a share of 0 its 400 rows could not prove it; about 3,800 would',
    ])
  })
  it('begins exactly where Wilson’s interval of n in n does', () => {
    const { low } = wilsonInterval(400, 400, 0.95)
    expect(neverProven('recall', { min: low }, evidence(share(400)), 0.95)).toEqual([])
    expect(neverProven('recall', { min: low + 1e-9 }, evidence(share(400)), 0.95)).toHaveLength(1)
    expect(neverProven('recall', { min: low + 1e-9 }, evidence(share(400)), 0.9)).toEqual([])
  })
  it('is not said of what is no share, of bounds that no share reaches, and of what is undefined', () => {
    expect(neverProven('mae', { min: 0.999 }, evidence(share(400, 't')), 0.95)).toEqual([])
    expect(neverProven('recall', { min: 1.5, max: -1 }, evidence(share(400)), 0.95)).toEqual([])
    expect(neverProven('recall', { min: 1 }, evidence({ ...share(0), value: null }), 0.95)).toEqual([])
  })
})

describe('a bound that slices are too small for', () => {
  const slices = [3000, 60, 5000, 40, 30, 31, 32, 33].map((support, index) => ({ value: `s${index}`, estimate: share(support) }))
  it('is said once, with the slices', () => {
    expect(neverProvenSlices('region', 'recall', { min: 0.95 }, slices, 0.95)).toEqual([
      'min 0.95 on recall where region is s1, s3, s4, s5, s6 and 1 more: even without a single error so few rows could not prove it; about 73 rows each would',
    ])
    expect(neverProvenSlices('region', 'fpr', { max: 0 }, slices.slice(0, 2), 0.95)).toEqual([
      'max 0 on fpr where region is s0, s1: even with a share of 0 so few rows could not prove it, nor would any number of rows',
    ])
    expect(neverProvenSlices('region', 'recall', { min: 0.5 }, slices, 0.95)).toEqual([])
  })
})

describe('a margin below the reach of the interval', () => {
  const compared = (part: Partial<Evidence> = {}): Evidence =>
    evidence(share(400), {
      champion: share(400),
      comparison: 'paired',
      difference: { ...share(400), value: 0, low: -0.02, high: 0.02, test: null, statistic: null, p: null, detectable: 0.03 },
      ...part,
    })
  const said =
    'max_drop 0.015 on recall: even an equally good model could not prove it with these rows; about 4,000 would do in 4 of 5 cases'
  it('is said for models on the same rows and on rows of their own', () => {
    for (const comparison of ['paired', 'independent'] as const) {
      expect(neverProven('recall', { max_drop: { value: 0.015, relative: false } }, compared({ comparison }), 0.95)).toEqual([said])
    }
    expect(neverProven('recall', { max_drop: { value: 0.02, relative: false } }, compared(), 0.95)).toEqual([])
    expect(neverProven('recall', { max_drop: { value: 0.015 / 0.9, relative: true } }, compared(), 0.95)).toEqual([said])
  })
  it('is not said without a comparison', () => {
    expect(neverProven('recall', { max_drop: { value: 0.001, relative: false } }, compared({ comparison: 'unreachable' }), 0.95)).toEqual(
      [],
    )
    expect(neverProven('recall', { max_drop: { value: 0.1, relative: true } }, compared({ champion: null }), 0.95)).toEqual([])
  })
})

describe('how many rows it would take', () => {
  it('grows with the square of the distance, never below those that are there', () => {
    expect(rowsNeeded(1000, 0.03, 0.015)).toBe(4000)
    expect(rowsNeeded(1000, 0.03, 0.3)).toBe(1000)
    expect(rowsNeeded(1000, 0.03, 0)).toBeNull()
    expect(rowsNeeded(1000, 0.03, Number.NaN)).toBeNull()
  })
  it('is said in both cases, or in the one that says something', () => {
    const about = { rows: 1000, detectable: 0.03 }
    expect(rowsWords({ ...about, seen: 0.01, equal: 0.015 })).toBe(
      '; about 9,000 rows would tell if the difference seen is real, 4,000 if the two are equal',
    )
    expect(rowsWords({ ...about, seen: -0.01, equal: 0 })).toBe('; about 9,000 rows would tell if the difference seen is real')
    expect(rowsWords({ ...about, seen: 0, equal: 0.015 })).toBe('; about 4,000 rows would tell if the two are equal')
    expect(rowsWords({ ...about, seen: 0, equal: 0 })).toBe('')
  })
  it('for one model too: a 95 % interval of half width 0.02 shows a distance of 0.0286 in 4 of 5 cases', () => {
    expect(rowsForValue(1000, 0.02, 0.0143, 0.95)).toBe('; about 4,000 rows would tell if the value seen is real')
    expect(rowsForValue(1000, 0.02, 0.0143, 0.99)).toBe('; about 3,400 rows would tell if the value seen is real')
    expect(rowsForValue(1000, 0.02, 0, 0.95)).toBe('')
  })
})
