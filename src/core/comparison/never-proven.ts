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

/** A share's bound so near to 1 (or 0) that all rows right (or none) would not prove it: Wilson's interval of n in n begins at n / (n + z²). */
const extremeBound = (name: string, gate: GateRules, { value, support, method }: Estimate, confidence: number): string[] => {
  if (value === null || method !== 'wilson' || support === null || support === 0) return []
  const found: string[] = []
  const squared = twoSidedQuantile(confidence) ** 2
  const say = (kind: 'min' | 'max', bound: number, perfect: string, odds: number): void => {
    const enough = odds > 0 ? `; about ${aboutRows(squared / odds)} would` : ', nor would any number of them'
    found.push(
      `${kind} ${shortMargin(bound)} on ${name}: even ${perfect} its ${support.toLocaleString('en')} rows could not prove it${enough}`,
    )
  }
  if (gate.min !== undefined && gate.min <= 1 && wilsonInterval(support, support, confidence).low < gate.min) {
    say('min', gate.min, 'without a single error', (1 - gate.min) / gate.min)
  }
  if (gate.max !== undefined && gate.max >= 0 && wilsonInterval(0, support, confidence).high > gate.max) {
    say('max', gate.max, 'with a share of 0', gate.max / (1 - gate.max))
  }
  return found
}

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
