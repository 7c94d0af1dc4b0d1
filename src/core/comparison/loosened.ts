import type { Bound, ModelConfiguration } from '../configuration/schema.ts'
import { predictionSettings } from '../evaluation/prediction-settings.ts'

const shown = (bound: Bound): string => (bound.relative ? `${Number((bound.value * 100).toPrecision(12))}%` : String(bound.value))

type Rules = { readonly min?: unknown; readonly max?: unknown; readonly max_drop?: unknown; readonly max_rise?: unknown }

/** What is weaker in one metric's rules. A change between absolute and relative cannot be ordered, so it is always named. */
const weakerRules = (name: string, base: Rules, changed: Rules): string[] => {
  const found: string[] = []
  for (const kind of ['min', 'max', 'max_drop', 'max_rise'] as const) {
    const [before, after] = [asBound(base[kind]), asBound(changed[kind])]
    if (before === null) continue
    if (after === null) found.push(`${name}: ${kind} ${shown(before)} is removed`)
    else if (before.relative !== after.relative) found.push(`${name}: ${kind} goes from ${shown(before)} to ${shown(after)}`)
    else if (kind === 'min' ? after.value < before.value : after.value > before.value) {
      found.push(`${name}: ${kind} is ${kind === 'min' ? 'lowered' : 'raised'} from ${shown(before)} to ${shown(after)}`)
    }
  }
  return found
}

const asBound = (value: unknown): Bound | null => {
  if (typeof value === 'number') return { value, relative: false }
  return value === undefined || value === null ? null : (value as Bound)
}

const weakerSlices = (base: ModelConfiguration, changed: ModelConfiguration): string[] => {
  const found: string[] = []
  for (const [column, rules] of Object.entries(base.slices ?? {})) {
    const after = Object.hasOwn(changed.slices ?? {}, column) ? changed.slices?.[column] : undefined
    if (!after) {
      found.push(`slices.${column} is removed`)
      continue
    }
    if (after.min_support > rules.min_support) {
      found.push(`slices.${column}: min_support is raised from ${rules.min_support} to ${after.min_support}, so fewer slices are judged`)
    }
    for (const [metric, rule] of Object.entries(rules)) {
      if (metric === 'min_support') continue
      const now = Object.hasOwn(after, metric) ? (after[metric] as Rules) : {}
      found.push(...weakerRules(`slices.${column}.${metric}`, rule as Rules, now))
    }
  }
  return found
}

const strictness = { warn: 0, point: 1, fail: 2 } as const

/** The parts of a predictions section that decide what is measured. */
const measured = (rules: ModelConfiguration): Readonly<Record<string, unknown>> => {
  const { threshold, positive, columns, score } = predictionSettings(rules)
  return {
    threshold,
    positive,
    score: typeof score === 'string' || score === null ? score : JSON.stringify(score),
    'columns.id': columns.id,
    'columns.label': columns.label,
    'columns.score': columns.score,
    'columns.prediction': columns.prediction,
  }
}

const said = (value: unknown): string => (value === null ? 'nothing' : String(value))

/** What a change of the rules loosens, one sentence each; empty where it loosens nothing. Changes that cannot be ordered are named too. */
export const loosened = (base: ModelConfiguration, changed: ModelConfiguration): string[] => {
  const found: string[] = []
  for (const [metric, gate] of Object.entries(base.gates)) {
    if (Object.hasOwn(changed.gates, metric)) found.push(...weakerRules(metric, gate, changed.gates[metric] as Rules))
    else found.push(`the gate on ${metric} is removed`)
  }
  found.push(...weakerSlices(base, changed))
  for (const kind of ['changed', 'retrained'] as const) {
    if (base.promote[kind] === 'superior' && changed.promote[kind] === 'non_inferior') {
      found.push(`promote.${kind} is weakened from superior to non_inferior`)
    }
  }
  if (changed.primary !== base.primary) found.push(`primary goes from ${base.primary} to ${changed.primary}`)
  if (changed.task !== base.task) found.push(`task goes from ${base.task} to ${changed.task}`)
  if (changed.confidence < base.confidence) found.push(`confidence is lowered from ${base.confidence} to ${changed.confidence}`)
  if (strictness[changed.on_inconclusive] < strictness[base.on_inconclusive]) {
    found.push(`on_inconclusive is weakened from ${base.on_inconclusive} to ${changed.on_inconclusive}`)
  }
  const [before, after] = [measured(base), measured(changed)]
  for (const key of Object.keys(before)) {
    if (before[key] !== after[key]) found.push(`predictions.${key} goes from ${said(before[key])} to ${said(after[key])}`)
  }
  return found
}
