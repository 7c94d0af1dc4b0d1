import { areaOf, delongDifferenceError, type Placements, placements, weighedArea, weighedPlacements } from '../../statistics/auc.ts'
import { averagePrecisionOf } from '../../statistics/average-precision.ts'
import { normalTwoSided } from '../../statistics/distributions.ts'
import { shareInterval, waldInterval } from '../../statistics/interval.ts'
import { wilsonInterval } from '../../statistics/proportions.ts'
import { boundsOf } from '../../statistics/ranking.ts'
import { ascendingScores, classRows, derived, labelsByScore, positiveFlags, type Sample, scoreOrder, weightsOf } from '../sample.ts'
import { effectiveCount, type Grouping } from './clusters.ts'
import { designed } from './design.ts'
import { byInfluence, type Influence, measuredByInfluence } from './influence.ts'
import type { Metric } from './metric.ts'
import { type Replicas, rowsReplicas } from './replicas.ts'

const oneClass = (sample: Sample): string | null => {
  const [negatives, positives] = classRows(sample)
  if (positives === 0) return 'no row has the positive label'
  return negatives === 0 ? 'every row has the positive label' : null
}

const placed = derived((sample): Placements => placements(positiveFlags(sample), ascendingScores(sample)))

/** The sample's area and each row's effect on it, for rows that weigh differently or stand in clusters. */
const areaInfluence = derived((sample): Influence => {
  const undefinedBecause = oneClass(sample)
  if (undefinedBecause) return { undefined: undefinedBecause }
  const flags = positiveFlags(sample)
  const weights = weightsOf(sample)
  const found = weighedPlacements(flags, sample.scores as Float64Array, scoreOrder(sample), weights)
  const effects = found.values.map(
    (placement, row) => ((weights[row] as number) * (placement - found.auc)) / (flags[row] === 1 ? found.positives : found.negatives),
  )
  return { value: found.auc, scale: 1, effects }
})

const scoreBounds = derived(sample => boundsOf(ascendingScores(sample).starts))

/** As sure as that many successes in a row: the smaller class. */
const smallerClass = (sample: Sample): number =>
  Math.min(...[0, 1].map(label => effectiveCount(sample, row => sample.labels[row] === label)))

const plainRocAuc: Metric = {
  name: 'roc_auc',
  title: 'ROC AUC',
  tasks: ['binary'],
  direction: 'higher',
  needs: 'score',
  support: sample => Math.min(...classRows(sample)),
  measure: (sample, { confidence }) => {
    const undefinedBecause = oneClass(sample)
    if (undefinedBecause) return { undefined: undefinedBecause }
    const found = areaOf(labelsByScore(sample), ascendingScores(sample).starts)
    const { error } = found
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

const rocAuc = designed(plainRocAuc, {
  range: 'share',
  influence: areaInfluence,
  replicas: (sample, grouping) =>
    rowsReplicas(sample, grouping, 1, weights => weighedArea(positiveFlags(sample), scoreOrder(sample), scoreBounds(sample), weights)),
  trials: smallerClass,
})

/** Average precision, the sum of recall steps times precision over distinct scores from above, with the derivative of it by each row's weight. */
const averagePrecisionInfluence = derived((sample): Influence => {
  if ((classRows(sample)[1] ?? 0) === 0) return { undefined: 'no row has the positive label' }
  const order = scoreOrder(sample)
  const bounds = scoreBounds(sample)
  const { labels, weights } = sample
  const tieCount = bounds.length - 1
  const precision = new Float64Array(tieCount)
  const gain = new Float64Array(tieCount)
  const loss = new Float64Array(tieCount)
  let hits = 0
  let above = 0
  let total = 0
  for (let tie = tieCount - 1; tie >= 0; tie--) {
    let tied = 0
    let tiedNegatives = 0
    for (let place = bounds[tie] as number; place < (bounds[tie + 1] as number); place++) {
      const row = order[place] as number
      const weight = weights === null ? 1 : (weights[row] as number)
      if (labels[row] === 1) tied += weight
      else tiedNegatives += weight
    }
    hits += tied
    above += tied + tiedNegatives
    precision[tie] = hits / above
    total += tied * (precision[tie] as number)
    // What one more unit of weight at or above this score changes in the precision that its positives see.
    gain[tie] = tied * (1 / above - hits / (above * above))
    loss[tie] = (-tied * hits) / (above * above)
  }
  // Divided once: a perfect order gives exactly 1.
  const positives = hits
  const value = total / positives
  const effects = new Float64Array(sample.rows)
  let gained = 0
  let lost = 0
  for (let tie = 0; tie < tieCount; tie++) {
    gained += gain[tie] as number
    lost += loss[tie] as number
    for (let place = bounds[tie] as number; place < (bounds[tie + 1] as number); place++) {
      const row = order[place] as number
      const effect = (labels[row] === 1 ? (precision[tie] as number) - value + gained : lost) / positives
      effects[row] = weights === null ? effect : effect * (weights[row] as number)
    }
  }
  return { value, scale: 1, effects }
})

const averagePrecisionReplicas = (sample: Sample, grouping: Grouping): Replicas => {
  const order = scoreOrder(sample)
  const bounds = scoreBounds(sample)
  const { labels } = sample
  return rowsReplicas(sample, grouping, 1, weights => {
    let hits = 0
    let above = 0
    let total = 0
    for (let tie = bounds.length - 2; tie >= 0; tie--) {
      let tied = 0
      for (let place = bounds[tie] as number; place < (bounds[tie + 1] as number); place++) {
        const row = order[place] as number
        const weight = weights[row] as number
        above += weight
        if (labels[row] === 1) tied += weight
      }
      hits += tied
      if (tied > 0) total += (tied * hits) / above
    }
    return total / hits
  })
}

const plainAveragePrecision: Metric = {
  name: 'average_precision',
  title: 'average precision',
  tasks: ['binary'],
  direction: 'higher',
  needs: 'score',
  support: sample => classRows(sample)[1] ?? 0,
  ...byInfluence(averagePrecisionInfluence, true),
  measure: (sample, { confidence }) => {
    if ((classRows(sample)[1] ?? 0) === 0) return { undefined: 'no row has the positive label' }
    const { value, error } = averagePrecisionOf(labelsByScore(sample), ascendingScores(sample).starts)
    return measuredByInfluence(value, error, 1, true, confidence)
  },
}

const averagePrecision = designed(plainAveragePrecision, {
  range: 'share',
  influence: averagePrecisionInfluence,
  replicas: averagePrecisionReplicas,
})

/** Metrics of the order of the scores. */
export const rankingMetrics: readonly Metric[] = [rocAuc, averagePrecision]
