import { sum } from '../../statistics/means.ts'
import { derived, type Sample, totalWeight } from '../sample.ts'
import type { Grouping } from './clusters.ts'
import { designed } from './design.ts'
import { byInfluence, type Influence } from './influence.ts'
import { absoluteErrors } from './losses.ts'
import type { Metric } from './metric.ts'
import { type Replicas, totalsReplicas } from './replicas.ts'

const weighed = (sample: Sample, values: Float64Array): Float64Array => {
  const { weights } = sample
  return weights === null ? values : values.map((value, row) => value * (weights[row] as number))
}

const squaredErrors = (sample: Sample): Float64Array => absoluteErrors(sample).map(error => error * error)

const rootMeanSquare = derived((sample): Influence => {
  const squares = squaredErrors(sample)
  const all = totalWeight(sample)
  const mean = sum(weighed(sample, squares)) / all
  const value = Math.sqrt(mean)
  const effects = weighed(
    sample,
    squares.map(square => (value === 0 ? 0 : (square - mean) / (2 * value * all))),
  )
  return { value, scale: value, effects }
})

/** Labels from the first one on: the mean of large labels that are close together would lose the digits in which they differ. */
const shiftedLabels = (sample: Sample): Float64Array => Float64Array.from(sample.labels, label => label - (sample.labels[0] as number))

const explained = derived((sample): Influence => {
  // By the labels themselves: their sum of squares around a rounded mean need not be 0.
  if (sample.labels.every(label => label === sample.labels[0])) return { undefined: 'every row has the same label' }
  const shifted = shiftedLabels(sample)
  const mean = sum(weighed(sample, shifted)) / totalWeight(sample)
  const spread = shifted.map(label => (label - mean) ** 2)
  const total = sum(weighed(sample, spread))
  const squares = squaredErrors(sample)
  const ratio = sum(weighed(sample, squares)) / total
  return {
    value: 1 - ratio,
    scale: 1 + Math.abs(1 - ratio),
    effects: weighed(
      sample,
      squares.map((square, row) => -(square - ratio * (spread[row] as number)) / total),
    ),
  }
})

const squaresReplicas = (sample: Sample, grouping: Grouping): Replicas => {
  const squares = squaredErrors(sample)
  return totalsReplicas(
    sample,
    grouping,
    2,
    (row, weight, add) => {
      add(0, weight * (squares[row] as number))
      add(1, weight)
    },
    totals => Math.sqrt((totals[0] as number) / (totals[1] as number)),
  )
}

const explainedReplicas = (sample: Sample, grouping: Grouping): Replicas => {
  const squares = squaredErrors(sample)
  const shifted = shiftedLabels(sample)
  const mean = sum(weighed(sample, shifted)) / totalWeight(sample)
  return totalsReplicas(
    sample,
    grouping,
    4,
    (row, weight, add) => {
      const label = (shifted[row] as number) - mean
      add(0, weight * (squares[row] as number))
      add(1, weight)
      add(2, weight * label)
      add(3, weight * label * label)
    },
    totals => {
      const [error, all, first, second] = totals as unknown as [number, number, number, number]
      const total = second - (first * first) / all
      // What is left of a single label is rounding.
      return total > 1e-12 * second ? 1 - error / total : Number.NaN
    },
  )
}

/** Regression metrics that are roots or quotients of means. */
export const regressionMetrics: readonly Metric[] = [
  designed(
    {
      name: 'rmse',
      title: 'RMSE',
      tasks: ['regression'],
      direction: 'lower',
      needs: 'prediction',
      support: sample => sample.rows,
      ...byInfluence(rootMeanSquare, false),
    },
    { range: 'free', influence: rootMeanSquare, replicas: squaresReplicas },
  ),
  designed(
    {
      name: 'r2',
      title: 'R²',
      tasks: ['regression'],
      direction: 'higher',
      needs: 'prediction',
      support: sample => sample.rows,
      ...byInfluence(explained, false),
    },
    { range: 'free', influence: explained, replicas: explainedReplicas },
  ),
]
