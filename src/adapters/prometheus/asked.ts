import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'
import { mentions, type Placeholder, parseSelector, requireArm, resolvedSelector, type Selector } from '../../core/rollout/selector.ts'

/** Selectors of raw counters, or of a histogram without `_bucket` and the bucket edge in seconds from which on a request is bad. */
export type CountedBy = { readonly total: string; readonly bad: string } | { readonly histogram: string; readonly over: number }

/** What is filled into selectors. */
export interface Filling {
  readonly model: string
  readonly environment: string
  /** The version in each slot, for selectors with ${version}. */
  readonly versions: Readonly<Record<Slot, number | null>>
}

/** A query as one slot needs it; null where the slot holds no version to ask for. */
export type Resolved = Readonly<Record<Slot, string | null>>

/** One selector, parsed, with what it is asked for. */
export interface Asked {
  readonly role: 'total' | 'bad' | 'histogram'
  readonly selector: Selector
  /** What is added to the metric name: `_bucket` of a histogram. */
  readonly suffix: '' | '_bucket'
  readonly resolved: Resolved
}

export const slots: readonly Slot[] = ['blue', 'green']

/** The selectors of a signal, parsed and filled in. `signal` begins the messages of what is refused. */
export const askedFor = (signal: string, counts: CountedBy, filling: Filling): readonly Asked[] => {
  const { versions } = filling
  const asked = (role: Asked['role'], text: string): Asked => {
    const where = `${signal}: ${role}`
    const selector = requireArm(parseSelector(text, where), where)
    if (role === 'histogram' && /_(bucket|count|sum)$/.test(selector.metric))
      throw new UserError(
        `${where} is ${selector.metric}: write the histogram's own name, ${selector.metric.replace(/_(bucket|count|sum)$/, '')}`,
      )
    const suffix = role === 'histogram' ? '_bucket' : ''
    const fill = (slot: Slot): string | null => {
      const version = versions[slot]
      if (version === null && mentions(selector, 'version')) return null
      const values: Partial<Record<Placeholder, string>> = { slot, model: filling.model, environment: filling.environment }
      return resolvedSelector(selector, version === null ? values : { ...values, version: String(version) }, suffix)
    }
    return { role, selector, suffix, resolved: { blue: fill('blue'), green: fill('green') } }
  }
  return 'histogram' in counts ? [asked('histogram', counts.histogram)] : [asked('total', counts.total), asked('bad', counts.bad)]
}
