import { detectablePairedShare } from '../../statistics/power.ts'
import { mcnemarMidP, pairedProportionError, tangoInterval, wilsonInterval } from '../../statistics/proportions.ts'
import { classRows, confusion, type Sample, weighedConfusion } from '../sample.ts'
import { indexOfClass, unknownClass } from './classes.ts'
import { effectiveCount } from './clusters.ts'
import { compareCounts } from './counts.ts'
import { type Design, designed } from './design.ts'
import type { Compared, Method, Metric } from './metric.ts'
import { totalsReplicas } from './replicas.ts'
import { marginsOf } from './slopes.ts'

/** A share of rows: right ones of all, of those labelled (recall) or of those predicted (precision) as one class. */
interface Share extends Pick<Metric, 'name' | 'title' | 'tasks'> {
  readonly among: 'all' | 'labelled' | 'predicted'
  /** Number or name of the class; null among all rows. */
  readonly of: number | string | null
  /** Is it the share of wrong ones? */
  readonly wrong?: true
  /** Why it is undefined where there is no such row. */
  readonly empty: string
}

/** Right rows and rows, counted or weighed. */
const sums = ({ among, of }: Share, sample: Sample, counts: Float64Array): readonly [right: number, rows: number] => {
  const width = sample.classes.length
  const { hits, rows, columns, all } = marginsOf(counts, width)
  if (among === 'all') return [hits.reduce((total, count) => total + count, 0), all]
  const index = indexOfClass(sample, of as number | string)
  return index < 0 ? [0, 0] : [hits[index] as number, (among === 'labelled' ? rows : columns)[index] as number]
}

/** Is this row among those that the share is of? */
const trial = ({ among, of }: Share, sample: Sample): ((row: number) => boolean) => {
  if (among === 'all') return () => true
  const index = indexOfClass(sample, of as number | string)
  const column = among === 'labelled' ? sample.labels : sample.predicted
  return row => column?.[row] === index
}

/** McNemar's test and Tango's interval on the rows of one class, or on all rows. */
const compareRight = (share: Share, challenger: Sample, champion: Sample, { confidence }: Method): Compared => {
  let onlyNow = 0
  let onlyBefore = 0
  let rows = 0
  const { labels, predicted } = challenger
  const counts = trial(share, challenger)
  for (let row = 0; row < challenger.rows; row++) {
    if (!counts(row)) continue
    const label = labels[row] as number
    rows++
    const now = predicted?.[row] === label
    const before = champion.predicted?.[row] === label
    if (now && !before) onlyNow++
    if (before && !now) onlyBefore++
  }
  const [gained, lost] = share.wrong ? [onlyBefore, onlyNow] : [onlyNow, onlyBefore]
  return {
    interval: tangoInterval(gained, lost, rows, confidence),
    method: 'tango',
    test: `McNemar mid-p (rows right only now: ${onlyNow}, only before: ${onlyBefore})`,
    statistic: null,
    p: mcnemarMidP(onlyNow, onlyBefore),
    error: pairedProportionError(gained, lost, rows),
    detectable: detectablePairedShare(onlyNow, onlyBefore, rows, confidence),
  }
}

const design = (share: Share): Design => ({
  range: 'proportion',
  influence: sample => {
    const [right, rows] = sums(share, sample, weighedConfusion(sample))
    if (rows === 0) return { undefined: unknownClass(sample, share.of) ?? share.empty }
    const value = (share.wrong ? rows - right : right) / rows
    const counts = trial(share, sample)
    const effects = new Float64Array(sample.rows)
    for (let row = 0; row < sample.rows; row++) {
      if (!counts(row)) continue
      const isRight = sample.predicted?.[row] === sample.labels[row]
      effects[row] = ((sample.weights?.[row] ?? 1) * ((isRight === !share.wrong ? 1 : 0) - value)) / rows
    }
    return { value, scale: 1, effects }
  },
  replicas: (sample, grouping) => {
    const counts = trial(share, sample)
    return totalsReplicas(
      sample,
      grouping,
      2,
      (row, weight, add) => {
        if (!counts(row)) return
        add(1, weight)
        if ((sample.predicted?.[row] === sample.labels[row]) === !share.wrong) add(0, weight)
      },
      totals => (totals[0] as number) / (totals[1] as number),
    )
  },
  trials: sample => effectiveCount(sample, trial(share, sample)),
  ...(share.among === 'predicted'
    ? {}
    : {
        discordance: (challenger, champion) => {
          const counts = trial(share, challenger)
          let [onlyNow, onlyBefore, all] = [0, 0, 0]
          for (let row = 0; row < challenger.rows; row++) {
            if (!counts(row)) continue
            const weight = challenger.weights?.[row] ?? 1
            const now = challenger.predicted?.[row] === challenger.labels[row]
            const before = champion.predicted?.[row] === challenger.labels[row]
            all += weight
            if (now && !before) onlyNow += weight
            if (before && !now) onlyBefore += weight
          }
          const [gained, lost] = share.wrong ? [onlyBefore, onlyNow] : [onlyNow, onlyBefore]
          return { onlyNow: gained / all, onlyBefore: lost / all, trials: effectiveCount(challenger, counts) }
        },
      }),
})

const proportion = (share: Share): Metric => {
  const { name, title, tasks, among, of } = share
  const support = (sample: Sample): number => {
    if (among === 'all') return sample.rows
    const index = indexOfClass(sample, of as number | string)
    if (index < 0) return 0
    return among === 'labelled' ? (classRows(sample)[index] ?? 0) : (sums(share, sample, confusion(sample))[1] as number)
  }
  const plain: Metric = {
    name,
    title,
    tasks,
    direction: share.wrong ? 'lower' : 'higher',
    needs: 'prediction',
    support,
    measure: (sample, { confidence }) => {
      const [right, rows] = sums(share, sample, confusion(sample))
      if (rows === 0) return { undefined: unknownClass(sample, of) ?? share.empty }
      const successes = share.wrong ? rows - right : right
      const value = successes / rows
      const interval = wilsonInterval(successes, rows, confidence)
      return { value, interval, method: 'wilson', error: Math.sqrt((value * (1 - value)) / rows) }
    },
    compare: (challenger, champion, method) => {
      if (among !== 'predicted') return compareRight(share, challenger, champion, method)
      const index = indexOfClass(challenger, of as number | string)
      return compareCounts(challenger, champion, method, ({ hits, columns }) => (hits[index] as number) / (columns[index] as number))
    },
  }
  return designed(plain, design(share))
}

/** Metrics that are a share of rows: Wilson's interval, McNemar's test. */
export const proportionMetrics: readonly Metric[] = [
  proportion({ name: 'accuracy', title: 'accuracy', tasks: ['binary', 'multiclass'], among: 'all', of: null, empty: 'there are no rows' }),
  proportion({ name: 'recall', title: 'recall', tasks: ['binary'], among: 'labelled', of: 1, empty: 'no row has the positive label' }),
  proportion({
    name: 'specificity',
    title: 'specificity',
    tasks: ['binary'],
    among: 'labelled',
    of: 0,
    empty: 'every row has the positive label',
  }),
  proportion({
    name: 'false_positive_rate',
    title: 'false positive rate',
    tasks: ['binary'],
    among: 'labelled',
    of: 0,
    wrong: true,
    empty: 'every row has the positive label',
  }),
  proportion({
    name: 'precision',
    title: 'precision',
    tasks: ['binary'],
    among: 'predicted',
    of: 1,
    empty: 'no row is predicted positive',
  }),
  proportion({
    name: 'negative_predictive_value',
    title: 'negative predictive value',
    tasks: ['binary'],
    among: 'predicted',
    of: 0,
    empty: 'every row is predicted positive',
  }),
]

/** Precision or recall of the class of this name. */
export const shareOfClass = (part: 'precision' | 'recall', name: string): Metric =>
  proportion({
    name: `${part}[${name}]`,
    title: `${part} of ${name}`,
    tasks: ['binary', 'multiclass'],
    among: part === 'recall' ? 'labelled' : 'predicted',
    of: name,
    empty: `no row is ${part === 'recall' ? 'labelled' : 'predicted'} ${name}`,
  })
