import { expect, it } from 'vitest'
import { differenceOf, estimateOf, type Metric } from '../../../src/core/evaluation/metrics/metric.ts'
import { metricOf } from '../../../src/core/evaluation/metrics.ts'
import { otherOf } from './fixtures.ts'

const method = { confidence: 0.95, seed: 20240601, resamples: 2000 }
const labels = Uint16Array.from({ length: 600 }, (_, row) => row % 20)
/** One in `every` rows is taken for the next class. */
const sampleOf = (classes: number, every: number) =>
  otherOf({
    task: 'multiclass',
    classes: Array.from({ length: classes }, (_, index) => `k${String(index).padStart(4, '0')}`),
    labels,
    predicted: labels.map((label, row) => (row % every === 0 ? (label + 1) % 20 : label)),
  })

// A table of a thousand classes has a million cells; looked at in each resample, these six would take minutes.
it.each([
  'balanced_accuracy',
  'f1_macro',
  'precision_weighted',
  'mcc',
  'cohen_kappa',
  'f1[k0003]',
])('%s takes no longer for classes that nobody has, and gives the same figures', name => {
  const metric = metricOf(name, 'multiclass') as Metric
  const compared = (classes: number) => {
    const [challenger, champion] = [9, 7].map(every => {
      const sample = sampleOf(classes, every)
      return { sample, estimate: estimateOf(metric, sample, method) }
    }) as [{ sample: ReturnType<typeof sampleOf>; estimate: ReturnType<typeof estimateOf> }, never]
    return [challenger.estimate, differenceOf(metric, challenger, champion, method)]
  }
  const many = compared(1000)
  expect(many).toEqual(compared(20))
  expect(many.every(({ low, high }) => low !== null && high !== null)).toBe(true)
})
