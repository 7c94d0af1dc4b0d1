import { type Ascending, eachTie } from './ranking.ts'

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

/** An area with DeLong's standard error of it, which is NaN with fewer than two rows in a class. */
export interface Area {
  readonly auc: number
  readonly positives: number
  readonly negatives: number
  readonly error: number
}

/** The area by labels in ascending order of their scores, each score's first place marked. Needs at least one positive and one negative row. */
export const areaOf = (labels: Uint8Array, starts: Uint8Array): Area => {
  let positives = 0
  for (let place = 0; place < labels.length; place++) positives += labels[place] as number
  const negatives = labels.length - positives
  let negativesBelow = 0
  let doubled = 0
  for (let from = 0; from < labels.length; ) {
    let tied = labels[from] as number
    let to = from + 1
    while (to < labels.length && starts[to] === 0) tied += labels[to++] as number
    const tiedNegatives = to - from - tied
    doubled += tied * (2 * negativesBelow + tiedNegatives)
    negativesBelow += tiedNegatives
    from = to
  }
  const auc = doubled / 2 / (positives * negatives)
  let positivesBelow = 0
  negativesBelow = 0
  let ofPositives = 0
  let ofNegatives = 0
  for (let from = 0; from < labels.length; ) {
    let tied = labels[from] as number
    let to = from + 1
    while (to < labels.length && starts[to] === 0) tied += labels[to++] as number
    const tiedNegatives = to - from - tied
    if (tied > 0) ofPositives += tied * ((negativesBelow + tiedNegatives / 2) / negatives - auc) ** 2
    if (tiedNegatives > 0) ofNegatives += tiedNegatives * ((positives - positivesBelow - tied / 2) / positives - auc) ** 2
    positivesBelow += tied
    negativesBelow += tiedNegatives
    from = to
  }
  const error = Math.sqrt(ofPositives / (positives - 1) / positives + ofNegatives / (negatives - 1) / negatives)
  return { auc, positives, negatives, error }
}

/** The area with each row's placement. Needs at least one positive and one negative row. */
export const placements = (isPositive: Uint8Array, { order, starts }: Ascending): Placements => {
  const values = new Float64Array(order.length)
  let positives = 0
  for (let row = 0; row < isPositive.length; row++) positives += isPositive[row] as number
  const negatives = isPositive.length - positives
  let positivesBelow = 0
  let negativesBelow = 0
  let doubled = 0
  for (let from = 0; from < order.length; ) {
    let tied = isPositive[order[from] as number] as number
    let to = from + 1
    while (to < order.length && starts[to] === 0) tied += isPositive[order[to++] as number] as number
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
    from = to
  }
  return { auc: doubled / 2 / (positives * negatives), positives, negatives, isPositive, values }
}

/** DeLong's standard error of the difference of two areas on the same rows; NaN with fewer than two rows in a class. */
export const delongDifferenceError = (first: Placements, second: Placements): number => {
  const gap = first.auc - second.auc
  const { positives, negatives, isPositive } = first
  let ofPositives = 0
  let ofNegatives = 0
  for (let row = 0; row < isPositive.length; row++) {
    const square = ((first.values[row] as number) - (second.values[row] as number) - gap) ** 2
    if (isPositive[row] === 1) ofPositives += square
    else ofNegatives += square
  }
  return Math.sqrt(ofPositives / (positives - 1) / positives + ofNegatives / (negatives - 1) / negatives)
}

/** The area where rows weigh differently, with each row's placement; `positives` and `negatives` are sums of weights. */
export type WeighedPlacements = Omit<Placements, 'isPositive'>

/** As {@link placements}, a row counting with its weight (> 0). `order` is the ascending order of `scores`. */
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
