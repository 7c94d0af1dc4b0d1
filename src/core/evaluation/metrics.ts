import { calibrationMetrics } from './metrics/calibration.ts'
import { countMetrics } from './metrics/counts.ts'
import { lossMetrics } from './metrics/losses.ts'
import type { Metric } from './metrics/metric.ts'
import { proportionMetrics } from './metrics/proportions.ts'
import { rankingMetrics } from './metrics/ranking.ts'
import { regressionMetrics } from './metrics/regression.ts'
import type { Task } from './predictions.ts'

/** Every metric that is computed from rows. */
export const metrics: readonly Metric[] = [
  ...rankingMetrics,
  ...proportionMetrics,
  ...countMetrics,
  ...lossMetrics,
  ...calibrationMetrics,
  ...regressionMetrics,
]

/** The metric of this name for a task, or undefined. */
export const metricOf = (name: string, task: Task): Metric | undefined =>
  metrics.find(metric => metric.name === name && metric.tasks.includes(task))

/** Names of a task's metrics. */
export const metricNames = (task: Task): string[] => metrics.filter(metric => metric.tasks.includes(task)).map(metric => metric.name)
