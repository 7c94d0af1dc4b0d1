import {
  differenceOf,
  estimateOf,
  independentDifferenceOf,
  type Method,
  type Metric,
  undefinedEstimate,
} from '../evaluation/metrics/metric.ts'
import { metricNames, metricOf } from '../evaluation/metrics.ts'
import type { Predictions, Task } from '../evaluation/predictions.ts'
import type { Sample } from '../evaluation/sample.ts'
import type { VersionRecord } from '../lineage/events.ts'
import type { RunRecord } from '../lineage/run.ts'
import type { Difference, Estimate } from './assessment.ts'
import { sizeName } from './direction.ts'
import { figure } from './figures.ts'
import type { Evidence } from './gates.ts'
import { missingFrom, missingName, toldOf, whyNone } from './reported.ts'

/** What figures can be taken from: the run, both models' rows as far as they are there, and the champion's record. */
export interface Sources {
  readonly task: Task
  readonly run: RunRecord
  /** The challenger's rows; null with the reason. */
  readonly challenger: Sample | null
  readonly noRows: string
  /** Both on the same rows; null where there is no champion or no pairing. */
  readonly paired: { readonly challenger: Sample; readonly champion: Sample } | null
  /** Each on rows of its own, where the rules ask for that; null otherwise. Classes are the same, rows have nothing to do with each other. */
  readonly independent: { readonly challenger: Sample; readonly champion: Predictions } | null
  readonly comparison: Evidence['comparison']
  readonly championVersion: VersionRecord | null
  readonly method: Method
}

/** A metric's figures, and what a reader must know of them. */
export interface Figures {
  readonly evidence: Evidence
  readonly title: string
  readonly notes: readonly string[]
}

/** A model's rows and a metric on them. */
export interface Side {
  readonly sample: Sample
  readonly estimate: Estimate
}

const point = (value: number): Estimate => ({
  value,
  low: null,
  high: null,
  support: null,
  method: null,
  reason: 'a point, no rows',
})

const noTest = { test: null, statistic: null, p: null, detectable: null }

const pointDifference = (ours: Estimate, theirs: Estimate | null): Difference | null => {
  if (theirs === null) return null
  if (ours.value === null || theirs.value === null) return { ...undefinedEstimate(ours.reason ?? theirs.reason ?? 'undefined'), ...noTest }
  return { ...point(ours.value - theirs.value), ...noTest }
}

/** A figure without rows: what somebody reported, or the size of the model's files. */
const withoutRows = (
  name: string,
  challenger: Estimate,
  champion: Estimate | null,
  sources: Sources,
  notes: readonly string[],
): Figures => ({
  evidence: {
    metric: name,
    challenger,
    champion,
    difference: pointDifference(challenger, champion),
    comparison: sources.comparison === 'unreachable' && champion !== null ? 'paired' : sources.comparison,
    rows: null,
    confidence: sources.method.confidence,
  },
  title: name,
  notes,
})

const titleOf = (metric: Metric, sample: Sample | null): string =>
  metric.needs === 'prediction' && sample?.threshold != null ? `${metric.name} @ ${sample.threshold}` : metric.name

/** The difference of two models in a metric, on the same rows or each on its own. */
export const comparedBy = (how: 'paired' | 'independent', metric: Metric, challenger: Side, champion: Side, method: Method): Difference =>
  how === 'paired' ? differenceOf(metric, challenger, champion, method) : independentDifferenceOf(metric, challenger, champion, method)

/** Both models' rows with how they are compared; null where there is nothing to compare with. */
const sidesOf = ({ paired, independent }: Sources) => {
  if (paired) return { how: 'paired', champion: paired.champion, challenger: paired.challenger } as const
  return independent && ({ how: 'independent', champion: independent.champion, challenger: independent.challenger } as const)
}

/** 50 rows for each of the bins of the expected calibration error. */
const enoughForBins = 750

const fromRows = (metric: Metric, sources: Sources): Figures => {
  const { challenger, method, noRows } = sources
  const notes: string[] = []
  let ours = challenger === null ? undefinedEstimate(noRows) : estimateOf(metric, challenger, method)
  for (const told of toldOf(sources.run, metric.name, undefined)) {
    if (typeof told.value === 'string' || !Number.isFinite(told.value))
      ours = undefinedEstimate(`${told.by} ${metric.name} as ${told.value}`, ours.support)
    else if (ours.value !== null && Math.abs(told.value - ours.value) > 1e-6) {
      notes.push(
        `${told.by} ${metric.name} as ${figure(told.value, ours.value)}, its predictions give ${figure(ours.value, told.value)}: the predictions count`,
      )
    }
  }
  if (metric.name === 'ece' && challenger !== null && challenger.rows < enoughForBins) {
    notes.push(
      `ece: below ${enoughForBins} rows it comes out too large, since noise in its 15 bins counts as error, and its interval does not make up for that`,
    )
  }
  const sides = sidesOf(sources)
  const theirs = sides && estimateOf(metric, sides.champion, method)
  return {
    evidence: {
      metric: metric.name,
      challenger: ours,
      champion: theirs,
      difference:
        sides &&
        theirs &&
        comparedBy(sides.how, metric, { sample: sides.challenger, estimate: ours }, { sample: sides.champion, estimate: theirs }, method),
      comparison: sources.comparison,
      rows: challenger?.rows ?? 0,
      confidence: method.confidence,
    },
    title: titleOf(metric, challenger),
    notes,
  }
}

/** What is recorded of a figure of the champion; null where there is no champion with it. */
const recordedOf = (name: string, version: VersionRecord | null): Estimate | null => {
  const recorded = version?.metrics.find(candidate => candidate.name === name)
  if (recorded === undefined) return null
  return recorded.value === null ? undefinedEstimate('the champion has no such figure') : point(recorded.value)
}

const asTold = (name: string, sources: Sources, source: string | undefined): Figures => {
  const told = toldOf(sources.run, name, source)
  const [first] = told
  const theirs = recordedOf(name, sources.championVersion)
  if (first === undefined) {
    const why =
      source === undefined
        ? missingName(sources.run, name, sources.task, metricNames(sources.task, sources.challenger?.classes))
        : missingFrom(sources.run, name, source)
    return withoutRows(name, undefinedEstimate(why), theirs, sources, [])
  }
  const none = whyNone(told, name)
  return withoutRows(name, none === null ? point(first.value as number) : undefinedEstimate(none), theirs, sources, [
    `${name} is ${first.word}, judged as a point: without rows there is no interval`,
  ])
}

/**
 * The figures of a metric by its name: from the source that its gate names, else computed from rows where it can be, else the size of the model, else what the
 * script or the user's checks report, else missing.
 */
export const figuresOf = (name: string, sources: Sources, source?: string): Figures => {
  if (source !== undefined) return asTold(name, sources, source)
  const metric = metricOf(name, sources.task)
  // Without a predictions section the script's own figure is all there is; a problem with predictions that should be there hides nothing behind it.
  const told = metric !== undefined && sources.challenger === null && toldOf(sources.run, name, undefined).length > 0
  if (metric && !(told && sources.noRows === noPredictions)) return fromRows(metric, sources)
  if (name !== sizeName) return asTold(name, sources, undefined)
  const { model_files: files } = sources.run
  const bytes = files.reduce((total, file) => total + file.bytes, 0)
  const ours = files.length > 0 ? point(bytes / 1e6) : undefinedEstimate('the run has no model files')
  return withoutRows(name, ours, sources.championVersion && point(sources.championVersion.bytes / 1e6), sources, [])
}

/** Why there are no rows where the rules name no predictions and the run has none. */
export const noPredictions = 'the run has no predictions'
