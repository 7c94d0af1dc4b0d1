import { UserError } from '../errors.ts'
import type { ReportedValue } from '../lineage/run.ts'

/** A run as a tracking store knows it; times in milliseconds since 1970. */
export interface TrackedRun {
  readonly id: string
  readonly name: string
  readonly status: string
  readonly start: number | null
  readonly end: number | null
  /** Not deleted. */
  readonly active: boolean
  /** Started inside of another run. */
  readonly child: boolean
}

/** When the training command ran, in milliseconds since 1970, both ends inclusive. */
export interface Period {
  readonly start: number
  readonly end: number
}

export interface ChosenRun {
  readonly run: TrackedRun | null
  /** What a reader should know of the choice, as whole sentences without a stop. */
  readonly notes: readonly string[]
}

const mostNamed = 10
const named = (run: TrackedRun): string => (run.name === '' ? run.id : `${run.name} (${run.id})`)
const listed = (runs: readonly TrackedRun[]): string =>
  `${runs.slice(0, mostNamed).map(named).join(', ')}${runs.length > mostNamed ? ` and ${runs.length - mostNamed} more` : ''}`

/**
 * The run that this training made: one that was started while the command ran, that ended well, is not deleted and is no child of another. Of several it is the
 * one that ended last; where two ended in the same millisecond nobody can tell, which is a UserError.
 */
export const chooseRun = (runs: readonly TrackedRun[], period: Period): ChosenRun => {
  const ours = runs.filter(run => run.active && !run.child && run.start !== null && run.start >= period.start && run.start <= period.end)
  const finished = ours.filter(run => run.status === 'FINISHED' && run.end !== null).sort((a, b) => (b.end as number) - (a.end as number))
  const notes: string[] = []
  const unfinished = ours.filter(run => !finished.includes(run))
  if (unfinished.length > 0)
    notes.push(
      `runs that did not end as FINISHED are not read: ${unfinished
        .slice(0, mostNamed)
        .map(run => `${named(run)} is ${run.status}`)
        .join(', ')}`,
    )
  const [first, second] = finished
  if (first === undefined) return { run: null, notes }
  if (second !== undefined && second.end === first.end)
    throw new UserError(
      `these MLflow runs ended at the same moment, so nobody can tell which one counts: ${listed(finished.filter(run => run.end === first.end))}`,
    )
  if (second !== undefined)
    notes.push(
      `${finished.length} runs were made, and the metrics of ${named(first)} count, which ended last; the others: ${listed(finished.slice(1))}`,
    )
  return { run: first, notes }
}

/** What the database stores for a metric: NaN as a flag, infinities as the largest double. */
export const valueOfRow = (value: number | null, undefinedValue: boolean): ReportedValue => {
  if (undefinedValue || value === null || Number.isNaN(value)) return 'NaN'
  if (Math.abs(value) === Number.MAX_VALUE || !Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  return value
}

const python = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf(?:inity)?|nan)$/i

/** A number as Python prints it; NaN, as is all else. */
const numberOf = (text: string): number => {
  if (!python.test(text) || /nan/i.test(text)) return Number.NaN
  return /inf/i.test(text) ? (text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY) : Number(text)
}

/** Takes the lines of a metric's file one by one and knows the final value. */
export interface MetricHistory {
  /** One line, `<milliseconds> <value> <step>`; very old stores have no step, new ones a data set behind it. */
  readonly add: (line: string) => void
  /** Undefined where no line held a value. */
  readonly value: () => ReportedValue | undefined
}

/**
 * The final value of a metric of the file store: that of the greatest step, then the latest time, then the greatest value, which is how MLflow itself decides. A
 * line that cannot be read makes the metric undefined, and so does a NaN that no other line decides against.
 */
export const metricHistory = (): MetricHistory => {
  let best: { readonly step: number; readonly time: number; readonly value: number } | null = null
  let broken = false
  return {
    add: line => {
      if (line.trim() === '') return
      const [timeText = '', valueText = '', stepText = '0'] = line.trim().split(/\s+/)
      const [time, step] = [timeText, stepText].map(text => (/^-?\d+$/.test(text) ? Number(text) : Number.NaN)) as [number, number]
      if (!Number.isFinite(time) || !Number.isFinite(step) || !python.test(valueText)) {
        broken = true
        return
      }
      const value = numberOf(valueText)
      const later = best === null ? 1 : step - best.step || time - best.time
      if (later > 0) best = { step, time, value }
      else if (best !== null && later === 0 && !(value <= best.value))
        best = { step, time, value: Number.isNaN(best.value) ? best.value : value }
    },
    value: () => {
      if (broken) return 'NaN'
      return best === null ? undefined : valueOfRow(best.value, false)
    },
  }
}

const statuses = new Map<unknown, string>([
  [1, 'RUNNING'],
  [2, 'SCHEDULED'],
  [3, 'FINISHED'],
  [4, 'FAILED'],
  [5, 'KILLED'],
])

const timeOf = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null)

/** A run from the `meta.yaml` of the file store, as read. Null where it describes no run, such as one that is just being written. */
export const runOfMeta = (meta: unknown, folder: string, child: boolean): TrackedRun | null => {
  if (typeof meta !== 'object' || meta === null || !('start_time' in meta)) return null
  const fields = meta as Record<string, unknown>
  return {
    id: folder,
    name: typeof fields.run_name === 'string' ? fields.run_name.slice(0, 80) : '',
    status: statuses.get(fields.status) ?? String(fields.status).slice(0, 20),
    start: timeOf(fields.start_time),
    end: timeOf(fields.end_time),
    active: fields.lifecycle_stage === 'active',
    child,
  }
}
