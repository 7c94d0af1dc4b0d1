import { readSource } from '../configuration/source.ts'
import { UserError } from '../errors.ts'
import { parameters, pythonThresholds, type WrittenThreshold } from './python-thresholds.ts'

/** One MetricThreshold of MLflow. What is not set is null. */
export interface Threshold {
  readonly name: string
  readonly line: number | null
  readonly threshold: number | null
  readonly absolute: number | null
  readonly relative: number | null
  readonly greaterIsBetter: boolean
}

/** Something that could not be taken over, and why, in words. */
export interface Lost {
  readonly what: string
  readonly line: number | null
  readonly why: string
}

export interface ReadThresholds {
  readonly thresholds: readonly Threshold[]
  readonly lost: readonly Lost[]
}

/**
 * Reads a set of MetricThresholds: Python by its ending `.py`, else the same fields as JSON or YAML, `{"accuracy_score": {"threshold": 0.8, "greater_is_better": true}}`,
 * at the top or under one key. Throws a UserError where the file can be none of these.
 */
export const readThresholds = (text: string, file: string): ReadThresholds => {
  if (/\.py$/i.test(file)) return fromPython(text)
  if (/\.(json|ya?ml)$/i.test(file)) return fromMapping(text, file)
  throw new UserError(`${file} must end in .py, .json, .yaml or .yml, so that it is known how to read it`, { place: { file } })
}

const fromPython = (text: string): ReadThresholds => {
  const { found, unreadable } = pythonThresholds(text)
  const read = found.map(checked)
  return {
    thresholds: read.flatMap(({ threshold }) => (threshold === null ? [] : [threshold])),
    lost: [
      ...unreadable.map(({ line, text: what, why }) => ({ what, line, why: `could not be read: ${why}` })),
      ...read.flatMap(({ lost }) => lost),
    ],
  }
}

const isMapping = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const looksLikeThreshold = (value: unknown): boolean => isMapping(value) && parameters.some(name => Object.hasOwn(value, name))

const fromMapping = (text: string, file: string): ReadThresholds => {
  const source = readSource(text, file)
  const top = isMapping(source.value) ? source.value : {}
  const holders = Object.values(top).some(looksLikeThreshold)
    ? [{ path: [] as string[], entries: top }]
    : Object.entries(top).flatMap(([key, value]) =>
        isMapping(value) && Object.values(value).some(looksLikeThreshold) ? [{ path: [key], entries: value }] : [],
      )
  const thresholds: Threshold[] = []
  const lost: Lost[] = []
  for (const { path, entries } of holders)
    for (const [name, value] of Object.entries(entries)) {
      const line = source.place([...path, name]).line ?? null
      if (!isMapping(value)) {
        lost.push({ what: name, line, why: 'could not be read: its value has none of the fields of a MetricThreshold' })
        continue
      }
      const read = checked({
        name,
        line: line ?? 1,
        fields: new Map(Object.entries(value).map(([field, inner]) => [field, fieldOf(inner)])),
      })
      if (read.threshold !== null) thresholds.push(read.threshold)
      lost.push(...read.lost)
    }
  return { thresholds, lost }
}

const fieldOf = (value: unknown): { readonly value: number | string | boolean | null } | { readonly expression: string } =>
  value === null || typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean'
    ? { value }
    : { expression: 'a list or an object' }

/** Checks the fields as MLflow's own constructor does; a single one that cannot be used is lost alone. */
const checked = ({ name, line, fields }: WrittenThreshold): { readonly threshold: Threshold | null; readonly lost: readonly Lost[] } => {
  const lost: Lost[] = []
  const lose = (why: string): null => {
    lost.push({ what: name, line, why })
    return null
  }
  for (const field of fields.keys()) if (!parameters.some(known => known === field)) lose(`${field} is no field of a MetricThreshold`)
  const number = (field: (typeof parameters)[number], fits: (value: number) => boolean, expected: string): number | null => {
    const given = fields.get(field)
    if (given === undefined) return null
    if ('expression' in given) return lose(`${field} could not be read: ${given.expression} is no plain number`)
    const { value } = given
    if (value === null) return null
    if (typeof value === 'number' && Number.isFinite(value) && fits(value)) return value
    return lose(`${field} must be ${expected}, found ${String(value)}`)
  }
  const threshold = number('threshold', () => true, 'a number')
  const absolute = number('min_absolute_change', value => value > 0, 'a positive number')
  const relative = number('min_relative_change', value => value >= 0 && value <= 1, 'between 0 and 1')
  const direction = ['greater_is_better', 'higher_is_better']
    .map(field => fields.get(field))
    .filter(field => field !== undefined && !('value' in field && field.value === null))
  const [only] = direction
  if (direction.length !== 1 || only === undefined || !('value' in only) || typeof only.value !== 'boolean') {
    lose('greater_is_better does not stand there once as True or False, so it is not known which way is better')
    return { threshold: null, lost }
  }
  if (threshold === null && absolute === null && relative === null) {
    if (lost.length === 0) lose('it sets no threshold')
    return { threshold: null, lost }
  }
  return { threshold: { name, line, threshold, absolute, relative, greaterIsBetter: only.value }, lost }
}
