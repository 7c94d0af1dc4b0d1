import { metricOf } from '../evaluation/metrics.ts'
import type { Task } from '../evaluation/predictions.ts'

/** What stands for a metric of MLflow's: a metric that is computed here, a figure that the user's own script has to report, or nothing. */
export type Counterpart =
  | {
      readonly kind: 'metric'
      readonly metric: string
      readonly direction: 'higher' | 'lower'
      readonly convert: (threshold: number) => number
      readonly note: string | null
    }
  | { readonly kind: 'figure' }
  | { readonly kind: 'none'; readonly why: string }

type Names = Readonly<Partial<Record<Task, string>>>

const weighted = (name: string): Names => ({ binary: name, multiclass: `${name}_weighted` })

/** Names of MLflow's default evaluators and of the scikit-learn functions behind them, by task. MLflow averages over classes by their rows unless it is told otherwise. */
const counterparts = new Map<string, Names>([
  ['accuracy_score', { binary: 'accuracy', multiclass: 'accuracy' }],
  ['score', { binary: 'accuracy', multiclass: 'accuracy', regression: 'r2' }],
  ['recall_score', weighted('recall')],
  ['precision_score', weighted('precision')],
  ['f1_score', weighted('f1')],
  ['roc_auc', { binary: 'roc_auc', multiclass: 'roc_auc_ovr_weighted' }],
  ['roc_auc_score', { binary: 'roc_auc', multiclass: 'roc_auc_ovr_weighted' }],
  ['precision_recall_auc', { binary: 'average_precision' }],
  ['average_precision_score', { binary: 'average_precision' }],
  ['log_loss', { binary: 'log_loss', multiclass: 'log_loss' }],
  ['brier_score_loss', { binary: 'brier' }],
  ['balanced_accuracy_score', { binary: 'balanced_accuracy', multiclass: 'balanced_accuracy' }],
  ['matthews_corrcoef', { binary: 'mcc', multiclass: 'mcc' }],
  ['mean_absolute_error', { regression: 'mae' }],
  ['mean_squared_error', { regression: 'mse' }],
  ['root_mean_squared_error', { regression: 'rmse' }],
  ['mean_absolute_percentage_error', { regression: 'mape' }],
  ['median_absolute_error', { regression: 'median_ae' }],
  ['r2_score', { regression: 'r2' }],
])

const notes = new Map<string, string>([
  ['score', "scikit-learn's own score"],
  [
    'precision_recall_auc',
    "average precision, which is what today's MLflow computes under that name; its old releases took the trapezoidal area",
  ],
])

const withoutGate = new Map<string, string>([
  ...['true_positives', 'true_negatives', 'false_positives', 'false_negatives'].map(
    name => [name, 'a count that grows with the holdout; gate recall, specificity or precision instead'] as const,
  ),
  ['example_count', 'the number of rows is no quality of a model; too few rows show as wide intervals'],
  ...['sum_on_target', 'mean_on_target'].map(name => [name, 'it depends on the labels alone and is the same for every model'] as const),
])

/** The task that these names can only belong to; null where they fit several. */
export const taskOf = (names: readonly string[]): Task | null => {
  const possible = (['binary', 'multiclass', 'regression'] as const).filter(task =>
    names.every(name => counterparts.get(name)?.[task] !== undefined || !counterparts.has(name)),
  )
  return possible.length === 1 ? (possible[0] ?? null) : null
}

/** What stands for a metric of MLflow's in a model of this task. */
export const counterpartOf = (name: string, task: Task): Counterpart => {
  const gateless = withoutGate.get(name)
  if (gateless !== undefined) return { kind: 'none', why: gateless }
  const named = counterparts.get(name)
  const metric = metricOf(named?.[task] ?? name, task)
  if (metric !== undefined)
    return { kind: 'metric', metric: metric.name, direction: metric.direction, convert: value => value, note: notes.get(name) ?? null }
  if (named?.[task] === undefined && named !== undefined) return { kind: 'none', why: `it is no metric of a ${task} model` }
  return { kind: 'figure' }
}
