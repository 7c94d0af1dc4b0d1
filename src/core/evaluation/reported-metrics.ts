import { readSource } from '../configuration/source.ts'
import { UserError } from '../errors.ts'
import { JsonProblem, parseJson } from '../json.ts'
import type { ReportedValue } from '../lineage/run.ts'

const mostMetrics = 1000
const longestName = 200
const deepest = 16

const words = new Map<string, ReportedValue>([
  ['nan', 'NaN'],
  ['.nan', 'NaN'],
  ['infinity', 'Infinity'],
  ['+infinity', 'Infinity'],
  ['inf', 'Infinity'],
  ['+inf', 'Infinity'],
  ['.inf', 'Infinity'],
  ['-infinity', '-Infinity'],
  ['-inf', '-Infinity'],
  ['-.inf', '-Infinity'],
])

/**
 * Reads the metrics that a training script wrote, as JSON (with the bare NaN and Infinity that Python writes) or YAML. Nested objects are flattened with `/`.
 * Numbers that JSON cannot hold are kept as words, and null, which some libraries write for NaN, is NaN: an undefined metric must never vanish. Other texts,
 * truth values and lists are no metrics and are left out.
 *
 * @param file for messages, and for its ending: `.yaml` and `.yml` are YAML, all else JSON
 */
export const readReportedMetrics = (text: string, file: string): Record<string, ReportedValue> => {
  return metricsOf(/\.ya?ml$/i.test(file) ? readSource(text, file).value : jsonOf(text, file), file)
}

/** The same for a value that has been parsed already, from whatever format. */
export const metricsOf = (value: unknown, file: string): Record<string, ReportedValue> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UserError(`${file} must hold an object of metrics, such as {"roc_auc": 0.91}`, { place: { file } })
  const metrics = new Map<string, ReportedValue>()
  flatten(value, [], metrics, file)
  if (metrics.size > mostMetrics)
    throw new UserError(
      `${file} holds ${metrics.size} metrics, more than ${mostMetrics}; write only those that are judged or read by people`,
      { place: { file } },
    )
  return Object.fromEntries(metrics)
}

/** Parses JSON as Python writes it, with NaN and Infinity. A UserError says at which line and column it ceases to be JSON. */
export const jsonOf = (text: string, file: string): unknown => {
  try {
    return parseJson(text.replace(/^\uFEFF/, ''))
  } catch (cause) {
    if (!(cause instanceof JsonProblem)) throw cause
    const before = text.slice(0, cause.offset).split('\n')
    const place = { file, line: before.length, column: (before.at(-1) ?? '').length + 1 }
    throw new UserError(`${file} is not JSON: ${cause.message} (line ${place.line}, column ${place.column})`, { place, cause })
  }
}

const flatten = (value: object, path: readonly string[], metrics: Map<string, ReportedValue>, file: string): void => {
  if (path.length > deepest) throw new UserError(`${file} is nested more than ${deepest} deep at ${path.join('/')}`, { place: { file } })
  for (const [key, item] of Object.entries(value)) {
    const name = [...path, key].join('/')
    const read = reported(item)
    if (read !== null) {
      if (name.length > longestName)
        throw new UserError(`${file} has a metric with a name of ${name.length} characters`, { place: { file } })
      if (metrics.has(name))
        throw new UserError(`${file} holds the metric ${JSON.stringify(name)} twice, once nested and once by its whole name`, {
          place: { file },
        })
      metrics.set(name, read)
    } else if (typeof item === 'object' && item !== null && !Array.isArray(item)) flatten(item, [...path, key], metrics, file)
  }
}

const reported = (item: unknown): ReportedValue | null => {
  if (item === null) return 'NaN'
  if (typeof item === 'string') return words.get(item.trim().toLowerCase()) ?? null
  if (typeof item === 'bigint') return Number(item)
  if (typeof item !== 'number') return null
  if (Number.isNaN(item)) return 'NaN'
  return Number.isFinite(item) ? item : item > 0 ? 'Infinity' : '-Infinity'
}
