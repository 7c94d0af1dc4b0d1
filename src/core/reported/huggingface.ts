import { UserError } from '../errors.ts'
import { metricsOf } from '../evaluation/reported-metrics.ts'
import type { ReportedValue } from '../lineage/run.ts'

/** How far the training was, which is no metric of the model. */
const counters = new Set(['epoch', 'step'])
const splits = ['train', 'eval', 'test', 'predict']

const withoutCounters = (metrics: Readonly<Record<string, ReportedValue>>): Record<string, ReportedValue> =>
  Object.fromEntries(Object.entries(metrics).filter(([name]) => !counters.has(name)))

/**
 * Metrics of a `<split>_results.json`, as the Trainer of transformers writes it with `save_metrics`: a flat object whose names start with that of the split
 * (`all` holds every split's). Null where no name does: then it is somebody else's file that is merely called so.
 */
export const metricsOfResults = (value: unknown, file: string): Record<string, ReportedValue> | null => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const split = /([^/\\]+)_results\.json$/.exec(file)?.[1] ?? 'all'
  const starts = (split === 'all' ? splits : [split]).map(name => `${name}_`)
  if (!Object.keys(value).some(name => starts.some(start => name.startsWith(start)))) return null
  return withoutCounters(metricsOf(value, file))
}

/**
 * Metrics of the last evaluation in a `trainer_state.json`: the last entry of `log_history` with names that start with `eval_`, and all others of the same step,
 * because the Trainer logs each of several evaluation sets as an entry of its own. None where nothing was evaluated.
 */
export const metricsOfTrainerState = (value: unknown, file: string): Record<string, ReportedValue> => {
  const history = typeof value === 'object' && value !== null && 'log_history' in value ? value.log_history : undefined
  if (!Array.isArray(history))
    throw new UserError(`${file} has no list \`log_history\`, so it is no state of a Trainer`, { place: { file } })
  const evaluations = history.filter(
    (entry): entry is Record<string, unknown> =>
      typeof entry === 'object' && entry !== null && !Array.isArray(entry) && Object.keys(entry).some(name => name.startsWith('eval_')),
  )
  const last = evaluations.at(-1)
  if (last === undefined) return {}
  const together = evaluations.filter(entry => entry === last || (last.step !== undefined && entry.step === last.step))
  return withoutCounters(metricsOf(Object.fromEntries(together.flatMap(entry => Object.entries(entry))), file))
}
