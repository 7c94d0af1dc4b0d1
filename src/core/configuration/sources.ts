import { nearest } from '../nearest.ts'
import { isMapping, laidOver } from './mappings.ts'
import type { Problem } from './problems.ts'

/**
 * Replaces `source: <name>` of each signal by the keys of that source under `sources`, key by key: what the signal says itself wins. What is no mapping is left as it is,
 * for the schema to refuse.
 */
export const withSources = (value: unknown): { readonly value: unknown; readonly strange: readonly Problem[] } => {
  if (!isMapping(value) || !isMapping(value.environments)) return { value, strange: [] }
  const sources = isMapping(value.sources) ? value.sources : {}
  const strange: Problem[] = []

  const signalOf = (signal: unknown, path: readonly string[]): unknown => {
    if (!isMapping(signal) || !Object.hasOwn(signal, 'source')) return signal
    const { source: name, ...own } = signal
    const problem = (key: string, message: string): unknown => {
      strange.push({ path: [...path, key], message })
      return own
    }
    if (typeof name !== 'string') return problem('source', 'expected the name of a source')
    const source = Object.hasOwn(sources, name) ? sources[name] : undefined
    if (source === undefined) {
      const known = Object.keys(sources)
      const meant = nearest(name, known)
      const instead = known.length === 0 ? '; add it under `sources`' : `; there is ${known.join(', ')}`
      return problem(
        'source',
        `there is no source \`${name.slice(0, 60)}\`${meant === undefined ? instead : `; did you mean \`${meant}\`?`}`,
      )
    }
    if (!isMapping(source)) return own
    if (own.kind !== undefined && own.kind !== source.kind)
      return problem('kind', `is ${String(own.kind)}, but the source ${name} is of kind ${String(source.kind)}; leave it out`)
    return laidOver(source, own)
  }
  const mapped = (of: Record<string, unknown>, change: (inner: unknown, name: string) => unknown): Record<string, unknown> =>
    Object.fromEntries(Object.entries(of).map(([name, inner]) => [name, change(inner, name)]))

  const environments = mapped(value.environments, (environment, name) =>
    isMapping(environment) && isMapping(environment.signals)
      ? { ...environment, signals: mapped(environment.signals, (signal, of) => signalOf(signal, ['environments', name, 'signals', of])) }
      : environment,
  )
  return { value: { ...value, environments }, strange }
}
