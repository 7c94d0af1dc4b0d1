import type { Gate, ModelConfiguration } from '../configuration/schema.ts'
import type { Assessment, Difference, JudgedRow, JudgedRule } from './assessment.ts'
import { type Figures, figuresOf, type Sources } from './evidence.ts'
import { aboutRows } from './figures.ts'
import { judgeGate, judgePromotion, marginOf } from './gates.ts'

/** Shown beside the gated metrics, where they are defined. */
const alsoShown: Readonly<Record<ModelConfiguration['task'], readonly string[]>> = {
  binary: ['roc_auc', 'average_precision', 'accuracy', 'precision', 'recall', 'f1', 'brier'],
  multiclass: ['accuracy', 'balanced_accuracy', 'f1_macro', 'log_loss', 'roc_auc_ovr'],
  regression: ['mae', 'rmse', 'r2'],
}

/** Rules that decide whether it goes live. */
export const promotionKinds: ReadonlySet<JudgedRule['kind']> = new Set<JudgedRule['kind']>([
  'superior',
  'superior_by',
  'non_inferior',
  'equivalent',
])

/** Rules that decide whether it may merge, without the promotion rule, which decides whether it goes live. */
export const gateRules = (rules: readonly JudgedRule[]): JudgedRule[] => rules.filter(rule => !promotionKinds.has(rule.kind))

const rowVerdict = (rules: readonly JudgedRule[]): JudgedRow['verdict'] => {
  const judged = gateRules(rules)
  if (judged.length === 0) return 'reported'
  if (judged.some(rule => rule.verdict === 'fail')) return 'fail'
  return judged.some(rule => rule.verdict === 'inconclusive') ? 'inconclusive' : 'pass'
}

/** A margin smaller than the interval's reach around "equal" cannot be proven even by an equal model. */
const neverProven = (name: string, gate: Gate, difference: Difference | null, rows: number | null, margin: number): string[] => {
  if (difference?.low == null || difference.high === null || difference.detectable === null || !(margin > 0)) return []
  const reach = (difference.high - difference.low) / 2
  if (reach <= margin || rows === null) return []
  const kind = gate.max_drop ? 'max_drop' : 'max_rise'
  const needed = aboutRows(rows * (difference.detectable / margin) ** 2)
  return [
    `${kind} ${Number(margin.toPrecision(4))} on ${name}: even an equally good model could not prove it with these rows; about ${needed} would do in 4 of 5 cases`,
  ]
}

const judgeOne = (name: string, rules: ModelConfiguration, sources: Sources, change: Assessment['change']) => {
  const figures = figuresOf(name, sources)
  const { evidence } = figures
  const gate = Object.hasOwn(rules.gates, name) ? rules.gates[name] : undefined
  const direction = figures.direction ?? (gate?.max !== undefined || gate?.max_rise !== undefined ? 'lower' : 'higher')
  const judged = gate ? judgeGate(gate, evidence, rules.on_inconclusive) : []
  const notes = [...figures.notes]
  const bound = gate?.max_drop ?? gate?.max_rise
  const margin =
    bound && evidence.comparison === 'paired' && evidence.champion?.value != null
      ? marginOf(bound, evidence, gate?.max_drop ? 'max_drop' : 'max_rise')
      : null
  // A rule that passes on the point alone says itself how many rows would tell.
  const saysRows = judged.some(rule => (rule.kind === 'max_drop' || rule.kind === 'max_rise') && rule.verdict !== 'fail' && !rule.proven)
  if (gate && margin !== null && !saysRows) notes.push(...neverProven(name, gate, evidence.difference, evidence.rows, margin))
  const primary = name === rules.primary
  if (primary) {
    const kind = change === 'retrained' ? rules.promote.retrained : rules.promote.changed
    judged.push(judgePromotion(kind === 'non_inferior' ? kind : 'superior', margin ?? 0, direction, evidence))
  }
  return { row: asRow(name, figures, direction, primary, judged), notes }
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
  verdict: rowVerdict(rules),
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
