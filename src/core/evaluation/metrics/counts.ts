import { bootstrapCells, distribution, percentileInterval } from '../../statistics/bootstrap.ts'
import { drawMultinomial, uniform } from '../../statistics/random.ts'
import { classRows, confusion, type Sample } from '../sample.ts'
import type { Compared, Method, Metric } from './metric.ts'
import { resampledDifference } from './resampling.ts'

/** A metric of confusion counts (label * width + predicted); NaN where undefined. */
type CountStatistic = (counts: Float64Array, width: number) => number

/**
 * Paired bootstrap of the difference of a count metric: the rows enter only through the cells (label, challenger's class, champion's class), so that
 * resampling them is one multinomial draw.
 */
export const compareCounts = (challenger: Sample, champion: Sample, method: Method, statistic: CountStatistic): Compared => {
  const width = challenger.classes.length
  const cells = new Map<number, number>()
  const { labels } = challenger
  for (let row = 0; row < challenger.rows; row++) {
    const ours = challenger.predicted?.[row] as number
    const theirs = champion.predicted?.[row] as number
    const cell = ((labels[row] as number) * width + ours) * width + theirs
    cells.set(cell, (cells.get(cell) ?? 0) + 1)
  }
  // In order of the cell and not of its first row: the order of rows must change nothing.
  const ordered = [...cells].sort(([a], [b]) => a - b)
  const counts = Float64Array.from(ordered, ([, count]) => count)
  const ours = new Float64Array(width * width)
  const theirs = new Float64Array(width * width)
  const random = uniform(method.seed)
  const drawn = new Float64Array(counts.length)
  const spread = distribution(method.resamples, () => {
    drawMultinomial(random, counts, drawn)
    ours.fill(0)
    theirs.fill(0)
    for (let index = 0; index < ordered.length; index++) {
      const cell = (ordered[index] as [number, number])[0]
      const label = Math.floor(cell / (width * width))
      const mine = label * width + (Math.floor(cell / width) % width)
      const other = label * width + (cell % width)
      ours[mine] = (ours[mine] as number) + (drawn[index] as number)
      theirs[other] = (theirs[other] as number) + (drawn[index] as number)
    }
    return statistic(ours, width) - statistic(theirs, width)
  })
  return resampledDifference(spread, method)
}

const totals = (counts: Float64Array, width: number): { rows: Float64Array; columns: Float64Array; all: number } => {
  const rows = new Float64Array(width)
  const columns = new Float64Array(width)
  let all = 0
  for (let label = 0; label < width; label++)
    for (let predicted = 0; predicted < width; predicted++) {
      const count = counts[label * width + predicted] as number
      rows[label] = (rows[label] as number) + count
      columns[predicted] = (columns[predicted] as number) + count
      all += count
    }
  return { rows, columns, all }
}

const balancedAccuracy: CountStatistic = (counts, width) => {
  const { rows } = totals(counts, width)
  let total = 0
  let present = 0
  for (let label = 0; label < width; label++) {
    if (rows[label] === 0) continue
    present++
    total += (counts[label * width + label] as number) / (rows[label] as number)
  }
  return present < 2 ? Number.NaN : total / present
}

/** Matthews' correlation for any number of classes (Gorodkin 2004), as scikit-learn computes it. */
const matthews: CountStatistic = (counts, width) => {
  const { rows, columns, all } = totals(counts, width)
  let right = 0
  let agreement = 0
  let rowSquares = 0
  let columnSquares = 0
  for (let index = 0; index < width; index++) {
    right += counts[index * width + index] as number
    agreement += (rows[index] as number) * (columns[index] as number)
    rowSquares += (rows[index] as number) ** 2
    columnSquares += (columns[index] as number) ** 2
  }
  const scale = Math.sqrt(all * all - rowSquares) * Math.sqrt(all * all - columnSquares)
  return scale === 0 ? Number.NaN : (right * all - agreement) / scale
}

const f1: CountStatistic = counts => {
  const truePositive = counts[3] as number
  const wrong = (counts[1] as number) + (counts[2] as number)
  return truePositive + wrong === 0 ? Number.NaN : (2 * truePositive) / (2 * truePositive + wrong)
}

type Part = 'precision' | 'recall' | 'f1'
const partTitles: Record<Part, string> = { precision: 'precision', recall: 'recall', f1: 'F1' }

const ofClass = (part: Part, hit: number, labelled: number, predicted: number): number => {
  if (part === 'precision') return hit / predicted
  if (part === 'recall') return hit / labelled
  return (2 * hit) / (labelled + predicted)
}

/** The mean over the classes that are labelled or predicted anywhere, plain or weighted by labelled rows. 0 / 0 in a class leaves it undefined. */
const averaged =
  (part: Part, average: 'macro' | 'weighted' | 'micro'): CountStatistic =>
  (counts, width) => {
    const { rows, columns, all } = totals(counts, width)
    let total = 0
    let weight = 0
    for (let index = 0; index < width; index++) {
      const [labelled, predicted, hit] = [rows[index] as number, columns[index] as number, counts[index * width + index] as number]
      if (labelled + predicted === 0) continue
      const share = average === 'macro' ? 1 : average === 'weighted' ? labelled : 0
      if (average === 'micro') total += hit
      else if (share > 0) total += share * ofClass(part, hit, labelled, predicted)
      weight += share
    }
    return total / (average === 'micro' ? all : weight)
  }

const smallestClass = (sample: Sample): number => {
  const present = classRows(sample).filter(count => count > 0)
  return present.length === 0 ? 0 : Math.min(...present)
}

interface CountMetric extends Pick<Metric, 'name' | 'title' | 'tasks' | 'support'> {
  readonly statistic: CountStatistic
  readonly why: string
}

const countMetric = ({ statistic, why, ...rest }: CountMetric): Metric => ({
  ...rest,
  direction: 'higher',
  needs: 'prediction',
  measure: (sample, method) => {
    const width = sample.classes.length
    const counts = confusion(sample)
    const value = statistic(counts, width)
    if (Number.isNaN(value)) return { undefined: why }
    const spread = bootstrapCells(counts, method, drawn => statistic(drawn, width))
    return { value, interval: percentileInterval(spread, method.confidence), method: 'bootstrap', error: spread.error }
  },
  compare: (challenger, champion, method) => compareCounts(challenger, champion, method, statistic),
})

const everyAverage = (['macro', 'weighted', 'micro'] as const).flatMap(average =>
  (['precision', 'recall', 'f1'] as const).map(part =>
    countMetric({
      name: `${part}_${average}`,
      title: `${partTitles[part]} (${average})`,
      tasks: ['multiclass'],
      support: sample => sample.rows,
      statistic: averaged(part, average),
      why: part === 'recall' ? 'a predicted class has no labelled row' : 'a labelled class is never predicted',
    }),
  ),
)

/** Metrics that depend on rows only through confusion counts: bootstrap on the counts. */
export const countMetrics: readonly Metric[] = [
  countMetric({
    name: 'balanced_accuracy',
    title: 'balanced accuracy',
    tasks: ['binary', 'multiclass'],
    support: smallestClass,
    statistic: balancedAccuracy,
    why: 'every row has the same label',
  }),
  countMetric({
    name: 'f1',
    title: 'F1',
    tasks: ['binary'],
    support: sample => classRows(sample)[1] ?? 0,
    statistic: f1,
    why: 'no row is labelled or predicted positive',
  }),
  countMetric({
    name: 'mcc',
    title: 'MCC',
    tasks: ['binary', 'multiclass'],
    support: smallestClass,
    statistic: matthews,
    why: 'every row has the same label or the same prediction',
  }),
  ...everyAverage,
]
