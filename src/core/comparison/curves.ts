import { ascendingScores, classRows, labelsByScore, type Sample } from '../evaluation/sample.ts'
import type { Assessment } from './assessment.ts'

const grid = Array.from({ length: 21 }, (_, index) => index / 20)

/** True positive rates at the grid's false positive rates, between the corners of the ROC curve; null where it is undefined. */
const truePositiveRates = (sample: Sample): number[] | null => {
  const [negatives, positives] = classRows(sample) as unknown as [number, number]
  if (sample.scores === null || sample.problem !== null || !(negatives > 0) || !(positives > 0)) return null
  const labels = labelsByScore(sample)
  const { starts } = ascendingScores(sample)
  const rates = new Array<number>(grid.length).fill(1)
  let [truePositive, falsePositive] = [positives, negatives]
  let index = grid.length - 1
  // From the lowest score up: both counts fall from everything to nothing.
  for (let from = 0; from < labels.length; ) {
    let tied = labels[from] as number
    let to = from + 1
    while (to < labels.length && starts[to] === 0) tied += labels[to++] as number
    const [nextTrue, nextFalse] = [truePositive - tied, falsePositive - (to - from - tied)]
    while (index >= 0 && (grid[index] as number) * negatives > nextFalse) {
      const share = ((grid[index] as number) * negatives - nextFalse) / (falsePositive - nextFalse)
      rates[index] = (nextTrue + share * (truePositive - nextTrue)) / positives
      index--
    }
    if (falsePositive > 0 && nextFalse === 0) rates[0] = nextTrue / positives
    truePositive = nextTrue
    falsePositive = nextFalse
    from = to
  }
  return rates
}

/** ROC curves on a common grid; null where the challenger has none. */
export const rocCurve = (challenger: Sample, champion: Sample | null): Assessment['roc'] => {
  const ours = truePositiveRates(challenger)
  return ours && { x: [...grid], challenger: ours, champion: champion && truePositiveRates(champion) }
}
