import type { Task } from '../evaluation/predictions.ts'
import type { ReportedValue, RunRecord } from '../lineage/run.ts'
import { nearest } from '../nearest.ts'
import { sizeName } from './direction.ts'
import { figure } from './figures.ts'

/** What `source:` of a gate calls the user's own checks. */
export const ofChecks = 'checks'

/** A figure without rows that somebody tells of a run. */
export interface Told {
  readonly value: ReportedValue
  /** "the training script reports", to be followed by the name. */
  readonly by: string
  /** "the training script's own word" */
  readonly word: string
}

const own = <T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined

const plainPath = (path: string): string => path.replace(/^(\.\/)+/, '')

/** What is told of a figure by its name: by the training script and by the user's own checks, or, where a gate names a source, by that one alone. */
export const toldOf = (run: RunRecord, name: string, source: string | undefined): readonly Told[] => {
  const reported = own(run.reported, name)
  const checked = own(run.checks?.metrics, name)
  const file = own(run.reported_from, name)
  const word = `the training script's own word${file === undefined ? '' : `, read from ${file}`}`
  const script = reported === undefined ? [] : [{ value: reported, by: 'the training script reports', word }]
  const checks = checked === undefined ? [] : [{ value: checked, by: 'your own checks report', word: 'the word of your own checks' }]
  if (source === undefined) return [...script, ...checks]
  if (source === ofChecks) return checks
  return file !== undefined && plainPath(file) === plainPath(source)
    ? script.map(told => ({ ...told, by: `${source} reports`, word: `taken from ${source}` }))
    : []
}

/** Why the source that a gate names has no figure. */
export const missingFrom = (run: RunRecord, name: string, source: string): string => {
  if (source === ofChecks) return `missing: your own checks report no ${name}`
  const file = own(run.reported_from, name)
  return `missing: ${source} reports no ${name}${file === undefined ? '' : `, it was read from ${file}`}`
}

/** Why a name that is none of the `computed` metrics and that nobody tells has no figure, with the one that was probably meant. */
export const missingName = (run: RunRecord, name: string, task: Task, computed: readonly string[]): string => {
  const known = [...computed, sizeName, ...Object.keys(run.reported), ...Object.keys(run.checks?.metrics ?? {})]
  const near = nearest(name, known)
  return `missing: neither a metric of ${task} predictions nor reported by the training script${near ? `; did you mean ${near}?` : ''}`
}

/** Why a figure that was told is none; null where it is one. Two that tell different figures leave it undefined until the gate names its source. */
export const whyNone = (told: readonly Told[], name: string): string | null => {
  const word = told.find(({ value }) => typeof value === 'string' || !Number.isFinite(value))
  if (word) return `${word.by} ${name} as ${word.value}`
  const [one, other] = told as readonly { readonly value: number; readonly by: string }[]
  if (one === undefined || other === undefined || one.value === other.value) return null
  return `${one.by} ${name} as ${figure(one.value, other.value)} and ${other.by} ${figure(other.value, one.value)}: name one with \`source\``
}
