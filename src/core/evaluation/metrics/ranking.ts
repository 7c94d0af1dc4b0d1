import { delongDifferenceError, delongError, type Placements, placements } from '../../statistics/auc.ts'
import { normalTwoSided } from '../../statistics/distributions.ts'
import { shareInterval, waldInterval } from '../../statistics/interval.ts'
import { wilsonInterval } from '../../statistics/proportions.ts'
import { eachTie } from '../../statistics/ranking.ts'
import { classRows, derived, type Sample, scoreOrder } from '../sample.ts'
import { byInfluence, type Influence } from './influence.ts'
import type { Metric } from './metric.ts'

const oneClass = (sample: Sample): string | null => {
  const [negatives, positives] = classRows(sample)
  if (positives === 0) return 'no row has the positive label'
  return negatives === 0 ? 'every row has the positive label' : null
}

const positiveFlags = derived(sample => Uint8Array.from(sample.labels))

const placed = derived(
  (sample): Placements => placements(positiveFlags(sample), sample.scores ?? new Float64Array(sample.rows), scoreOrder(sample)),
)

const rocAuc: Metric = {
  name: 'roc_auc',
  title: 'ROC AUC',
  tasks: ['binary'],
  direction: 'higher',
  needs: 'score',
  support: sample => Math.min(...classRows(sample)),
  measure: (sample, { confidence }) => {
    const undefinedBecause = oneClass(sample)
    if (undefinedBecause) return { undefined: undefinedBecause }
    const found = placed(sample)
    const error = delongError(found)
    if (error === 0 && (found.auc === 1 || found.auc === 0)) {
      // Perfect separation has no variance to estimate from, yet is no certainty: as sure as that many successes in a row.
      const fewer = Math.min(found.positives, found.negatives)
      return {
        value: found.auc,
        interval: wilsonInterval(found.auc * fewer, fewer, confidence),
        method: 'wilson on the smaller class',
        error,
      }
    }
    return { value: found.auc, interval: shareInterval(found.auc, error, confidence), method: 'delong', error }
  },
  compare: (challenger, champion, { confidence }) => {
    const [ours, theirs] = [placed(challenger), placed(champion)]
    const gap = ours.auc - theirs.auc
    const error = delongDifferenceError(ours, theirs)
    const statistic = error > 0 ? gap / error : null
    return {
      interval: waldInterval(gap, error, confidence),
      method: 'delong',
      test: 'DeLong, paired',
      statistic,
      p: statistic === null ? null : normalTwoSided(statistic),
      error,
    }
  },
}

/** Average precision, the sum of recall steps times precision over distinct scores from above, with the derivative of it by each row's weight. */
const averagePrecisionInfluence = derived((sample): Influence => {
  const positives = classRows(sample)[1] ?? 0
  if (positives === 0) return { undefined: 'no row has the positive label' }
  const scores = sample.scores as Float64Array
  const order = scoreOrder(sample)
  // Ties from below, each with its positives.
  const bounds: number[] = []
  eachTie(scores, order, from => bounds.push(from))
  bounds.push(order.length)
  const tieCount = bounds.length - 1
  const precision = new Float64Array(tieCount)
  const gain = new Float64Array(tieCount)
  const loss = new Float64Array(tieCount)
  let hits = 0
  let total = 0
  for (let tie = tieCount - 1; tie >= 0; tie--) {
    const [from, to] = [bounds[tie] as number, bounds[tie + 1] as number]
    let tied = 0
    for (let place = from; place < to; place++) tied += sample.labels[order[place] as number] as number
    hits += tied
    const above = order.length - from
    precision[tie] = hits / above
    total += tied * (precision[tie] as number)
    // What one more unit of weight at or above this score changes in the precision that its positives see.
    gain[tie] = tied * (1 / above - hits / (above * above))
    loss[tie] = (-tied * hits) / (above * above)
  }
  // Divided once: a perfect order gives exactly 1.
  const value = total / positives
  const effects = new Float64Array(sample.rows)
  let gained = 0
  let lost = 0
  for (let tie = 0; tie < tieCount; tie++) {
    gained += gain[tie] as number
    lost += loss[tie] as number
    for (let place = bounds[tie] as number; place < (bounds[tie + 1] as number); place++) {
      const row = order[place] as number
      effects[row] = (sample.labels[row] === 1 ? (precision[tie] as number) - value + gained : lost) / positives
    }
  }
  return { value, scale: 1, effects }
})

const averagePrecision: Metric = {
  name: 'average_precision',
  title: 'average precision',
  tasks: ['binary'],
  direction: 'higher',
  needs: 'score',
  support: sample => classRows(sample)[1] ?? 0,
  ...byInfluence(averagePrecisionInfluence, true),
}

/** Each class against the rest: the mean of the areas, with the effect of every row. */
const oneVersusRest = derived((sample): Influence => {
  const width = sample.classes.length
  const effects = new Float64Array(sample.rows)
  let value = 0
  for (let index = 0; index < width; index++) {
    const isPositive = Uint8Array.from(sample.labels as Uint16Array, label => (label === index ? 1 : 0))
    const scores = sample.probabilities?.[index] as Float64Array
    const rows = classRows(sample)[index] as number
    if (rows === 0 || rows === sample.rows)
      return { undefined: `class "${sample.classes[index]}" has ${rows === 0 ? 'no row' : 'every row'}` }
    const one: Sample = {
      ...sample,
      task: 'binary',
      classes: ['rest', 'class'],
      labels: Uint16Array.from(isPositive),
      scores,
      probabilities: null,
    }
    const found = placements(isPositive, scores, scoreOrder(one))
    value += found.auc / width
    for (let row = 0; row < sample.rows; row++) {
      const share = isPositive[row] === 1 ? found.positives : found.negatives
      effects[row] = (effects[row] as number) + ((found.values[row] as number) - found.auc) / share / width
    }
  }
  return { value, scale: 1, effects }
})

const rocAucOvr: Metric = {
  name: 'roc_auc_ovr',
  title: 'ROC AUC (one against the rest)',
  tasks: ['multiclass'],
  direction: 'higher',
  needs: 'probabilities',
  support: sample => Math.min(...classRows(sample)),
  ...byInfluence(oneVersusRest, true),
}

/** Metrics of the order of the scores. */
export const rankingMetrics: readonly Metric[] = [rocAuc, averagePrecision, rocAucOvr]
