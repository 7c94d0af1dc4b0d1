import { TextBuilder } from '../../../src/core/evaluation/columns.ts'
import { metricNames } from '../../../src/core/evaluation/metrics.ts'
import { type Predictions, type Task, textAt } from '../../../src/core/evaluation/predictions.ts'
import { partOf } from '../../../src/core/evaluation/sample.ts'
import { drawNormal, uniform } from '../../../src/core/statistics/random.ts'
import { binaryOf, otherOf } from './fixtures.ts'

/** Two models on the same rows, the first a little better. */
export type Pair = readonly [challenger: Predictions, champion: Predictions]

/** Every metric of a task; those of one class, of a class that the pairs below have. */
export const everyName = (task: Task): string[] => metricNames(task).map(name => name.replace('<class>', task === 'binary' ? '0' : 'b'))

/** Odd seeds have scores without ties, even ones with many. */
export const binaryPair = (rows: number, seed: number): Pair => {
  const random = uniform(seed)
  const labels = Array.from({ length: rows }, () => (random() < 0.4 ? 1 : 0))
  const regions = labels.map(() => (random() < 0.3 ? 'US' : 'EU'))
  const model = (skill: number) =>
    binaryOf(
      labels.map((label, row) => {
        const raw = Math.min(1, Math.max(0, 0.5 + (label - 0.5) * skill + (random() - 0.5) * 0.9))
        return { id: `r${row}`, label, region: regions[row] as string, score: seed % 2 ? raw : Math.round(raw * 10) / 10 }
      }),
    )
  return [model(0.5), model(0.4)]
}

export const multiclassPair = (rows: number, seed: number): Pair => {
  const random = uniform(seed)
  const labels = Uint16Array.from({ length: rows }, () => Math.floor(random() * 3))
  const model = (skill: number) => {
    const raw = Array.from(labels, label => [0, 1, 2].map(index => random() + (index === label ? skill : 0)))
    return otherOf({
      task: 'multiclass',
      classes: ['a', 'b', 'c'],
      labels,
      predicted: Uint16Array.from(raw, row => row.indexOf(Math.max(...row))),
      probabilities: [0, 1, 2].map(index => Float64Array.from(raw, row => (row[index] as number) / row.reduce((a, b) => a + b, 0))),
    })
  }
  return [model(0.4), model(0.3)]
}

export const regressionPair = (rows: number, seed: number): Pair => {
  const random = uniform(seed)
  const labels = Float64Array.from({ length: rows }, () => 10 + 3 * drawNormal(random))
  const model = (spread: number) =>
    otherOf({ task: 'regression', classes: [], labels, predicted: labels.map(label => label + spread * drawNormal(random)) })
  return [model(1), model(1.05)]
}

/** The pairs of each task. */
export const pairs: Readonly<Record<Task, (rows: number, seed: number) => Pair>> = {
  binary: binaryPair,
  multiclass: multiclassPair,
  regression: regressionPair,
}

/** The same pair with a weight for each row, some of them 0. */
export const weighted = (pair: Pair, seed: number): Pair => {
  const random = uniform(seed)
  const weights = Float64Array.from({ length: pair[0].rows }, () => Math.floor(random() * 5) / 2)
  weights[0] = 1
  return [
    { ...pair[0], weights },
    { ...pair[1], weights },
  ]
}

/** The same pair with rows in clusters of about `size`, which are numbered in the order in which they first stand, as a reader numbers them. */
export const clustered = (pair: Pair, size: number, seed: number): Pair => {
  const random = uniform(seed)
  const count = Math.ceil(pair[0].rows / size)
  const clusters = inOrder(Uint32Array.from({ length: pair[0].rows }, () => Math.floor(random() * count)))
  return [
    { ...pair[0], clusters },
    { ...pair[1], clusters },
  ]
}

const inOrder = (clusters: Uint32Array): Uint32Array => {
  const numbers = new Map<number, number>()
  return clusters.map(cluster => {
    const known = numbers.get(cluster) ?? numbers.size
    numbers.set(cluster, known)
    return known
  })
}

/** These rows in this order; `idOf` names the row at a place. */
const arranged = (predictions: Predictions, order: Uint32Array, idOf: (id: string, place: number) => string): Predictions => {
  const ids = new TextBuilder()
  for (const [place, row] of order.entries()) ids.addValue(idOf(textAt(predictions.ids, row), place))
  const slices = [...predictions.slices].map(
    ([name, { codes, values }]) => [name, { values, codes: Uint16Array.from(order, row => codes[row] as number) }] as const,
  )
  const part = partOf(predictions, order)
  return { ...predictions, ...part, clusters: part.clusters && inOrder(part.clusters), ids: ids.build(), slices: new Map(slices) }
}

/** The same rows in another order, drawn with this seed. */
export const permuted = (predictions: Predictions, seed: number): Predictions => {
  const random = uniform(seed)
  const order = Uint32Array.from({ length: predictions.rows }, (_, row) => row)
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[order[last], order[other]] = [order[other] as number, order[last] as number]
  }
  return arranged(predictions, order, id => id)
}

/** Every row twice, the second time under another id. */
export const doubled = (predictions: Predictions): Predictions =>
  arranged(
    predictions,
    Uint32Array.from({ length: 2 * predictions.rows }, (_, place) => place >> 1),
    (id, place) => (place % 2 ? `${id} again` : id),
  )
