/** Why a text is no JSON, and at which character. */
export class JsonProblem extends Error {
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.name = 'JsonProblem'
    this.offset = offset
  }
}

const deepest = 64
const escapes: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }
const words = new Map<string, unknown>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
])

/**
 * Parses JSON of unknown origin, with the bare NaN and Infinity that Python writes. Unlike `JSON.parse` it refuses a key that stands twice in an object, of which
 * that one silently takes the last, and nesting beyond 64, and every JsonProblem has its place.
 */
export const parseJson = (text: string): unknown => {
  let at = 0
  const fail = (message: string, offset = at): never => {
    throw new JsonProblem(message, offset)
  }
  const blank = (): void => {
    while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at++
  }
  const unexpected = (wanted: string): never => fail(at >= text.length ? `it ends where ${wanted} is expected` : `expected ${wanted}`)

  const string = (): string => {
    let result = ''
    let from = ++at
    for (; ; at++) {
      if (at >= text.length) return fail('it ends inside a text', from - 1)
      const character = text.charAt(at)
      if (character === '"') return result + text.slice(from, at++)
      if (character < ' ') return fail('a text holds a control character')
      if (character !== '\\') continue
      result += text.slice(from, at++)
      const hex = /^u([0-9a-fA-F]{4})/.exec(text.slice(at, at + 5))?.[1]
      const plain = escapes[text.charAt(at)]
      if (hex === undefined && plain === undefined) return fail('a text holds an unknown escape', at - 1)
      result += hex === undefined ? plain : String.fromCharCode(Number.parseInt(hex, 16))
      if (hex !== undefined) at += 4
      from = at + 1
    }
  }

  const object = (depth: number): unknown => {
    const entries = new Map<string, unknown>()
    at++
    blank()
    if (text.charAt(at) === '}') {
      at++
      return {}
    }
    for (;;) {
      blank()
      if (text.charAt(at) !== '"') return unexpected('a key in double quotes')
      const start = at
      const key = string()
      if (entries.has(key)) return fail(`the key ${JSON.stringify(key.slice(0, 80))} stands twice in one object`, start)
      blank()
      if (text.charAt(at++) !== ':') return fail(at > text.length ? 'it ends where a colon is expected' : 'expected a colon', at - 1)
      entries.set(key, value(depth + 1))
      blank()
      const next = text.charAt(at)
      if (next !== ',' && next !== '}') return unexpected('a comma or a closing brace')
      at++
      if (next === '}') return Object.fromEntries(entries)
    }
  }

  const list = (depth: number): unknown => {
    const items: unknown[] = []
    at++
    blank()
    if (text.charAt(at) === ']') {
      at++
      return items
    }
    for (;;) {
      items.push(value(depth + 1))
      blank()
      const next = text.charAt(at)
      if (next !== ',' && next !== ']') return unexpected('a comma or a closing bracket')
      at++
      if (next === ']') return items
    }
  }

  const literal = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null|NaN|-?Infinity)(?![\w.+-])/y

  const value = (depth: number): unknown => {
    blank()
    if (depth > deepest) return fail(`it is nested more than ${deepest} deep`)
    const character = text.charAt(at)
    if (character === '{') return object(depth)
    if (character === '[') return list(depth)
    if (character === '"') return string()
    literal.lastIndex = at
    const found = literal.exec(text)?.[0]
    if (found === undefined) return unexpected('a value')
    at += found.length
    return words.has(found) ? words.get(found) : Number(found)
  }

  const result = value(1)
  blank()
  if (at < text.length) fail('something stands after its end')
  return result
}
