import type { Metric } from '../../../src/core/evaluation/metrics/metric.ts'
import { metricOf } from '../../../src/core/evaluation/metrics.ts'
import type { Predictions, Task } from '../../../src/core/evaluation/predictions.ts'
import { drawNormal, uniform } from '../../../src/core/statistics/random.ts'
import { binaryOf, otherOf } from './fixtures.ts'

/** The metric of this name, which there must be. */
export const metricNamed = (name: string, task: Task): Metric => {
  const metric = metricOf(name, task)
  if (!metric) throw new Error(`no metric ${name} of ${task}`)
  return metric
}

/**
 * Two models' predictions of the same random rows, which are alike but not the same. With `clusters`, every row belongs to one in turn, and what the models
 * get wrong has a part that all rows of a cluster share.
 */
export const noisy = (task: Task, rows: number, seed: number, clusters = 0): [Predictions, Predictions] => {
  const random = uniform(seed)
  const shared = Array.from({ length: Math.max(1, clusters) }, () => (clusters > 0 ? 2 * drawNormal(random) : 0))
  const of = Uint32Array.from({ length: rows }, (_, row) => (clusters > 0 ? row % clusters : row))
  const own = Array.from({ length: rows }, (_, row) => drawNormal(random) + (shared[clusters > 0 ? (of[row] as number) : 0] as number))
  const truth = Array.from({ length: rows }, () => random())
  const width = 3
  const model = (noise: () => number): Predictions => {
    if (task === 'regression') {
      const labels = Float64Array.from(truth, value => 10 + 4 * value)
      return otherOf({ task, classes: [], labels, predicted: labels.map((label, row) => label + (own[row] as number) + noise()) })
    }
    if (task === 'binary') {
      const score = (row: number, label: number): number => 1 / (1 + Math.exp(1 - 2 * label - (own[row] as number) - noise()))
      return binaryOf(
        truth.map((value, row) => {
          const label = value < 0.4 ? 1 : 0
          return { id: `r${row}`, label, score: Math.round(50 * score(row, label)) / 50 }
        }),
      )
    }
    const labels = Uint16Array.from(truth, value => Math.floor(width * value ** 1.4))
    const raw = Array.from(labels, (label, row) =>
      [0, 1, 2].map(index => Math.exp((index === label ? 1.2 : 0) + (index === 0 ? (own[row] as number) : drawNormal(random)) + noise())),
    )
    const shares = raw.map(row => row.map(value => value / row.reduce((sum, one) => sum + one, 0)))
    return otherOf({
      task,
      classes: ['a', 'b', 'c'],
      labels,
      predicted: Uint16Array.from(shares, row => row.indexOf(Math.max(...row))),
      probabilities: [0, 1, 2].map(index => Float64Array.from(shares, row => row[index] as number)),
    })
  }
  const both = [model(() => 0.4 * drawNormal(random)), model(() => 0.6 * drawNormal(random))].map(made => ({
    ...made,
    clusters: clusters > 0 ? of : null,
  }))
  return both as unknown as [Predictions, Predictions]
}
