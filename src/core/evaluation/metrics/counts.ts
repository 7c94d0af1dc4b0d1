import { bootstrapCells, distribution, percentileInterval } from '../../statistics/bootstrap.ts'
import { drawMultinomial, uniform } from '../../statistics/random.ts'
import { classRows, confusion, type Sample, weighedConfusion } from '../sample.ts'
import { indexOfClass, unknownClass } from './classes.ts'
import type { Grouping } from './clusters.ts'
import { type Design, designed } from './design.ts'
import type { Influence } from './influence.ts'
import type { Compared, Method, Metric } from './metric.ts'
import { type Replicas, totalsReplicas } from './replicas.ts'
import { resampledDifference } from './resampling.ts'
import {
  averageSlopes,
  balancedAccuracySlopes,
  cellSlopes,
  classSlopes,
  kappaSlopes,
  type Margins,
  marginsOf,
  matthewsSlopes,
  ofClass,
  type Part,
  type Slopes,
} from './slopes.ts'

/** A metric of confusion counts by their margins; NaN where undefined. */
type CountStatistic = (margins: Margins) => number

/** Cells that hold rows: of a thousand classes a million cells are empty, and every resample would look at each. */
interface Cells {
  readonly labels: Uint16Array
  readonly predicted: Uint16Array
}

/** Margins of counts in these cells, in the same arrays for each draw. */
const marginsIn = ({ labels, predicted }: Cells, width: number): ((drawn: Float64Array) => Margins) => {
  const [hits, rows, columns] = [new Float64Array(width), new Float64Array(width), new Float64Array(width)]
  return drawn => {
    for (const sums of [hits, rows, columns]) sums.fill(0)
    let all = 0
    for (let cell = 0; cell < drawn.length; cell++) {
      const [count, label, answer] = [drawn[cell] as number, labels[cell] as number, predicted[cell] as number]
      rows[label] = (rows[label] as number) + count
      columns[answer] = (columns[answer] as number) + count
      if (label === answer) hits[label] = (hits[label] as number) + count
      all += count
    }
    return { hits, rows, columns, all }
  }
}

/** Bootstrap of a count metric over the cells that hold rows. An empty cell takes no random number, so that leaving it out changes no draw. */
const bootstrapConfusion = (counts: Float64Array, width: number, method: Method, statistic: CountStatistic) => {
  const cells = Array.from(counts.keys()).filter(cell => counts[cell] !== 0)
  const labels = Uint16Array.from(cells, cell => Math.floor(cell / width))
  const margins = marginsIn({ labels, predicted: Uint16Array.from(cells, cell => cell % width) }, width)
  return bootstrapCells(
    Float64Array.from(cells, cell => counts[cell] as number),
    method,
    drawn => statistic(margins(drawn)),
  )
}

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
  const label = Uint16Array.from(ordered, ([cell]) => Math.floor(cell / (width * width)))
  const ours = marginsIn({ labels: label, predicted: Uint16Array.from(ordered, ([cell]) => Math.floor(cell / width) % width) }, width)
  const theirs = marginsIn({ labels: label, predicted: Uint16Array.from(ordered, ([cell]) => cell % width) }, width)
  const random = uniform(method.seed)
  const drawn = new Float64Array(counts.length)
  const spread = distribution(method.resamples, () => {
    drawMultinomial(random, counts, drawn)
    return statistic(ours(drawn)) - statistic(theirs(drawn))
  })
  return resampledDifference(spread, method)
}

const balancedAccuracy: CountStatistic = ({ hits, rows }) => {
  let total = 0
  let present = 0
  for (let label = 0; label < rows.length; label++) {
    if (rows[label] === 0) continue
    present++
    total += (hits[label] as number) / (rows[label] as number)
  }
  return present < 2 ? Number.NaN : total / present
}

/** Matthews' correlation for any number of classes (Gorodkin 2004), as scikit-learn computes it. */
const matthews: CountStatistic = ({ hits, rows, columns, all }) => {
  let right = 0
  let agreement = 0
  let rowSquares = 0
  let columnSquares = 0
  for (let index = 0; index < rows.length; index++) {
    right += hits[index] as number
    agreement += (rows[index] as number) * (columns[index] as number)
    rowSquares += (rows[index] as number) ** 2
    columnSquares += (columns[index] as number) ** 2
  }
  const scale = Math.sqrt(all * all - rowSquares) * Math.sqrt(all * all - columnSquares)
  return scale === 0 ? Number.NaN : (right * all - agreement) / scale
}

/** Cohen's kappa: the agreement above that of chance, as a share of what there could be. */
const kappa: CountStatistic = ({ hits, rows, columns, all }) => {
  let right = 0
  let chance = 0
  for (let index = 0; index < rows.length; index++) {
    right += hits[index] as number
    chance += (rows[index] as number) * (columns[index] as number)
  }
  // Where chance is certain, one class has every label and every prediction.
  return rows.some((count, index) => count === all && columns[index] === all) ? Number.NaN : (right * all - chance) / (all * all - chance)
}

/** F1 of the class of this number. */
const f1Of =
  (index: number): CountStatistic =>
  ({ hits, rows, columns }) => {
    const both = (rows[index] as number) + (columns[index] as number)
    return both === 0 ? Number.NaN : (2 * (hits[index] as number)) / both
  }

const partTitles: Record<Part, string> = { precision: 'precision', recall: 'recall', f1: 'F1' }

/** The mean over the classes that are labelled or predicted anywhere, plain or weighted by labelled rows. 0 / 0 in a class leaves it undefined. */
const averaged =
  (part: Part, average: 'macro' | 'weighted' | 'micro'): CountStatistic =>
  ({ hits, rows, columns, all }) => {
    let total = 0
    let weight = 0
    for (let index = 0; index < rows.length; index++) {
      const [labelled, predicted, hit] = [rows[index] as number, columns[index] as number, hits[index] as number]
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
  readonly statistic: (sample: Sample) => CountStatistic
  readonly slopes: (margins: Margins, value: number, sample: Sample) => Slopes
  readonly range: Design['range']
  readonly why: (sample: Sample) => string
}

const countMetric = ({ statistic, slopes, range, why, ...rest }: CountMetric): Metric => {
  const plain: Metric = {
    ...rest,
    direction: 'higher',
    needs: 'prediction',
    measure: (sample, method) => {
      const width = sample.classes.length
      const counts = confusion(sample)
      const of = statistic(sample)
      const value = of(marginsOf(counts, width))
      if (Number.isNaN(value)) return { undefined: why(sample) }
      const spread = bootstrapConfusion(counts, width, method, of)
      return { value, interval: percentileInterval(spread, method.confidence), method: 'bootstrap', error: spread.error }
    },
    compare: (challenger, champion, method) => compareCounts(challenger, champion, method, statistic(challenger)),
  }
  const influence = (sample: Sample): Influence => {
    const width = sample.classes.length
    const counts = weighedConfusion(sample)
    const margins = marginsOf(counts, width)
    const value = statistic(sample)(margins)
    if (Number.isNaN(value)) return { undefined: why(sample) }
    const cells = cellSlopes(slopes(margins, value, sample))
    const effects = new Float64Array(sample.rows)
    for (let row = 0; row < sample.rows; row++) {
      const cell = (sample.labels[row] as number) * width + (sample.predicted?.[row] as number)
      effects[row] = (sample.weights?.[row] ?? 1) * (cells[cell] as number)
    }
    return { value, scale: 1, effects }
  }
  const replicas = (sample: Sample, grouping: Grouping): Replicas => {
    const width = sample.classes.length
    const of = statistic(sample)
    const cell = (row: number): number => (sample.labels[row] as number) * width + (sample.predicted?.[row] as number)
    return totalsReplicas(
      sample,
      grouping,
      width * width,
      (row, weight, add) => add(cell(row), weight),
      totals => of(marginsOf(totals, width)),
    )
  }
  return designed(plain, { range, influence, replicas })
}

const everyAverage = (['macro', 'weighted', 'micro'] as const).flatMap(average =>
  (['precision', 'recall', 'f1'] as const).map(part =>
    countMetric({
      name: `${part}_${average}`,
      title: `${partTitles[part]} (${average})`,
      tasks: ['multiclass'],
      support: sample => sample.rows,
      statistic: () => averaged(part, average),
      slopes: (margins, value) => averageSlopes(part, average, margins, value),
      range: 'share',
      why: () => (part === 'recall' ? 'a predicted class has no labelled row' : 'a labelled class is never predicted'),
    }),
  ),
)

/** F1 of the class of this name. */
export const f1OfClass = (name: string): Metric =>
  countMetric({
    name: `f1[${name}]`,
    title: `F1 of ${name}`,
    tasks: ['binary', 'multiclass'],
    support: sample => classRows(sample)[indexOfClass(sample, name)] ?? 0,
    statistic: sample => f1Of(indexOfClass(sample, name)),
    slopes: (margins, _, sample) => classSlopes('f1', margins, indexOfClass(sample, name)),
    range: 'share',
    why: sample => unknownClass(sample, name) ?? `no row is labelled or predicted ${name}`,
  })

/** Metrics that depend on rows only through confusion counts: bootstrap on the counts. */
export const countMetrics: readonly Metric[] = [
  countMetric({
    name: 'balanced_accuracy',
    title: 'balanced accuracy',
    tasks: ['binary', 'multiclass'],
    support: smallestClass,
    statistic: () => balancedAccuracy,
    slopes: balancedAccuracySlopes,
    range: 'share',
    why: () => 'every row has the same label',
  }),
  countMetric({
    name: 'f1',
    title: 'F1',
    tasks: ['binary'],
    support: sample => classRows(sample)[1] ?? 0,
    statistic: () => f1Of(1),
    slopes: margins => classSlopes('f1', margins, 1),
    range: 'share',
    why: () => 'no row is labelled or predicted positive',
  }),
  countMetric({
    name: 'mcc',
    title: 'MCC',
    tasks: ['binary', 'multiclass'],
    support: smallestClass,
    statistic: () => matthews,
    slopes: matthewsSlopes,
    range: 'correlation',
    why: () => 'every row has the same label or the same prediction',
  }),
  countMetric({
    name: 'cohen_kappa',
    title: "Cohen's kappa",
    tasks: ['binary', 'multiclass'],
    support: smallestClass,
    statistic: () => kappa,
    slopes: kappaSlopes,
    range: 'correlation',
    why: () => 'every row has the same label and prediction',
  }),
  ...everyAverage,
]
