import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from 'yaml'
import { type Place, UserError } from '../errors.ts'

export type Path = readonly (string | number)[]

/** A configuration file as read: its value, and where in the text each part of it stands. */
export interface Source {
  readonly file: string
  readonly value: unknown
  /** The place of a key or item; of its deepest existing ancestor where the path leads further than the text. */
  readonly place: (path: Path) => Place
  /** How many steps of the path exist in the text. */
  readonly depth: (path: Path) => number
}

const maxCharacters = 1_000_000

/**
 * Reads YAML of unknown origin. Throws a UserError with the line for a syntax error, a key given twice, a tag, a key that is no plain text, several
 * documents, or aliases that unfold to an unreasonable size.
 */
export const readSource = (text: string, file: string): Source => {
  if (text.length > maxCharacters)
    throw new UserError(`it has ${text.length} characters; at most ${maxCharacters} are read`, { place: { file } })
  const lines = new LineCounter()
  const document = guarded(file, () => parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, strict: true }))
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return line > 0 ? { file, line, column: col } : { file }
  }
  const problem = document.errors[0] ?? document.warnings[0]
  if (problem !== undefined) {
    const reason = /call stack/.test(problem.message) ? 'it is nested too deeply' : problem.message
    throw new UserError(`not readable as YAML: ${reason}`, { place: placeAt(problem.pos[0]) })
  }
  const visitor: Parameters<typeof visit>[1] = {
    // The library compares every key with every other, which takes minutes for a megabyte of keys.
    Map(_, { items }) {
      const seen = new Set<string>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        const name = String(key.value)
        if (seen.has(name))
          throw new UserError('not readable as YAML: keys of a map must be unique', { place: placeAt(offsetOf(key) ?? 0) })
        seen.add(name)
      }
    },
    Alias(_, alias, ancestors) {
      if (ancestors.some(ancestor => ancestor === alias.resolve(document)))
        throw new UserError('this alias contains itself', { place: placeAt(offsetOf(alias) ?? 0) })
    },
    Pair(_, { key }) {
      if (!isScalar(key) || !['string', 'number', 'boolean'].includes(typeof key.value) || key.value === '__proto__')
        throw new UserError('this key is no plain text', { place: placeAt(offsetOf(key) ?? 0) })
    },
  }
  guarded(file, () => visit(document, visitor))
  const value = guarded(file, () => document.toJS({ maxAliasCount: 100 }) as unknown)
  const walked = (path: Path) => walk(document, path)
  return {
    file,
    value,
    place: path => {
      const { offset } = walked(path)
      return offset === undefined ? { file } : placeAt(offset)
    },
    depth: path => walked(path).depth,
  }
}

const guarded = <T>(file: string, work: () => T): T => {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof UserError) throw cause
    const reason = cause instanceof RangeError ? 'it is nested too deeply' : cause instanceof Error ? cause.message : String(cause)
    throw new UserError(`not readable as YAML: ${reason}`, { place: { file }, cause })
  }
}

const offsetOf = (node: unknown): number | undefined => (node as Node | null | undefined)?.range?.[0]

const walk = (document: Document, path: Path): { readonly offset: number | undefined; readonly depth: number } => {
  let node: unknown = document.contents
  let offset = offsetOf(node)
  let depth = 0
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      if (pair === undefined) break
      offset = offsetOf(pair.key) ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      const item = node.items[Number(step)]
      if (item === undefined) break
      offset = offsetOf(item) ?? offset
      node = item
    } else break
    depth += 1
  }
  return { offset, depth }
}
