import { differenceOf, estimateOf, type Method, type Metric, undefinedEstimate } from '../evaluation/metrics/metric.ts'
import { metricNames, metricOf } from '../evaluation/metrics.ts'
import type { Task } from '../evaluation/predictions.ts'
import type { Sample } from '../evaluation/sample.ts'
import type { VersionRecord } from '../lineage/events.ts'
import type { RunRecord } from '../lineage/run.ts'
import { nearest } from '../nearest.ts'
import type { Difference, Estimate } from './assessment.ts'
import { figure } from './figures.ts'
import type { Evidence } from './gates.ts'

/** What figures can be taken from: the run, both models' rows as far as they are there, and the champion's record. */
export interface Sources {
  readonly task: Task
  readonly run: RunRecord
  /** The challenger's rows; null with the reason. */
  readonly challenger: Sample | null
  readonly noRows: string
  /** Both on the same rows; null where there is no champion or no pairing. */
  readonly paired: { readonly challenger: Sample; readonly champion: Sample } | null
  readonly comparison: Evidence['comparison']
  readonly championVersion: VersionRecord | null
  readonly method: Method
}

/** A metric's figures, its direction (null where unknown), and what a reader must know of them. */
export interface Figures {
  readonly evidence: Evidence
  readonly title: string
  readonly shortTitle: string
  readonly direction: 'higher' | 'lower' | null
  readonly notes: readonly string[]
}

const sizeName = 'model_size_mb'

const point = (value: number): Estimate => ({
  value,
  low: null,
  high: null,
  support: null,
  method: null,
  reason: 'a point, no rows',
})

const pointDifference = (ours: Estimate, theirs: Estimate | null): Difference | null => {
  if (theirs === null) return null
  const none = { test: null, statistic: null, p: null, detectable: null }
  if (ours.value === null || theirs.value === null) return { ...undefinedEstimate(ours.reason ?? theirs.reason ?? 'undefined'), ...none }
  return { ...point(ours.value - theirs.value), ...none }
}

/** A figure without rows: what the script reported, or the size of the model's files. */
const withoutRows = (name: string, challenger: Estimate, champion: Estimate | null, sources: Sources): Figures => ({
  evidence: {
    metric: name,
    challenger,
    champion,
    difference: pointDifference(challenger, champion),
    comparison: sources.comparison === 'unpaired' && champion !== null ? 'paired' : sources.comparison,
    rows: null,
  },
  title: name,
  shortTitle: name,
  direction: name === sizeName ? 'lower' : null,
  notes: [],
})

const titleOf = (metric: Metric, sample: Sample | null): string =>
  metric.needs === 'prediction' && sample?.threshold != null ? `${metric.name} @ ${sample.threshold}` : metric.name

const reportedOf = (run: RunRecord, name: string) => (Object.hasOwn(run.reported, name) ? run.reported[name] : undefined)

const fromRows = (metric: Metric, sources: Sources): Figures => {
  const { challenger, paired, method, noRows } = sources
  const reported = reportedOf(sources.run, metric.name)
  const notes: string[] = []
  let ours = challenger === null ? undefinedEstimate(noRows) : estimateOf(metric, challenger, method)
  const theirs = paired ? estimateOf(metric, paired.champion, method) : null
  if (typeof reported === 'string') {
    ours = undefinedEstimate(`the training script reports ${metric.name} as ${reported}`, ours.support)
  } else if (reported !== undefined && ours.value !== null && Math.abs(reported - ours.value) > 1e-6) {
    notes.push(
      `the training script reports ${metric.name} as ${figure(reported, ours.value)}, its predictions give ${figure(ours.value, reported)}: the predictions count`,
    )
  }
  const difference =
    paired && theirs
      ? differenceOf(metric, { sample: paired.challenger, estimate: ours }, { sample: paired.champion, estimate: theirs }, method)
      : null
  return {
    evidence: {
      metric: metric.name,
      challenger: ours,
      champion: theirs,
      difference,
      comparison: sources.comparison,
      rows: challenger?.rows ?? 0,
    },
    title: titleOf(metric, challenger),
    shortTitle: metric.title,
    direction: metric.direction,
    notes,
  }
}

const missing = (name: string, sources: Sources): string => {
  const known = [...metricNames(sources.task, sources.challenger?.classes), sizeName, ...Object.keys(sources.run.reported)]
  const near = nearest(name, known)
  return `missing: neither a metric of ${sources.task} predictions nor reported by the training script${near ? `; did you mean ${near}?` : ''}`
}

const reportedEstimate = (name: string, value: number | string): Estimate =>
  typeof value === 'number' ? point(value) : undefinedEstimate(`the training script reports ${name} as ${value}`)

/** The figures of a metric by its name: computed from rows where it can be, else the size of the model, else what the script reported, else missing. */
export const figuresOf = (name: string, sources: Sources): Figures => {
  const metric = metricOf(name, sources.task)
  const reported = reportedOf(sources.run, name)
  // Without a predictions section the script's own figure is all there is; a problem with predictions that should be there hides nothing behind it.
  if (metric && (sources.challenger !== null || reported === undefined || sources.noRows !== noPredictions))
    return fromRows(metric, sources)
  const { championVersion } = sources
  if (name === sizeName) {
    const bytes = sources.run.model_files.reduce((total, file) => total + file.bytes, 0)
    const ours = sources.run.model_files.length > 0 ? point(bytes / 1e6) : undefinedEstimate('the run has no model files')
    return withoutRows(name, ours, championVersion && point(championVersion.bytes / 1e6), sources)
  }
  const recorded = championVersion?.metrics.find(candidate => candidate.name === name)
  const theirs = recorded ? (recorded.value === null ? undefinedEstimate('the champion has no such figure') : point(recorded.value)) : null
  const ours = reported === undefined ? undefinedEstimate(missing(name, sources)) : reportedEstimate(name, reported)
  const figures = withoutRows(name, ours, theirs, sources)
  return {
    ...figures,
    direction: metric?.direction ?? null,
    notes: reported === undefined ? [] : [`${name} is the training script's own word, judged as a point`],
  }
}

/** Why there are no rows where the rules name no predictions and the run has none. */
export const noPredictions = 'the run has no predictions'
