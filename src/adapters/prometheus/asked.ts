import { UserError } from '../../core/errors.ts'
import type { Slot } from '../../core/lineage/events.ts'
import { mentions, type Placeholder, parseSelector, requireArm, resolvedSelector, type Selector } from '../../core/rollout/selector.ts'

/** Selectors of raw counters, or of a histogram without `_bucket` and the bucket edge in seconds from which on a request is bad. */
export type CountedBy = { readonly total: string; readonly bad: string } | { readonly histogram: string; readonly over: number }

/** What is filled into selectors; `versions` is null as long as it is not known which version is in which slot. */
export interface Filling {
  readonly model: string
  readonly environment: string
  readonly versions: Readonly<Record<Slot, number | null>> | null
}

/** A query as one slot needs it; null where the slot holds no version to ask for. */
export type Resolved = Readonly<Record<Slot, string | null>>

/** One selector, parsed, with what it is asked for. */
export interface Parsed {
  readonly where: string
  readonly role: 'total' | 'bad' | 'histogram'
  readonly selector: Selector
  /** What is added to the metric name: `_bucket` of a histogram. */
  readonly suffix: '' | '_bucket'
}

/** A selector with its queries. */
export interface Asked extends Parsed {
  readonly resolved: Resolved
}

export const slots: readonly Slot[] = ['blue', 'green']

/** The selectors of a signal, parsed. `signal` begins the messages of what is refused. */
export const parsedOf = (signal: string, counts: CountedBy): readonly Parsed[] => {
  const parsed = (role: Parsed['role'], text: string): Parsed => {
    const where = `${signal}: ${role}`
    const selector = requireArm(parseSelector(text, where), where)
    const own = selector.metric.replace(/_(bucket|count|sum)$/, '')
    if (role === 'histogram' && own !== selector.metric)
      throw new UserError(`${where} is ${selector.metric}: write the histogram's own name, ${own}`)
    return { where, role, selector, suffix: role === 'histogram' ? '_bucket' : '' }
  }
  return 'histogram' in counts ? [parsed('histogram', counts.histogram)] : [parsed('total', counts.total), parsed('bad', counts.bad)]
}

/** Fills the queries of both slots in. */
export const resolvedFor = (parsed: Parsed, { model, environment, versions }: Filling): Asked => {
  const { where, selector, suffix } = parsed
  const needsVersion = mentions(selector, 'version')
  if (needsVersion && versions === null)
    throw new UserError(`${where} has \${version}, and it is not known which version is in which slot: no rollout is under way`)
  const fill = (slot: Slot): string | null => {
    const version = versions?.[slot] ?? null
    if (version === null && needsVersion) return null
    const values: Partial<Record<Placeholder, string>> = { slot, model, environment }
    return resolvedSelector(selector, version === null ? values : { ...values, version: String(version) }, suffix)
  }
  return { ...parsed, resolved: { blue: fill('blue'), green: fill('green') } }
}
