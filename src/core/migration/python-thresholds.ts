import { type PythonLiteral, type PythonToken, pythonLiteral, pythonTokens } from './python-tokens.ts'

/** The arguments that stand with a metric's name in the source; what is no plain value is kept as its text. */
export interface WrittenThreshold {
  readonly name: string
  readonly line: number
  readonly fields: ReadonlyMap<string, { readonly value: PythonLiteral } | { readonly expression: string }>
}

/** A part of the source that would have to be run to be understood. */
export interface Unreadable {
  readonly line: number
  readonly text: string
  readonly why: string
}

/** MetricThreshold's parameters in their order. */
export const parameters = ['threshold', 'min_absolute_change', 'min_relative_change', 'greater_is_better', 'higher_is_better'] as const

const className = 'MetricThreshold'
const closing = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
])

interface Source {
  readonly text: string
  readonly tokens: readonly PythonToken[]
  /** Of an opening bracket: where it closes. */
  readonly ends: ReadonlyMap<number, number>
  /** Of every token: the opening bracket it stands in, -1 for none. */
  readonly inside: Int32Array
}

type Range = readonly [from: number, to: number]

const sourceOf = (text: string): Source => {
  const tokens = pythonTokens(text)
  const ends = new Map<number, number>()
  const inside = new Int32Array(tokens.length)
  const open: number[] = []
  for (const [index, token] of tokens.entries()) {
    const last = open.at(-1)
    const closes = token.kind === 'sign' && last !== undefined && token.text === closing.get(tokens[last]?.text ?? '')
    if (closes) ends.set(open.pop() as number, index)
    inside[index] = open.at(-1) ?? -1
    if (token.kind === 'sign' && closing.has(token.text)) open.push(index)
  }
  return { text, tokens, ends, inside }
}

const is = (source: Source, index: number, text: string): boolean =>
  source.tokens[index]?.text === text && source.tokens[index]?.kind !== 'string'

/** What stands between the signs of this text on the top level of a range, at most so many parts. */
const split = (source: Source, [from, to]: Range, by: string, most = Number.POSITIVE_INFINITY): readonly Range[] => {
  const parts: Range[] = []
  let start = from
  for (let index = from; index < to; index++) {
    if (is(source, index, by) && parts.length + 1 < most) {
      parts.push([start, index])
      start = index + 1
    }
    index = source.ends.get(index) ?? index
  }
  if (start < to) parts.push([start, to])
  return parts
}

const textOf = ({ text, tokens }: Source, [from, to]: Range): string => {
  const [first, last] = [tokens[from], tokens[to - 1]]
  const words = first === undefined || last === undefined ? '' : text.slice(first.start, Math.min(last.end, first.start + 400))
  const line = words.replace(/\s+/g, ' ')
  return line.length > 80 ? `${line.slice(0, 79)}…` : line
}

const lineOf = ({ tokens }: Source, index: number): number => tokens[index]?.line ?? 1

/** The arguments of a call that is all of a range (`MetricThreshold(...)`, with or without its module in front); null for anything else. */
const callIn = (source: Source, [from, to]: Range): Range | null => {
  let at = from
  while (source.tokens[at]?.kind === 'name' && is(source, at + 1, '.')) at += 2
  return is(source, at, className) && is(source, at + 1, '(') && source.ends.get(at + 1) === to - 1 ? [at + 2, to - 1] : null
}

const fieldsOf = (source: Source, range: Range): { fields: WrittenThreshold['fields']; unreadable: readonly Unreadable[] } => {
  const fields = new Map<string, { readonly value: PythonLiteral } | { readonly expression: string }>()
  const unreadable: Unreadable[] = []
  for (const [position, [from, to]] of split(source, range, ',').entries()) {
    const named = source.tokens[from]?.kind === 'name' && is(source, from + 1, '=')
    const parameter = named ? source.tokens[from]?.text : parameters[position]
    const given: Range = [named ? from + 2 : from, to]
    const tokens = source.tokens.slice(...given)
    const value = pythonLiteral(tokens)
    if (parameter === undefined || tokens[0]?.text.startsWith('*'))
      unreadable.push({
        line: lineOf(source, from),
        text: textOf(source, [from, to]),
        why: 'it is no single argument of a MetricThreshold',
      })
    else fields.set(parameter, value === undefined ? { expression: textOf(source, given) } : { value })
  }
  return { fields, unreadable }
}

/**
 * Finds the MetricThresholds in Python source by their metrics' names: entries of a dictionary, `dict(name=...)`, or assignments to an item. Nothing is run: what
 * is no plain value, or has no plain name, is listed as unreadable.
 */
export const pythonThresholds = (
  text: string,
): { readonly found: readonly WrittenThreshold[]; readonly unreadable: readonly Unreadable[] } => {
  const source = sourceOf(text)
  const { tokens, inside, ends } = source
  const found: WrittenThreshold[] = []
  const unreadable: Unreadable[] = []
  const done = new Set<number>()
  const take = (name: string, call: Range, line: number): void => {
    const read = fieldsOf(source, call)
    unreadable.push(...read.unreadable)
    found.push({ name, line, fields: read.fields })
  }
  const leave = (range: Range, why: string): void => {
    unreadable.push({ line: lineOf(source, range[0]), text: textOf(source, range), why })
  }
  const takeDictionary = (brace: number): void => {
    for (const entry of split(source, [brace + 1, ends.get(brace) ?? tokens.length], ',')) {
      const [key, value] = split(source, entry, ':', 2)
      const name = key !== undefined && key[1] - key[0] === 1 ? tokens[key[0]]?.value : undefined
      const call = value === undefined ? null : callIn(source, value)
      if (tokens[entry[0]]?.text.startsWith('**')) leave(entry, 'what it adds stands elsewhere')
      else if (typeof name !== 'string') leave(entry, "the metric's name is no plain text")
      else if (call === null) leave(entry, 'its value is no MetricThreshold(...) written out here')
      else take(name, call, lineOf(source, entry[0]))
    }
  }

  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'name' || token.text !== className || !is(source, index + 1, '(') || is(source, index - 1, 'class')) continue
    let start = index
    while (is(source, start - 1, '.') && tokens[start - 2]?.kind === 'name') start -= 2
    const bracket = inside[index] ?? -1
    if (is(source, bracket, '{')) {
      if (!done.has(bracket)) takeDictionary(bracket)
      done.add(bracket)
      continue
    }
    const end = ends.get(index + 1)
    if (end === undefined) {
      leave([start, index + 2], 'its brackets are never closed')
      continue
    }
    const call: Range = [index + 2, end]
    const assigned = is(source, start - 1, '=')
    const item = assigned && is(source, start - 2, ']') && is(source, start - 4, '[') ? tokens[start - 3] : undefined
    const keyword = assigned && is(source, bracket, '(') && is(source, bracket - 1, 'dict') ? tokens[start - 2] : undefined
    if (item?.kind === 'string' && item.value !== null) take(item.value, call, item.line)
    else if (keyword?.kind === 'name') take(keyword.text, call, keyword.line)
    else leave([start, end + 1], "no metric's name stands beside it")
  }
  return { found, unreadable }
}
