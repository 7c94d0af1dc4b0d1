import { twoSidedQuantile } from '../statistics/interval.ts'
import { wilsonInterval } from '../statistics/proportions.ts'
import type { Estimate } from './assessment.ts'
import { aboutRows, shortMargin } from './figures.ts'
import { type GateRules, marginOf } from './gates.ts'
import { rowsNeeded } from './rows-needed.ts'
import type { Evidence } from './rule.ts'

/** A margin smaller than the interval's reach around "equal" cannot be proven even by an equal model. */
const smallMargin = (name: string, gate: GateRules, evidence: Evidence): string[] => {
  const { difference, rows, champion, comparison } = evidence
  const kind = gate.max_drop ? 'max_drop' : 'max_rise'
  const bound = gate[kind]
  if (bound === undefined || (comparison !== 'paired' && comparison !== 'independent') || champion?.value == null) return []
  const margin = marginOf(bound, champion)
  if (margin === null || !(margin > 0) || rows === null) return []
  if (difference?.low == null || difference.high === null || difference.detectable === null) return []
  if ((difference.high - difference.low) / 2 <= margin) return []
  const needed = rowsNeeded(rows, difference.detectable, margin)
  const enough = needed === null ? '' : `; about ${aboutRows(needed)} would do in 4 of 5 cases`
  return [`${kind} ${shortMargin(margin)} on ${name}: even an equally good model could not prove it with these rows${enough}`]
}

interface Extreme {
  readonly kind: 'min' | 'max'
  readonly bound: number
  /** What the best value would be: "without a single error". */
  readonly perfect: string
  /** Rows it takes; null where no number of them would do. */
  readonly needed: number | null
}

/** A share's bounds so near to 1 (or 0) that all rows right (or none) would not prove them: Wilson's interval of n in n begins at n / (n + z²). */
const extremesOf = (gate: GateRules, { value, support, method }: Estimate, confidence: number): Extreme[] => {
  if (value === null || method !== 'wilson' || support === null || support === 0) return []
  const squared = twoSidedQuantile(confidence) ** 2
  const found: Extreme[] = []
  if (gate.min !== undefined && gate.min <= 1 && wilsonInterval(support, support, confidence).low < gate.min) {
    const needed = gate.min < 1 ? (squared * gate.min) / (1 - gate.min) : null
    found.push({ kind: 'min', bound: gate.min, perfect: 'without a single error', needed })
  }
  if (gate.max !== undefined && gate.max >= 0 && wilsonInterval(0, support, confidence).high > gate.max) {
    const needed = gate.max > 0 ? (squared * (1 - gate.max)) / gate.max : null
    found.push({ kind: 'max', bound: gate.max, perfect: 'with a share of 0', needed })
  }
  return found
}

const extremeBound = (name: string, gate: GateRules, estimate: Estimate, confidence: number): string[] =>
  extremesOf(gate, estimate, confidence).map(({ kind, bound, perfect, needed }) => {
    const enough = needed === null ? ', nor would any number of them' : `; about ${aboutRows(needed)} would`
    const rows = (estimate.support ?? 0).toLocaleString('en')
    return `${kind} ${shortMargin(bound)} on ${name}: even ${perfect} its ${rows} rows could not prove it${enough}`
  })

/**
 * Rules that these rows could not prove whatever the model: a margin below the interval's reach, a bound that not even the best value could prove. One sentence
 * each, with the rows it would take.
 *
 * @param name as people know it, such as "recall" or "recall where region is US"
 */
export const neverProven = (name: string, gate: GateRules, evidence: Evidence, confidence: number): string[] => [
  ...smallMargin(name, gate, evidence),
  ...extremeBound(name, gate, evidence.challenger, confidence),
]

const mostNamed = 5

/** The same for the slices of a column that are judged by one gate: one sentence for each bound, with the slices that are too small for it. */
export const neverProvenSlices = (
  column: string,
  metric: string,
  gate: GateRules,
  slices: readonly { readonly value: string; readonly estimate: Estimate }[],
  confidence: number,
): string[] =>
  (['min', 'max'] as const).flatMap(kind => {
    const hit = slices.flatMap(({ value, estimate }) =>
      extremesOf(gate, estimate, confidence)
        .filter(extreme => extreme.kind === kind)
        .map(extreme => ({ value, ...extreme })),
    )
    const [first] = hit
    if (first === undefined) return []
    const names = hit.slice(0, mostNamed).map(({ value }) => value)
    const more = hit.length > mostNamed ? ` and ${hit.length - mostNamed} more` : ''
    const enough = first.needed === null ? ', nor would any number of rows' : `; about ${aboutRows(first.needed)} rows each would`
    return [
      `${kind} ${shortMargin(first.bound)} on ${metric} where ${column} is ${names.join(', ')}${more}: even ${first.perfect} so few rows could not prove it${enough}`,
    ]
  })
