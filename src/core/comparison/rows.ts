import type { ModelConfiguration } from '../configuration/schema.ts'
import type { Assessment, JudgedRow, JudgedRule } from './assessment.ts'
import { directionOf } from './direction.ts'
import { type Figures, figuresOf, type Sources } from './evidence.ts'
import { judgeGate } from './gates.ts'
import { neverProven } from './never-proven.ts'
import { judgePromotion, promotionKinds, promotionRules } from './promotion.ts'

export { promotionKinds } from './promotion.ts'

/** Shown beside the gated metrics, where they are defined. */
const alsoShown: Readonly<Record<ModelConfiguration['task'], readonly string[]>> = {
  binary: ['roc_auc', 'average_precision', 'accuracy', 'precision', 'recall', 'f1', 'brier'],
  multiclass: ['accuracy', 'balanced_accuracy', 'f1_macro', 'log_loss', 'roc_auc_ovr'],
  regression: ['mae', 'rmse', 'r2'],
}

/** Rules that decide whether it may merge, without the promotion rule, which decides whether it goes live. */
export const gateRules = (rules: readonly JudgedRule[]): JudgedRule[] => rules.filter(rule => !promotionKinds.has(rule.kind))

/** The gate's rules that make the verdict: those of severity error. */
export const decidingRules = (rules: readonly JudgedRule[]): JudgedRule[] => gateRules(rules).filter(rule => rule.severity === 'error')

/** The worst answer of the rules that decide; null where none does. */
export const worstOf = (rules: readonly JudgedRule[]): 'pass' | 'fail' | 'inconclusive' | null => {
  const judged = decidingRules(rules)
  if (judged.length === 0) return null
  if (judged.some(rule => rule.verdict === 'fail')) return 'fail'
  return judged.some(rule => rule.verdict === 'inconclusive') ? 'inconclusive' : 'pass'
}

const judgeOne = (name: string, rules: ModelConfiguration, sources: Sources, change: Assessment['change']) => {
  const gate = Object.hasOwn(rules.gates, name) ? rules.gates[name] : undefined
  const figures = figuresOf(name, sources, gate?.source)
  const known = directionOf(name, rules)
  const evidence = { ...figures.evidence, direction: known }
  // Shown only: no rule that needs the direction is judged, and none is primary, where it is not known.
  const direction = known ?? (gate?.max !== undefined ? 'lower' : 'higher')
  const judged = gate ? judgeGate(gate, evidence, rules.on_inconclusive) : []
  const notes = [...figures.notes]
  // A rule that passes on the point alone says itself how many rows would tell.
  const saysRows = judged.some(rule => (rule.kind === 'max_drop' || rule.kind === 'max_rise') && rule.verdict !== 'fail' && !rule.proven)
  const { max_drop, max_rise, ...bounds } = gate ?? {}
  notes.push(...neverProven(name, saysRows ? bounds : { ...bounds, max_drop, max_rise }, evidence, rules.confidence))
  const primary = name === rules.primary
  if (primary) {
    const { promotion, margin } = promotionRules(rules, change)
    judged.push(judgePromotion(promotion, margin, direction, evidence))
  }
  return { row: asRow(name, { ...figures, evidence }, direction, primary, judged), notes }
}

const asRow = (
  name: string,
  { evidence, title }: Figures,
  direction: JudgedRow['direction'],
  primary: boolean,
  rules: JudgedRule[],
): JudgedRow => ({
  metric: name,
  title,
  primary,
  direction,
  challenger: evidence.challenger,
  champion: evidence.champion,
  difference: evidence.difference,
  rules,
  verdict: worstOf(rules) ?? 'reported',
})

/** A row for the primary metric, for every gated one, and for others worth seeing where they are defined; in that order. */
export const judgeRows = (
  rules: ModelConfiguration,
  sources: Sources,
  change: Assessment['change'],
): { readonly rows: JudgedRow[]; readonly notes: string[] } => {
  const names = new Set([rules.primary, ...Object.keys(rules.gates)])
  const judged = [...names].map(name => judgeOne(name, rules, sources, change))
  const shown = alsoShown[rules.task].filter(name => !names.has(name)).map(name => judgeOne(name, rules, sources, change))
  const defined = shown.filter(({ row }) => row.challenger.value !== null)
  return { rows: [...judged, ...defined].map(({ row }) => row), notes: [...judged, ...defined].flatMap(({ notes }) => notes) }
}
