import { ascendingScores, labelsByScore, type Sample, scoreOrder, weighing } from '../evaluation/sample.ts'
import type { Assessment } from './assessment.ts'

const grid = Array.from({ length: 21 }, (_, index) => index / 20)

/** True positive rates at the grid's false positive rates, between the corners of the ROC curve; weighted where rows are; null where it is undefined. */
const truePositiveRates = (given: Sample): number[] | null => {
  const sample = weighing(given)
  if (sample.scores === null || sample.problem !== null) return null
  const { weights } = sample
  const [labels, order] = [labelsByScore(sample), scoreOrder(sample)]
  const { starts } = ascendingScores(sample)
  let [truePositive, falsePositive, positiveRows, negativeRows] = [0, 0, 0, 0]
  for (let place = 0; place < labels.length; place++) {
    const weight = weights === null ? 1 : (weights[order[place] as number] as number)
    if (labels[place] === 1) {
      truePositive += weight
      positiveRows++
    } else {
      falsePositive += weight
      negativeRows++
    }
  }
  const [positives, negatives] = [truePositive, falsePositive]
  if (!(negatives > 0) || !(positives > 0)) return null
  const rates = new Array<number>(grid.length).fill(1)
  let index = grid.length - 1
  // From the lowest score up: both sums fall from everything to nothing.
  for (let place = 0; place < labels.length; ) {
    let nextTrue = truePositive
    let nextFalse = falsePositive
    do {
      const weight = weights === null ? 1 : (weights[order[place] as number] as number)
      // Exactly nothing after the last one: differences of weights would leave a rest.
      if (labels[place] === 1) nextTrue = --positiveRows === 0 ? 0 : nextTrue - weight
      else nextFalse = --negativeRows === 0 ? 0 : nextFalse - weight
      place++
    } while (place < labels.length && starts[place] === 0)
    while (index >= 0 && (grid[index] as number) * negatives > nextFalse) {
      const share = ((grid[index] as number) * negatives - nextFalse) / (falsePositive - nextFalse)
      rates[index] = (nextTrue + share * (truePositive - nextTrue)) / positives
      index--
    }
    if (falsePositive > 0 && nextFalse === 0) rates[0] = nextTrue / positives
    truePositive = nextTrue
    falsePositive = nextFalse
  }
  return rates
}

/** ROC curves on a common grid; null where the challenger has none. */
export const rocCurve = (challenger: Sample, champion: Sample | null): Assessment['roc'] => {
  const ours = truePositiveRates(challenger)
  return ours && { x: [...grid], challenger: ours, champion: champion && truePositiveRates(champion) }
}
