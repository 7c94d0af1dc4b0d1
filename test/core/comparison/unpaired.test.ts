import { describe, expect, it } from 'vitest'
import { pair, sideBySide } from '../../../src/core/comparison/pair.ts'
import type { Predictions } from '../../../src/core/evaluation/predictions.ts'
import { binaryOf, otherOf, rulesOf } from '../evaluation/fixtures.ts'
import { judge, rowsOf } from './requests.ts'

const apart = { predictions: { file: 'predictions.csv', paired: false } }
const gates = { roc_auc: { min: 0.6, max_drop: 0.05 } }
const renamed = (count: number, skill: number, seed: number) => rowsOf(count, skill, seed).map(row => ({ ...row, id: `other-${row.id}` }))

describe('unpaired on request', () => {
  const champion = binaryOf(renamed(900, 0.3, 77))
  it('compares models on rows that have nothing in common', () => {
    expect(judge({ champion, rules: rulesOf({ gates }) })).toMatchObject({ verdict: 'inconclusive', opponent: { kind: 'unreachable' } })
    const found = judge({ champion, rules: rulesOf({ gates, ...apart }) })
    expect(found).toMatchObject({ verdict: 'pass', opponent: { kind: 'champion', version: 11 } })
    expect(found.holdout).toMatchObject({ rows: 800, paired: null, lost: 0 })
    expect(found.notes).toContainEqual(expect.stringMatching(/unpaired on request, intervals are wider/))
    const row = found.rows[0]
    expect(row?.difference?.value).toBeCloseTo((row?.challenger.value as number) - (row?.champion?.value as number), 12)
    expect(row?.difference?.low).toBeLessThan(row?.difference?.value as number)
  })
  it('is wider than on the same rows, even where the rows are the same', () => {
    const alike = binaryOf(rowsOf(800, 0.4).map((row, index) => (index % 10 === 0 ? { ...row, score: 0.5 } : row)))
    const width = (section: object) => {
      const { low, high } = judge({ champion: alike, rules: rulesOf({ gates, ...section }) }).rows[0]?.difference ?? {}
      return (high as number) - (low as number)
    }
    expect(width(apart)).toBeGreaterThan(2 * width({}))
  })
  it('proves what is far apart and nothing else', () => {
    const judged = (skill: number) => judge({ champion: binaryOf(renamed(900, skill, 77)), rules: rulesOf({ gates, ...apart }) })
    expect(judged(0.02)).toMatchObject({ verdict: 'pass', decision: 'promote' })
    expect(judged(0.9)).toMatchObject({ verdict: 'fail', decision: 'keep' })
    expect(judged(0.39)).toMatchObject({ verdict: 'pass', decision: 'keep' })
  })
  it('compares slices by the rows of the same value, and fails where the champion has none', () => {
    const slices = { region: { min_support: 5, recall: { max_drop: 0.9 } } }
    const found = judge({ champion, rules: rulesOf({ gates, slices, ...apart }) })
    expect(found.slices.map(slice => [slice.value, slice.verdict])).toEqual([
      ['EU', 'pass'],
      ['LATAM', 'pass'],
      ['US', 'pass'],
    ])
    for (const { challenger, champion: other, difference } of found.slices) {
      expect(difference?.value).toBeCloseTo((challenger.value as number) - (other?.value as number), 12)
    }
    const without = binaryOf(renamed(900, 0.3, 77).filter(row => row.region !== 'US'))
    expect(judge({ champion: without, rules: rulesOf({ gates, slices, ...apart }) }).because).toEqual([
      'recall where region is US: undefined never passes: the champion has no such figure',
    ])
  })
  it('refuses rows that stand twice, which would narrow every interval', () => {
    const rows = rowsOf(400, 0.4)
    const twice = binaryOf([...rows, ...rows])
    expect(() => judge({ challenger: twice, champion, rules: rulesOf({ gates, ...apart }) })).toThrow(/ids must be unique/)
  })
  it.each([
    ['no predictions of the champion', null],
    ['a NaN among the champion’s scores', binaryOf([...renamed(900, 0.3, 77), { id: 'x', label: 1, score: Number.NaN }])],
    ['another positive label', { ...champion, classes: ['stays', 'churned'] }],
    ['another task', otherOf({ task: 'regression', classes: [], labels: new Float64Array(9), predicted: new Float64Array(9) })],
  ])('%s is unreachable', (_, other) => {
    const found = judge({ champion: other, rules: rulesOf({ on_inconclusive: 'warn', gates: { roc_auc: { min: 0.1 } }, ...apart }) })
    expect(found).toMatchObject({ verdict: 'inconclusive', decision: 'inconclusive', opponent: { kind: 'unreachable' } })
  })
  it('gives both models the same classes', () => {
    const labelled = (classes: readonly string[], labels: readonly number[]) =>
      otherOf({ task: 'multiclass', classes, labels: Uint16Array.from(labels), predicted: Uint16Array.from(labels) })
    const sides = sideBySide(labelled(['a', 'c'], [0, 1, 1]), labelled(['b', 'c'], [0, 1]))
    expect(sides).toMatchObject({
      challenger: { classes: ['a', 'b', 'c'], labels: Uint16Array.from([0, 2, 2]) },
      champion: { classes: ['a', 'b', 'c'], labels: Uint16Array.from([1, 2]) },
    })
  })
})

describe('weights and clusters of joined rows', () => {
  const part = (columns: Partial<Predictions>): Predictions => ({ ...binaryOf(rowsOf(6, 0.4)), ...columns })
  const reversed = (predictions: Predictions): Predictions => {
    const rows = rowsOf(6, 0.4)
    return {
      ...binaryOf([...rows].reverse()),
      weights: predictions.weights?.slice().reverse() ?? null,
      clusters: predictions.clusters?.slice().reverse() ?? null,
    }
  }
  const weights = Float64Array.from([1, 2, 3, 4, 5, 6])
  const clusters = Uint32Array.from([0, 0, 1, 1, 2, 2])
  it('agree by id, whatever the order of the rows and the numbers of the clusters', () => {
    const ours = part({ weights, clusters })
    const theirs = reversed(part({ weights, clusters: Uint32Array.from([7, 7, 3, 3, 0, 0]) }))
    expect(pair(ours, theirs)).toMatchObject({ paired: true, champion: { weights, clusters } })
  })
  it.each([
    ['weight', { weights }, { weights: Float64Array.from([1, 2, 3, 4.5, 5, 6]) }, /the weight of id "c3" differs .*line 5/],
    ['cluster', { clusters }, { clusters: Uint32Array.from([0, 0, 1, 2, 2, 2]) }, /the cluster of id "c3" differs/],
    ['cluster', { clusters }, { clusters: Uint32Array.from([0, 0, 1, 1, 1, 1]) }, /the cluster of id "c4" differs/],
  ])('a %s that differs is an error', (_, ours, theirs, message) => {
    expect(() => pair(part(ours), part(theirs))).toThrow(message)
  })
  it.each([
    [{ weights }, {}, 'its predictions have no weights, those of this run have'],
    [{}, { weights }, 'its predictions have weights, those of this run have none'],
    [{ clusters }, {}, 'its predictions have no clusters, those of this run have'],
    [{}, { clusters }, 'its predictions have clusters, those of this run have none'],
  ])('on one side only are no pairing', (ours, theirs, reason) => {
    expect(pair(part(ours), part(theirs))).toEqual({ paired: false, reason, lost: 0 })
  })
  it('are told of the holdout', () => {
    const many = (columns: Partial<Predictions>) => ({ ...binaryOf(rowsOf(800, 0.4)), ...columns })
    const weighted = { weights: new Float64Array(800).fill(2), clusters: Uint32Array.from({ length: 800 }, (_, row) => 5 * (row % 40)) }
    expect(judge({ challenger: many(weighted), champion: { ...binaryOf(rowsOf(800, 0.3)), ...weighted } }).holdout).toMatchObject({
      weighted: true,
      clusters: 40,
    })
    expect(judge().holdout).toMatchObject({ weighted: false, clusters: null })
  })
})
