import { describe, expect, it } from 'vitest'
import { estimateOf } from '../../../src/core/evaluation/metrics/metric.ts'
import type { Sample } from '../../../src/core/evaluation/sample.ts'
import { binaryOf, otherOf } from './fixtures.ts'
import { metricNamed } from './noisy-rows.ts'
import { binary } from './scored-rows.ts'

const estimate = (name: string, sample: Sample) =>
  estimateOf(metricNamed(name, sample.task), sample, { confidence: 0.95, seed: 20240601, resamples: 500 })

describe('of several classes', () => {
  const classesOf = (probabilities: readonly (readonly number[])[], labels: readonly number[], classes = ['a', 'b', 'c']) =>
    otherOf({
      task: 'multiclass',
      classes,
      labels: Uint16Array.from(labels),
      predicted: null,
      probabilities: classes.map((_, index) => Float64Array.from(probabilities, row => row[index] as number)),
    })
  it("scikit-learn's documented Brier score and kappa", () => {
    const rows = [
      [0.8, 0.1, 0.1],
      [0.2, 0.7, 0.1],
      [0.2, 0.2, 0.6],
    ]
    expect(estimate('brier', classesOf(rows, [0, 1, 2])).value).toBeCloseTo(0.14666666666666667, 12)
    const agreed = { task: 'multiclass', classes: ['negative', 'neutral', 'positive'] } as const
    const [labels, predicted] = [Uint16Array.of(0, 2, 0, 1, 2), Uint16Array.of(0, 2, 0, 1, 0)]
    expect(estimate('cohen_kappa', otherOf({ ...agreed, labels, predicted })).value).toBeCloseTo(0.6875, 12)
  })
  it('two classes have half of the Brier score, which is that of binary predictions', () => {
    const { scores, labels } = binary
    const two = classesOf(
      Array.from(scores as Float64Array, score => [1 - score, score]),
      Array.from(labels),
      ['0', '1'],
    )
    expect(estimate('brier', two).value).toBeCloseTo(estimate('brier', binary).value as number, 14)
    expect(estimate('roc_auc_ovo', two).value).toBeCloseTo(estimate('roc_auc', binary).value as number, 14)
  })
  it('calibration is that of the likeliest class, whatever is predicted', () => {
    const rows = [
      [0.5, 0.3, 0.2],
      [0.1, 0.8, 0.1],
      [0.1, 0.8, 0.1],
      [0, 0, 1],
    ]
    // Bins: {.5} right, {.8, .8} one right, {1} wrong.
    const sample = classesOf(rows, [0, 1, 0, 1])
    expect(estimate('ece', sample).value).toBeCloseTo((0.5 + 0.6 + 1) / 4, 12)
    expect(estimate('ece', { ...sample, predicted: Uint16Array.of(2, 2, 2, 2) }).value).toBeCloseTo((0.5 + 0.6 + 1) / 4, 12)
  })
  it('rows that do not sum to 1 are none of probabilities', () => {
    const rows = [
      [0.8, 0.1, 0.1],
      [0.2, 0.7, 0.1],
      [0.2, 0.2, 0.5],
    ]
    const sample = classesOf(rows, [0, 1, 2])
    for (const name of ['roc_auc_ovr', 'roc_auc_ovr_weighted', 'roc_auc_ovo', 'roc_auc_ovo_weighted', 'log_loss', 'brier', 'ece'])
      expect(estimate(name, sample)).toMatchObject({ value: null, reason: 'the probabilities of a row sum to 0.900000 and not to 1' })
  })
  it('a class without a row leaves the areas undefined', () => {
    const sample = classesOf(
      [
        [0.8, 0.1, 0.1],
        [0.2, 0.7, 0.1],
      ],
      [0, 1],
    )
    for (const name of ['roc_auc_ovr', 'roc_auc_ovo']) expect(estimate(name, sample).reason).toBe('class "c" has no row')
  })
})

describe('32-bit scores', () => {
  it('are clipped where 32-bit numbers end, as scikit-learn clips them', () => {
    const certain = binaryOf([0, 1].map((label, row) => ({ id: `${row}`, label, score: 1 - label })))
    expect(estimate('log_loss', certain).value).toBeCloseTo(36.04365338911715, 12)
    expect(estimate('log_loss', { ...certain, singlePrecision: true }).value).toBeCloseTo(15.942385152878742, 12)
  })
})
