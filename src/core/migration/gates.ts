import type { Task } from '../evaluation/predictions.ts'
import { type Counterpart, counterpartOf } from './mlflow-metrics.ts'
import type { Lost, ReadThresholds, Threshold } from './thresholds.ts'

/** A gate as it is written in refline.yml. */
export interface WrittenGate {
  readonly min?: number
  readonly max?: number
  readonly min_gain?: number | string
  readonly direction?: 'higher' | 'lower'
}

/** Gates by metric, where each came from, and all that could not be carried over. */
export interface Carried {
  readonly gates: ReadonlyMap<string, { readonly gate: WrittenGate; readonly from: readonly string[] }>
  readonly lost: readonly Lost[]
  /** What a reader must know although it was carried over. */
  readonly notes: readonly string[]
  /** The metric that promotion could be decided by; null where nothing was carried over. */
  readonly primary: string | null
}

/** Metrics that never leave [0, 1], so that a share of them is never more than the same number. */
const isShare = (metric: string): boolean =>
  /^(accuracy|balanced_accuracy|recall|precision|f1|specificity|roc_auc|average_precision)/.test(metric)

/** Metrics that can be below 0, where MLflow's division by the signed baseline turns the rule round. */
const canBeNegative = (metric: string): boolean => /^(r2|mcc|cohen_kappa)/.test(metric)

/** A share as refline.yml writes it: 0.05 is 5%. */
const percent = (share: number): string => {
  const [digits = '0', power = '0'] = (share * 100).toExponential(11).split('e')
  const places = Math.min(20, Math.max(0, 11 - Number(power)))
  const text = Number(`${digits}e${power}`).toFixed(places)
  return `${text.includes('.') ? text.replace(/\.?0+$/, '') : text}%`
}

/** The change that a gate can hold, and what of it is lost. Where both kinds are set MLflow asks for both; a gate holds one. */
const gainOf = (threshold: Threshold, metric: string, lose: (why: string) => void): number | string | undefined => {
  const { absolute, relative } = threshold
  if (absolute === null) return relative === null ? undefined : relative === 0 ? 0 : percent(relative)
  if (relative !== null && relative > 0 && !(isShare(metric) && absolute >= relative))
    lose(
      `min_relative_change ${relative}: MLflow asks for both changes, a gate holds one min_gain; the absolute one, ${absolute}, is carried over`,
    )
  return absolute
}

const nameOf = ({ name, line }: Threshold): string => (line === null ? name : `${name}, line ${line}`)

/** Turns a set of MetricThresholds into gates. Bounds are inclusive on both sides, so they mean the same. */
export const carryOver = ({ thresholds, lost: unread }: ReadThresholds, task: Task): Carried => {
  const gates = new Map<string, { gate: WrittenGate; from: string[] }>()
  const lost: Lost[] = [...unread]
  const notes = new Set<string>()
  const candidates: { readonly metric: string; readonly rank: number }[] = []
  for (const threshold of thresholds) {
    const counterpart = counterpartOf(threshold.name, task)
    const lose = (why: string): void => {
      lost.push({ what: threshold.name, line: threshold.line, why })
    }
    if (counterpart.kind === 'none') {
      lose(counterpart.why)
      continue
    }
    const metric = counterpart.kind === 'metric' ? counterpart.metric : threshold.name
    const gate = gateOf(threshold, counterpart, metric, lose)
    if (gate === null) continue
    const before = gates.get(metric)
    if (before === undefined) gates.set(metric, { gate, from: [nameOf(threshold)] })
    else {
      before.gate = stricter(before.gate, gate, lose)
      before.from.push(nameOf(threshold))
    }
    if (counterpart.kind === 'metric') candidates.push({ metric, rank: gate.min_gain === undefined ? 1 : 0 })
    else notes.add(`${metric} is not computed by Refline: the training script must report it (metrics.json), and it is judged as a point`)
    if (counterpart.kind === 'metric' && counterpart.note !== null) notes.add(`${threshold.name} became ${metric}: ${counterpart.note}`)
    if (threshold.relative !== null && (counterpart.kind === 'figure' || canBeNegative(metric)))
      notes.add(`${metric}: for a baseline below 0 MLflow's relative change turns round; Refline takes the share of its magnitude`)
  }
  if (task === 'multiclass' && [...gates.keys()].some(metric => metric.endsWith('_weighted')))
    notes.add("averages over classes are weighted by their rows, which is MLflow's default; with another `average` name another metric")
  const [best] = candidates.toSorted((a, b) => a.rank - b.rank)
  lost.sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
  return { gates, lost, notes: [...notes], primary: best?.metric ?? gates.keys().next().value ?? null }
}

const gateOf = (
  threshold: Threshold,
  counterpart: Exclude<Counterpart, { kind: 'none' }>,
  metric: string,
  lose: (why: string) => void,
): WrittenGate | null => {
  const better = threshold.greaterIsBetter ? 'higher' : 'lower'
  const gain = gainOf(threshold, metric, lose)
  const against = counterpart.kind === 'metric' && counterpart.direction !== better
  if (against && gain !== undefined)
    lose(`a change to ${better} values: ${counterpart.direction} is better for ${metric}, and min_gain goes by that`)
  const bound = threshold.threshold
  const gate: WrittenGate = {
    ...(bound === null ? {} : threshold.greaterIsBetter ? { min: bound } : { max: bound }),
    ...(gain === undefined || against ? {} : { min_gain: gain }),
  }
  if (Object.keys(gate).length === 0) return null
  return counterpart.kind === 'figure' ? { ...gate, direction: better } : gate
}

/** Two thresholds that are the same metric here: the stricter bound of each kind. */
const stricter = (one: WrittenGate, other: WrittenGate, lose: (why: string) => void): WrittenGate => {
  const [a, b] = [one.min_gain, other.min_gain]
  const comparable = a === undefined || b === undefined || typeof a === typeof b
  if (!comparable) lose(`its change ${b}: this metric has a min_gain of ${a} from another threshold already`)
  const larger = a === undefined || (comparable && b !== undefined && Number.parseFloat(String(b)) > Number.parseFloat(String(a))) ? b : a
  const { min = other.min, max = other.max } = one
  return {
    ...one,
    ...(min === undefined ? {} : { min: Math.max(min, other.min ?? min) }),
    ...(max === undefined ? {} : { max: Math.min(max, other.max ?? max) }),
    ...(larger === undefined ? {} : { min_gain: larger }),
  }
}
