/** A token of Python source, as far as literal values need telling apart. `start` and `end` are offsets in the text. */
export interface PythonToken {
  readonly kind: 'name' | 'string' | 'number' | 'sign'
  readonly text: string
  /** Of a string; null where it is bytes or filled in at run time. */
  readonly value: string | null
  readonly line: number
  readonly start: number
  readonly end: number
}

const blank = /\s+|\\\r?\n|#[^\n]*/y
const name = /[\p{L}_][\p{L}\p{N}_]*/uy
const number = /(?:0[xXoObB][0-9a-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)[jJ]?/y
const opening = /([a-zA-Z]{0,2})('''|"""|'|")/y
const signs = /\*\*=?|->|:=|[!=<>]=|./suy

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"', '\n': '' }

const unescaped = (body: string): string =>
  body.replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([\s\S]))/g, (whole, byte?: string, unit?: string, other?: string) => {
    const code = byte ?? unit
    return code === undefined ? (escapes[other ?? ''] ?? whole) : String.fromCharCode(Number.parseInt(code, 16))
  })

/** Where a string that begins with these quotes ends, behind its closing quotes; the end of its line or of the text where it never does. */
const endOfString = (text: string, from: number, quotes: string): number => {
  let at = from
  while (at < text.length && !text.startsWith(quotes, at)) {
    if (quotes.length === 1 && text.charAt(at) === '\n') return at
    at += text.charAt(at) === '\\' ? 2 : 1
  }
  return Math.min(text.length, at + quotes.length)
}

/** The tokens of Python source. It never fails: what is no Python comes out as signs, which no literal is made of. */
export const pythonTokens = (text: string): readonly PythonToken[] => {
  const tokens: PythonToken[] = []
  let [at, line, counted] = [0, 1, 0]
  const matched = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    return pattern.exec(text)
  }
  const lineAt = (offset: number): number => {
    for (; counted < offset; counted++) if (text.charAt(counted) === '\n') line++
    return line
  }
  const add = (kind: PythonToken['kind'], end: number, value: string | null = null): void => {
    tokens.push({ kind, text: text.slice(at, end), value, line: lineAt(at), start: at, end })
    at = end
  }
  while (at < text.length) {
    const space = matched(blank)
    if (space !== null) {
      at += space[0].length
      continue
    }
    const quoted = matched(opening)
    if (quoted !== null) {
      const [open, prefix = '', quotes = ''] = quoted
      const end = endOfString(text, at + open.length, quotes)
      const body = text.slice(at + open.length, Math.max(at + open.length, end - quotes.length))
      add('string', end, /[bft]/i.test(prefix) ? null : /r/i.test(prefix) ? body : unescaped(body))
      continue
    }
    const word = matched(name)
    const digits = word === null ? matched(number) : null
    if (word !== null) add('name', at + word[0].length)
    else if (digits !== null && digits[0] !== '') add('number', at + digits[0].length)
    else add('sign', at + (matched(signs)?.[0].length ?? 1))
  }
  return tokens
}

/** A value that stands in the source as it is. */
export type PythonLiteral = number | string | boolean | null

const words = new Map<string, PythonLiteral>([
  ['True', true],
  ['False', false],
  ['None', null],
])

/** The value of a whole expression that is one literal, a number with its sign included; undefined for any other expression. */
export const pythonLiteral = (tokens: readonly PythonToken[]): PythonLiteral | undefined => {
  const [first, second] = tokens
  if (tokens.length === 2 && first?.kind === 'sign' && second?.kind === 'number' && /^[+-]$/.test(first.text)) {
    const magnitude = numberOf(second.text)
    return magnitude === undefined ? undefined : first.text === '-' ? -magnitude : magnitude
  }
  if (tokens.length !== 1 || first === undefined) return undefined
  if (first.kind === 'name') return words.get(first.text)
  if (first.kind === 'number') return numberOf(first.text)
  return first.kind === 'string' && first.value !== null ? first.value : undefined
}

const numberOf = (text: string): number | undefined => {
  const value = /[jJ]$/.test(text) ? Number.NaN : Number(text.replaceAll('_', ''))
  return Number.isFinite(value) ? value : undefined
}
