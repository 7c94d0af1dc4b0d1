import { calibrationMetrics } from './metrics/calibration.ts'
import { classRankingMetrics } from './metrics/class-ranking.ts'
import { countMetrics, f1OfClass } from './metrics/counts.ts'
import { lossMetrics } from './metrics/losses.ts'
import { medianAbsoluteError } from './metrics/median.ts'
import type { Metric } from './metrics/metric.ts'
import { proportionMetrics, shareOfClass } from './metrics/proportions.ts'
import { rankingMetrics } from './metrics/ranking.ts'
import { regressionMetrics } from './metrics/regression.ts'
import type { Task } from './predictions.ts'

/** Every metric that is computed from rows, but those of a single class, which are named by it: `recall[setosa]`. */
export const metrics: readonly Metric[] = [
  ...rankingMetrics,
  ...classRankingMetrics,
  ...proportionMetrics,
  ...countMetrics,
  ...lossMetrics,
  ...calibrationMetrics,
  ...regressionMetrics,
  medianAbsoluteError,
]

const ofOneClass = /^(precision|recall|f1)\[(.+)\]$/

const classMetric = (name: string, task: Task): Metric | undefined => {
  const [, part, of] = ofOneClass.exec(name) ?? []
  if (part === undefined || of === undefined || task === 'regression') return undefined
  return part === 'f1' ? f1OfClass(of) : shareOfClass(part as 'precision' | 'recall', of)
}

/** The metric of this name for a task, or undefined. One of a single class is there whatever its class: rows that lack it say so. */
export const metricOf = (name: string, task: Task): Metric | undefined =>
  metrics.find(metric => metric.name === name && metric.tasks.includes(task)) ?? classMetric(name, task)

/** Names of a task's metrics, with those of single classes for the classes that are given. */
export const metricNames = (task: Task, classes: readonly string[] = []): string[] => [
  ...metrics.filter(metric => metric.tasks.includes(task)).map(metric => metric.name),
  ...(task === 'regression' ? [] : ['precision', 'recall', 'f1'].flatMap(part => classes.map(name => `${part}[${name}]`))),
]
