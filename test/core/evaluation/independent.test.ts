import { describe, expect, it } from 'vitest'
import { estimateOf, independentDifferenceOf, type Measured } from '../../../src/core/evaluation/metrics/metric.ts'
import { metricNames } from '../../../src/core/evaluation/metrics.ts'
import type { Sample } from '../../../src/core/evaluation/sample.ts'
import { newcombeInterval } from '../../../src/core/statistics/proportions.ts'
import { metricNamed, noisy } from './noisy-rows.ts'

const method = { confidence: 0.95, seed: 20240601, resamples: 500 }
const compare = (name: string, ours: Sample, theirs: Sample) => {
  const metric = metricNamed(name, ours.task)
  const of = (sample: Sample) => ({ sample, estimate: estimateOf(metric, sample, method) })
  return independentDifferenceOf(metric, of(ours), of(theirs), method)
}
const errorOf = (measured: Measured): number => ('error' in measured ? (measured.error as number) : Number.NaN)
const rightOf = (sample: Sample): number => sample.predicted?.filter((value, row) => value === sample.labels[row]).length as number

describe('two independent samples', () => {
  const [ours] = noisy('binary', 300, 31)
  const [theirs] = noisy('binary', 170, 32)
  it("of a share: Newcombe's method 10", () => {
    const { low, high } = newcombeInterval(rightOf(ours), 300, rightOf(theirs), 170, 0.95)
    const found = compare('accuracy', ours, theirs)
    expect(found).toMatchObject({ method: 'newcombe', test: 'two independent samples', support: 300 })
    expect(found.value).toBeCloseTo(rightOf(ours) / 300 - rightOf(theirs) / 170, 14)
    expect(found.low).toBeCloseTo(low, 12)
    expect(found.high).toBeCloseTo(high, 12)
  })
  it('nothing wrong in either is no certainty', () => {
    const perfect = (sample: Sample): Sample => ({ ...sample, predicted: sample.labels, scores: Float64Array.from(sample.labels) })
    for (const name of ['accuracy', 'recall', 'roc_auc']) {
      const found = compare(name, perfect(ours), perfect(theirs))
      expect(found.value).toBe(0)
      expect(found.low as number).toBeLessThan(-0.01)
      expect(found.high as number).toBeGreaterThan(0.01)
    }
    expect(compare('f1', perfect(ours), theirs)).toMatchObject({
      low: null,
      p: null,
      reason: expect.stringMatching(/^of this run: .*do not vary/),
    })
    expect(compare('f1', ours, perfect(theirs)).reason).toMatch(/^of the champion: .*do not vary/)
  })
  it('of everything else: the squares of the standard errors add up', () => {
    for (const task of ['binary', 'multiclass', 'regression'] as const) {
      const [first] = noisy(task, 300, 33)
      const [second] = noisy(task, 170, 34)
      for (const name of metricNames(task)) {
        const found = compare(name, first, second)
        const metric = metricNamed(name, task)
        const error = Math.hypot(errorOf(metric.measure(first, method)), errorOf(metric.measure(second, method)))
        expect((found.high as number) - (found.low as number), name).toBeGreaterThan(3.8 * error)
        expect((found.high as number) - (found.low as number), name).toBeLessThan(4.05 * error)
        expect(found.value, name).toBe(
          (estimateOf(metric, first, method).value as number) - (estimateOf(metric, second, method).value as number),
        )
        expect(found.p, name).toBeGreaterThan(0)
      }
    }
  })
  it('the other way round is the same with the other sign', () => {
    for (const name of metricNames('binary')) {
      const [there, back] = [compare(name, ours, theirs), compare(name, theirs, ours)]
      expect(back.value).toBe(-(there.value as number))
      expect(back.low).toBeCloseTo(-(there.high as number), 12)
      expect(back.high).toBeCloseTo(-(there.low as number), 12)
      expect(back.p).toBeCloseTo(there.p as number, 12)
    }
  })
  it('an undefined side leaves it undefined', () => {
    const negative = { ...theirs, labels: new Uint16Array(theirs.rows) }
    expect(compare('recall', ours, negative)).toMatchObject({ value: null, reason: 'of the champion: no row has the positive label' })
  })
})
