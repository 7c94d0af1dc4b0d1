import type { Severity } from '../configuration/rules-schema.ts'
import type { Bound, ModelConfiguration } from '../configuration/schema.ts'
import { predictionSettings } from '../evaluation/prediction-settings.ts'
import { promotionRules } from './promotion.ts'

const shown = (bound: Bound): string => (bound.relative ? `${Number((bound.value * 100).toPrecision(12))}%` : String(bound.value))

const said = (value: unknown): string => (value === null || value === undefined ? 'nothing' : String(value))

type Rules = Readonly<Record<string, unknown>>

const ownOf = <T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined =>
  record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined

const asBound = (value: unknown): Bound | null => {
  if (typeof value === 'number') return { value, relative: false }
  return value === undefined || value === null ? null : (value as Bound)
}

/** What a model must reach; a lower one asks for less. Of the other bounds a higher one does. */
const floors: ReadonlySet<string> = new Set(['min', 'min_gain', 'superior_by'])

/** What is weaker in one bound. A change between absolute and relative cannot be ordered, so it is always named. */
const weakerBound = (name: string, kind: string, before: Bound | null, after: Bound | null): string[] => {
  if (before === null) return []
  if (after === null) return [`${name}: ${kind} ${shown(before)} is removed`]
  if (before.relative !== after.relative) return [`${name}: ${kind} goes from ${shown(before)} to ${shown(after)}`]
  const floor = floors.has(kind)
  if (floor ? after.value >= before.value : after.value <= before.value) return []
  return [`${name}: ${kind} is ${floor ? 'lowered' : 'raised'} from ${shown(before)} to ${shown(after)}`]
}

const strictnessOf: Readonly<Record<Severity, number>> = { info: 0, warn: 1, error: 2 }

/** What is weaker in one metric's rules; `outer` are the severities of the sections that hold them, where they name none. */
const weakerRules = (
  name: string,
  base: Rules,
  changed: Rules,
  outer: { readonly base: Severity; readonly changed: Severity },
): string[] => {
  const [before, after] = [(base.severity ?? outer.base) as Severity, (changed.severity ?? outer.changed) as Severity]
  const gone = Object.keys(changed).length === 0
  return [
    ...['min', 'max', 'max_drop', 'max_rise', 'min_gain'].flatMap(kind =>
      weakerBound(name, kind, asBound(base[kind]), asBound(changed[kind])),
    ),
    ...(!gone && strictnessOf[after] < strictnessOf[before] ? [`${name}: severity is lowered from ${before} to ${after}`] : []),
    ...(gone
      ? []
      : ['direction', 'source'].flatMap(key =>
          base[key] === changed[key] ? [] : [`${name}: ${key} goes from ${said(base[key])} to ${said(changed[key])}`],
        )),
  ]
}

const settings: ReadonlySet<string> = new Set(['min_support', 'severity', 'reference'])

interface Section {
  readonly min_support: number
  readonly severity: Severity
  readonly reference?: string | undefined
}

/** What is weaker in the rules by column: those on slices, or on the groups of fairness. */
const weakerSections = (
  section: 'slices' | 'fairness',
  parts: 'slices' | 'groups',
  base: ModelConfiguration,
  changed: ModelConfiguration,
): string[] =>
  Object.entries(base[section] ?? {}).flatMap(([column, rules]) => {
    const name = `${section}.${column}`
    const before: Section = rules
    const after: (Section & Rules) | undefined = ownOf<Section & Rules>(changed[section], column)
    if (after === undefined) return [`${name} is removed`]
    const found: string[] = []
    if (after.min_support > before.min_support) {
      found.push(`${name}: min_support is raised from ${before.min_support} to ${after.min_support}, so fewer ${parts} are judged`)
    }
    if (before.reference !== after.reference) {
      found.push(`${name}: reference goes from ${said(before.reference)} to ${said(after.reference)}`)
    }
    const outer = { base: before.severity, changed: after.severity }
    for (const [metric, rule] of Object.entries(rules)) {
      if (settings.has(metric) || rule === undefined) continue
      found.push(...weakerRules(`${name}.${metric}`, rule as Rules, (ownOf<unknown>(after, metric) ?? {}) as Rules, outer))
    }
    return found
  })

/** How much a promotion rule asks for. `equivalent` says something else than the two above it, so leaving it for them is named too. */
const demand = { non_inferior: 0, equivalent: 1, superior: 2, superior_by: 3 } as const

const weakerPromotion = (change: 'changed' | 'retrained', base: ModelConfiguration, changed: ModelConfiguration): string[] => {
  const name = `promote.${change}`
  const [before, after] = [promotionRules(base, change), promotionRules(changed, change)]
  if (typeof before.promotion === 'object' && typeof after.promotion === 'object') {
    return weakerBound(name, 'superior_by', before.promotion.superior_by, after.promotion.superior_by)
  }
  if (demand[after.kind] < demand[before.kind]) return [`${name} is weakened from ${before.kind} to ${after.kind}`]
  if (before.kind === 'equivalent' && after.kind !== before.kind) return [`${name} goes from ${before.kind} to ${after.kind}`]
  // Without a rule on the primary's drop the margin is 0; a wider one is named where the gate is.
  const wider = after.kind === 'non_inferior' && before.margin === null && after.margin !== null && after.margin.value > 0
  return wider ? [`${name}: the margin of non_inferior is raised from 0 to ${shown(after.margin as Bound)}`] : []
}

const strictness = { warn: 0, point: 1, fail: 2 } as const

const listed = (paths: readonly string[] | undefined): string | null => paths?.join(', ') ?? null

/** What decides what is measured, and what counts as a change of code: the parts of a predictions section, the user's own checks, where training looks. */
const measured = (rules: ModelConfiguration): Readonly<Record<string, unknown>> => {
  const { threshold, positive, columns, score, weight, cluster, paired } = predictionSettings(rules)
  return {
    // Without it all metrics are the script's own word.
    'predictions.file': rules.predictions?.file ?? null,
    'predictions.threshold': threshold,
    'predictions.positive': positive,
    'predictions.score': typeof score === 'string' || score === null ? score : JSON.stringify(score),
    'predictions.columns.id': columns.id,
    'predictions.columns.label': columns.label,
    'predictions.columns.score': columns.score,
    'predictions.columns.prediction': columns.prediction,
    'predictions.columns.weight': weight,
    'predictions.cluster': cluster,
    'predictions.paired': paired,
    checks: rules.checks ?? null,
    path: rules.path ?? null,
    shared: listed(rules.shared),
    'train.code': listed(rules.train?.code),
    'train.metrics': rules.train?.metrics ?? null,
  }
}

/** What a change of the rules loosens, one sentence each; empty where it loosens nothing. Changes that cannot be ordered are named too. */
export const loosened = (base: ModelConfiguration, changed: ModelConfiguration): string[] => {
  const found: string[] = []
  for (const [metric, gate] of Object.entries(base.gates)) {
    const after = ownOf(changed.gates, metric)
    if (after === undefined) found.push(`the gate on ${metric} is removed`)
    else found.push(...weakerRules(metric, gate, after, { base: gate.severity, changed: after.severity }))
  }
  found.push(...weakerSections('slices', 'slices', base, changed), ...weakerSections('fairness', 'groups', base, changed))
  for (const change of ['changed', 'retrained'] as const) {
    found.push(...weakerPromotion(change, base, changed))
  }
  if (changed.primary !== base.primary) found.push(`primary goes from ${base.primary} to ${changed.primary}`)
  if (changed.task !== base.task) found.push(`task goes from ${base.task} to ${changed.task}`)
  if (changed.confidence < base.confidence) found.push(`confidence is lowered from ${base.confidence} to ${changed.confidence}`)
  if (strictness[changed.on_inconclusive] < strictness[base.on_inconclusive]) {
    found.push(`on_inconclusive is weakened from ${base.on_inconclusive} to ${changed.on_inconclusive}`)
  }
  const [before, after] = [measured(base), measured(changed)]
  for (const key of Object.keys(before)) {
    if (before[key] !== after[key]) found.push(`${key} goes from ${said(before[key])} to ${said(after[key])}`)
  }
  return found
}
