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

const balancedAccuracy: CountStatistic = (counts, width) => {
  const { rows } = marginsOf(counts, width)
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
  const { rows, columns, all } = marginsOf(counts, width)
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

/** Cohen's kappa: the agreement above that of chance, as a share of what there could be. */
const kappa: CountStatistic = (counts, width) => {
  const { hits, rows, columns, all } = marginsOf(counts, width)
  let right = 0
  let chance = 0
  for (let index = 0; index < width; index++) {
    right += hits[index] as number
    chance += (rows[index] as number) * (columns[index] as number)
  }
  // Where chance is certain, one class has every label and every prediction.
  return rows.some((count, index) => count === all && columns[index] === all) ? Number.NaN : (right * all - chance) / (all * all - chance)
}

/** F1 of the class of this number. */
const f1Of =
  (index: number): CountStatistic =>
  (counts, width) => {
    let both = 0
    for (let other = 0; other < width; other++) {
      both += (counts[index * width + other] as number) + (counts[other * width + index] as number)
    }
    return both === 0 ? Number.NaN : (2 * (counts[index * width + index] as number)) / both
  }

const partTitles: Record<Part, string> = { precision: 'precision', recall: 'recall', f1: 'F1' }

/** The mean over the classes that are labelled or predicted anywhere, plain or weighted by labelled rows. 0 / 0 in a class leaves it undefined. */
const averaged =
  (part: Part, average: 'macro' | 'weighted' | 'micro'): CountStatistic =>
  (counts, width) => {
    const { rows, columns, all } = marginsOf(counts, width)
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
      const value = of(counts, width)
      if (Number.isNaN(value)) return { undefined: why(sample) }
      const spread = bootstrapCells(counts, method, drawn => of(drawn, width))
      return { value, interval: percentileInterval(spread, method.confidence), method: 'bootstrap', error: spread.error }
    },
    compare: (challenger, champion, method) => compareCounts(challenger, champion, method, statistic(challenger)),
  }
  const influence = (sample: Sample): Influence => {
    const width = sample.classes.length
    const counts = weighedConfusion(sample)
    const value = statistic(sample)(counts, width)
    if (Number.isNaN(value)) return { undefined: why(sample) }
    const cells = cellSlopes(slopes(marginsOf(counts, width), value, sample))
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
      totals => of(totals, width),
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
