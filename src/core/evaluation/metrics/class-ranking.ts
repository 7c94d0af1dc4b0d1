import { placements, weighedArea, weighedPlacements } from '../../statistics/auc.ts'
import { ascending, ascendingOrder, eachTie, tieBounds } from '../../statistics/ranking.ts'
import { classRows, derived, type Sample, weightsOf } from '../sample.ts'
import { effectiveCount, type Grouping } from './clusters.ts'
import { type Design, designed } from './design.ts'
import { byInfluence, type Influence } from './influence.ts'
import { unevenSum } from './losses.ts'
import type { Metric } from './metric.ts'
import { type Replicas, rowsReplicas } from './replicas.ts'

type Average = 'macro' | 'weighted'

const columnOf = (sample: Sample, index: number): Float64Array => sample.probabilities?.[index] as Float64Array

const flagsOf = (sample: Sample, index: number): Uint8Array =>
  Uint8Array.from(sample.labels as Uint16Array, label => (label === index ? 1 : 0))

/** Why there are no areas; null where there are. */
const problemOf = (sample: Sample): string | null => {
  const without = classRows(sample).findIndex(rows => rows === 0 || rows === sample.rows)
  if (without >= 0) return `class "${sample.classes[without]}" has ${classRows(sample)[without] === 0 ? 'no row' : 'every row'}`
  return unevenSum(sample)
}

const classWeights = derived((sample): Float64Array => {
  if (sample.weights === null) return classRows(sample)
  const sums = new Float64Array(sample.classes.length)
  sample.labels.forEach((label, row) => {
    sums[label] = (sums[label] as number) + (sample.weights?.[row] as number)
  })
  return sums
})

/** Adds the effects of the classes' own weights on a mean of figures that is weighted by them. */
const addPrevalence = (sample: Sample, figures: Float64Array, value: number, effects: Float64Array): void => {
  const all = classWeights(sample).reduce((total, weight) => total + weight, 0)
  const weights = weightsOf(sample)
  for (let row = 0; row < sample.rows; row++) {
    const own = (figures[sample.labels[row] as number] as number) - value
    effects[row] = (effects[row] as number) + ((weights[row] as number) * own) / all
  }
}

/** Each class against the rest: the mean of the areas, with the effect of every row. */
const oneVersusRest =
  (average: Average) =>
  (sample: Sample): Influence => {
    const problem = problemOf(sample)
    if (problem) return { undefined: problem }
    const width = sample.classes.length
    const effects = new Float64Array(sample.rows)
    const areas = new Float64Array(width)
    const all = classWeights(sample).reduce((total, weight) => total + weight, 0)
    let value = 0
    for (let index = 0; index < width; index++) {
      const isPositive = flagsOf(sample, index)
      const scores = columnOf(sample, index)
      const ranks = ascending(scores)
      const { weights } = sample
      const found = weights === null ? placements(isPositive, ranks) : weighedPlacements(isPositive, scores, ranks.order, weights)
      const parts = average === 'macro' ? width : all / (classWeights(sample)[index] as number)
      areas[index] = found.auc
      value += found.auc / parts
      for (let row = 0; row < sample.rows; row++) {
        const share = isPositive[row] === 1 ? found.positives : found.negatives
        const effect = ((found.values[row] as number) - found.auc) / share / parts
        effects[row] = (effects[row] as number) + (weights === null ? effect : effect * (weights[row] as number))
      }
    }
    if (average === 'weighted') addPrevalence(sample, areas, value, effects)
    return { value, scale: 1, effects }
  }

const restReplicas =
  (average: Average) =>
  (sample: Sample, grouping: Grouping): Replicas => {
    const width = sample.classes.length
    const prepared = sample.classes.map((_, index) => {
      const order = ascendingOrder(columnOf(sample, index))
      return { isPositive: flagsOf(sample, index), order, bounds: tieBounds(columnOf(sample, index), order) }
    })
    const own = new Float64Array(width)
    return rowsReplicas(sample, grouping, width + 1, weights => {
      own.fill(0)
      let all = 0
      for (let row = 0; row < sample.rows; row++) {
        own[sample.labels[row] as number] = (own[sample.labels[row] as number] as number) + (weights[row] as number)
        all += weights[row] as number
      }
      let value = 0
      prepared.forEach(({ isPositive, order, bounds }, index) => {
        const share = average === 'macro' ? 1 / width : (own[index] as number) / all
        value += share * weighedArea(isPositive, order, bounds, weights)
      })
      return value
    })
  }

/**
 * Each class against each other one, by the probability of either (Hand and Till 2001): the mean of the areas over pairs, plain or weighted by the pairs' rows.
 * scikit-learn takes no weights here; with weights, areas and prevalences are those of rows repeated that often.
 */
const oneVersusOne =
  (average: Average) =>
  (sample: Sample): Influence => {
    const problem = problemOf(sample)
    if (problem) return { undefined: problem }
    const width = sample.classes.length
    const sizes = classWeights(sample)
    const weights = weightsOf(sample)
    const all = sizes.reduce((total, weight) => total + weight, 0)
    const effects = new Float64Array(sample.rows)
    const below = new Float64Array(width)
    const tied = new Float64Array(width)
    // Sums of areas over the other classes, by class: of pairs that it is one of.
    const ofPairs = new Float64Array(width)
    let value = 0
    for (let one = 0; one < width; one++) {
      const size = sizes[one] as number
      const scores = columnOf(sample, one)
      const order = ascendingOrder(scores)
      const shares = sizes.map((other, index) =>
        index === one ? 0 : average === 'macro' ? 1 / (width * (width - 1)) : (size + other) / (2 * (width - 1) * all),
      )
      const areas = new Float64Array(width)
      below.fill(0)
      eachTie(scores, order, (from, to) => {
        for (let place = from; place < to; place++) {
          const row = order[place] as number
          tied[sample.labels[row] as number] = (tied[sample.labels[row] as number] as number) + (weights[row] as number)
        }
        const mine = tied[one] as number
        let placement = 0
        if (mine > 0) {
          for (let other = 0; other < width; other++) {
            if (other === one) continue
            const beaten = ((below[other] as number) + (tied[other] as number) / 2) / (sizes[other] as number)
            areas[other] = (areas[other] as number) + (mine * beaten) / size
            placement += (shares[other] as number) * beaten
          }
        }
        const lostTo = (size - (below[one] as number) - mine / 2) / size
        for (let place = from; place < to; place++) {
          const row = order[place] as number
          const label = sample.labels[row] as number
          const weight = weights[row] as number
          const effect = label === one ? placement / size : ((shares[label] as number) * lostTo) / (sizes[label] as number)
          effects[row] = (effects[row] as number) + weight * effect
        }
        for (let place = from; place < to; place++) {
          const row = order[place] as number
          const label = sample.labels[row] as number
          below[label] = (below[label] as number) + (weights[row] as number)
          tied[label] = 0
        }
      })
      const total = areas.reduce((sum, area, other) => sum + area * (shares[other] as number), 0)
      value += total
      // Placements are taken around the areas that they are the mean of.
      for (let row = 0; row < sample.rows; row++) {
        const label = sample.labels[row] as number
        const mean = label === one ? total / size : ((shares[label] as number) * (areas[label] as number)) / (sizes[label] as number)
        effects[row] = (effects[row] as number) - (weights[row] as number) * mean
      }
      areas.forEach((area, other) => {
        if (other === one) return
        ofPairs[one] = (ofPairs[one] as number) + area / 2
        ofPairs[other] = (ofPairs[other] as number) + area / 2
      })
    }
    if (average === 'weighted') {
      addPrevalence(
        sample,
        ofPairs.map(sum => sum / (width - 1)),
        value,
        effects,
      )
    }
    return { value, scale: 1, effects }
  }

const metricOf = (name: string, title: string, influence: Design['influence'], replicas: Design['replicas']): Metric => {
  const remembered = derived(influence)
  const plain: Metric = {
    name,
    title,
    tasks: ['multiclass'],
    direction: 'higher',
    needs: 'probabilities',
    support: sample => Math.min(...classRows(sample)),
    ...byInfluence(remembered, true),
  }
  return designed(plain, {
    range: 'share',
    influence: remembered,
    replicas,
    trials: sample => Math.min(...sample.classes.map((_, index) => effectiveCount(sample, row => sample.labels[row] === index))),
  })
}

/** Areas under the ROC curve of more than two classes. */
export const classRankingMetrics: readonly Metric[] = [
  metricOf('roc_auc_ovr', 'ROC AUC (one against the rest)', oneVersusRest('macro'), restReplicas('macro')),
  metricOf('roc_auc_ovr_weighted', 'ROC AUC (one against the rest, weighted)', oneVersusRest('weighted'), restReplicas('weighted')),
  metricOf('roc_auc_ovo', 'ROC AUC (one against one)', oneVersusOne('macro'), null),
  metricOf('roc_auc_ovo_weighted', 'ROC AUC (one against one, weighted)', oneVersusOne('weighted'), null),
]
