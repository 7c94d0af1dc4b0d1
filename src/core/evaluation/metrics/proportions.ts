import { detectablePairedShare } from '../../statistics/power.ts'
import { mcnemarMidP, pairedProportionError, tangoInterval, wilsonInterval } from '../../statistics/proportions.ts'
import { classRows, confusion, type Sample } from '../sample.ts'
import { compareCounts } from './counts.ts'
import type { Compared, Method, Metric } from './metric.ts'

/** Right predictions among the rows of one class, or among all rows (`of` null). */
const rightOf = (sample: Sample, of: number | null): number => {
  const width = sample.classes.length
  const counts = confusion(sample)
  if (of !== null) return counts[of * width + of] as number
  let right = 0
  for (let index = 0; index < width; index++) right += counts[index * width + index] as number
  return right
}

/** McNemar's test and Tango's interval on the rows of one class, or on all rows. */
const compareRight = (challenger: Sample, champion: Sample, of: number | null, { confidence }: Method): Compared => {
  let onlyNow = 0
  let onlyBefore = 0
  let rows = 0
  const { labels, predicted } = challenger
  for (let row = 0; row < challenger.rows; row++) {
    const label = labels[row] as number
    if (of !== null && label !== of) continue
    rows++
    const now = predicted?.[row] === label
    const before = champion.predicted?.[row] === label
    if (now && !before) onlyNow++
    if (before && !now) onlyBefore++
  }
  return {
    interval: tangoInterval(onlyNow, onlyBefore, rows, confidence),
    method: 'tango',
    test: `McNemar mid-p (rows right only now: ${onlyNow}, only before: ${onlyBefore})`,
    statistic: null,
    p: mcnemarMidP(onlyNow, onlyBefore),
    error: pairedProportionError(onlyNow, onlyBefore, rows),
    detectable: detectablePairedShare(onlyNow, onlyBefore, rows, confidence),
  }
}

const right = (name: string, title: string, tasks: Metric['tasks'], of: number | null, empty: string): Metric => {
  const support = (sample: Sample): number => (of === null ? sample.rows : (classRows(sample)[of] ?? 0))
  return {
    name,
    title,
    tasks,
    direction: 'higher',
    needs: 'prediction',
    support,
    measure: (sample, { confidence }) => {
      const rows = support(sample)
      if (rows === 0) return { undefined: empty }
      const successes = rightOf(sample, of)
      return { value: successes / rows, interval: wilsonInterval(successes, rows, confidence), method: 'wilson' }
    },
    compare: (challenger, champion, method) => compareRight(challenger, champion, of, method),
  }
}

const precision: Metric = {
  name: 'precision',
  title: 'precision',
  tasks: ['binary'],
  direction: 'higher',
  needs: 'prediction',
  support: sample => (confusion(sample)[1] as number) + (confusion(sample)[3] as number),
  measure: (sample, { confidence }) => {
    const [, falsePositive, , truePositive] = confusion(sample) as unknown as [number, number, number, number]
    const rows = falsePositive + truePositive
    if (rows === 0) return { undefined: 'no row is predicted positive' }
    return { value: truePositive / rows, interval: wilsonInterval(truePositive, rows, confidence), method: 'wilson' }
  },
  compare: (challenger, champion, method) =>
    compareCounts(challenger, champion, method, counts => (counts[3] as number) / ((counts[1] as number) + (counts[3] as number))),
}

/** Metrics that are a share of rows: Wilson's interval, McNemar's test. */
export const proportionMetrics: readonly Metric[] = [
  right('accuracy', 'accuracy', ['binary', 'multiclass'], null, 'there are no rows'),
  right('recall', 'recall', ['binary'], 1, 'no row has the positive label'),
  right('specificity', 'specificity', ['binary'], 0, 'every row has the positive label'),
  precision,
]
