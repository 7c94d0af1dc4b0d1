import { eachTie } from './ranking.ts'

/**
 * The area under the ROC curve with each row's placement: for a positive row the share of negatives that score lower (ties half), for a negative row the
 * share of positives that score higher (DeLong 1988; by one sorted pass as in Sun and Xu 2014).
 */
export interface Placements {
  readonly auc: number
  readonly positives: number
  readonly negatives: number
  readonly isPositive: Uint8Array
  readonly values: Float64Array
}

/** Needs at least one positive and one negative row. `order` is the ascending order of `scores`. */
export const placements = (isPositive: Uint8Array, scores: Float64Array, order: Uint32Array): Placements => {
  const values = new Float64Array(scores.length)
  let positives = 0
  for (const flag of isPositive) positives += flag
  const negatives = isPositive.length - positives
  let positivesBelow = 0
  let negativesBelow = 0
  let doubled = 0
  eachTie(scores, order, (from, to) => {
    let tied = 0
    for (let place = from; place < to; place++) tied += isPositive[order[place] as number] as number
    const tiedNegatives = to - from - tied
    const ofPositive = (negativesBelow + tiedNegatives / 2) / negatives
    const ofNegative = (positives - positivesBelow - tied / 2) / positives
    for (let place = from; place < to; place++) {
      const row = order[place] as number
      values[row] = isPositive[row] === 1 ? ofPositive : ofNegative
    }
    doubled += tied * (2 * negativesBelow + tiedNegatives)
    positivesBelow += tied
    negativesBelow += tiedNegatives
  })
  return { auc: doubled / 2 / (positives * negatives), positives, negatives, isPositive, values }
}

const spread = (isPositive: Uint8Array, of: (row: number) => number, meanPositive: number, meanNegative: number): [number, number] => {
  let positive = 0
  let negative = 0
  for (let row = 0; row < isPositive.length; row++) {
    if (isPositive[row] === 1) positive += (of(row) - meanPositive) ** 2
    else negative += (of(row) - meanNegative) ** 2
  }
  return [positive, negative]
}

/** DeLong's standard error of one area; NaN with fewer than two rows in a class. */
export const delongError = ({ auc, positives, negatives, isPositive, values }: Placements): number => {
  const [positive, negative] = spread(isPositive, row => values[row] as number, auc, auc)
  return Math.sqrt(positive / (positives - 1) / positives + negative / (negatives - 1) / negatives)
}

/** DeLong's standard error of the difference of two areas on the same rows. */
export const delongDifferenceError = (first: Placements, second: Placements): number => {
  const gap = first.auc - second.auc
  const of = (row: number): number => (first.values[row] as number) - (second.values[row] as number)
  const [positive, negative] = spread(first.isPositive, of, gap, gap)
  const { positives, negatives } = first
  return Math.sqrt(positive / (positives - 1) / positives + negative / (negatives - 1) / negatives)
}

/** The area where rows weigh differently, with each row's placement; `positives` and `negatives` are sums of weights. */
export type WeighedPlacements = Omit<Placements, 'isPositive'>

/** As {@link placements}, a row counting with its weight (> 0). */
export const weighedPlacements = (
  isPositive: Uint8Array,
  scores: Float64Array,
  order: Uint32Array,
  weights: Float64Array,
): WeighedPlacements => {
  const values = new Float64Array(scores.length)
  let positives = 0
  let negatives = 0
  for (const row of order) {
    if (isPositive[row] === 1) positives += weights[row] as number
    else negatives += weights[row] as number
  }
  let positivesBelow = 0
  let negativesBelow = 0
  let won = 0
  let lost = 0
  eachTie(scores, order, (from, to) => {
    let tied = 0
    let tiedNegatives = 0
    for (let place = from; place < to; place++) {
      const row = order[place] as number
      if (isPositive[row] === 1) tied += weights[row] as number
      else tiedNegatives += weights[row] as number
    }
    const ofPositive = (negativesBelow + tiedNegatives / 2) / negatives
    const ofNegative = (positives - positivesBelow - tied / 2) / positives
    for (let place = from; place < to; place++) {
      const row = order[place] as number
      values[row] = isPositive[row] === 1 ? ofPositive : ofNegative
    }
    won += tied * (negativesBelow + tiedNegatives / 2)
    lost += tiedNegatives * (positivesBelow + tied / 2)
    positivesBelow += tied
    negativesBelow += tiedNegatives
  })
  // Without a single pair the other way round it is exactly 1, which the quotient need not be.
  return { auc: lost === 0 ? 1 : won / (positives * negatives), positives, negatives, values }
}

/** The area alone, rows of weight 0 being none; NaN without a row in each class. `bounds` are the places where ties start, and the end. */
export const weighedArea = (isPositive: Uint8Array, order: Uint32Array, bounds: Uint32Array, weights: Float64Array): number => {
  let positives = 0
  let negatives = 0
  let won = 0
  for (let tie = 0; tie + 1 < bounds.length; tie++) {
    let tied = 0
    let tiedNegatives = 0
    for (let place = bounds[tie] as number; place < (bounds[tie + 1] as number); place++) {
      const row = order[place] as number
      if (isPositive[row] === 1) tied += weights[row] as number
      else tiedNegatives += weights[row] as number
    }
    won += tied * (negatives + tiedNegatives / 2)
    positives += tied
    negatives += tiedNegatives
  }
  return won / (positives * negatives)
}
