import type { CategoryColumn, TextColumn } from './predictions.ts'

/**
 * Collects one column of a file, row by row, from bytes (CSV) or values (JSONL, Parquet). Each call adds exactly one row, or returns what is wrong with
 * the field and adds nothing.
 */
export interface ColumnBuilder {
  addBytes(bytes: Uint8Array, from: number, to: number): string | null
  addValue(value: unknown): string | null
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

const textOf = (value: unknown): string | null => {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  return value === null || value === undefined ? '' : null
}

const longestText = 65_536

/** Text that is as good as unique, such as ids, packed as UTF-8. Empty is refused. */
export class TextBuilder implements ColumnBuilder {
  #bytes = new Uint8Array(1 << 16)
  #offsets = new Uint32Array(1 << 12)
  #rows = 0

  addBytes(bytes: Uint8Array, from: number, to: number): string | null {
    if (to === from) return 'is empty'
    if (to - from > longestText) return `is longer than ${longestText} bytes`
    const start = this.#offsets[this.#rows] as number
    const end = start + to - from
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2))
      larger.set(this.#bytes.subarray(0, start))
      this.#bytes = larger
    }
    if (to - from < 32) for (let index = from, into = start; index < to; index++, into++) this.#bytes[into] = bytes[index] as number
    else this.#bytes.set(bytes.subarray(from, to), start)
    if (this.#rows + 2 > this.#offsets.length) {
      const larger = new Uint32Array(this.#offsets.length * 2)
      larger.set(this.#offsets)
      this.#offsets = larger
    }
    this.#offsets[++this.#rows] = end
    return null
  }

  addValue(value: unknown): string | null {
    const text = textOf(value)
    if (text === null) return 'is neither text nor a number'
    const bytes = encoder.encode(text)
    return this.addBytes(bytes, 0, bytes.length)
  }

  build(): TextColumn {
    const offsets = this.#offsets.slice(0, this.#rows + 1)
    return { bytes: this.#bytes.slice(0, offsets[this.#rows]), offsets }
  }
}

/** Text of few different values, dictionary-coded. What empty means is the caller's to say: a name, or null to refuse it. */
export class CategoryBuilder implements ColumnBuilder {
  #codes = new Uint16Array(1 << 12)
  #rows = 0
  readonly #known = new Map<string, number>()
  readonly #empty: string | null
  readonly #most: number

  constructor(empty: string | null, most: number) {
    this.#empty = empty
    this.#most = most
  }

  addBytes(bytes: Uint8Array, from: number, to: number): string | null {
    if (to - from > 1024) return 'is longer than 1,024 bytes'
    let ascii = true
    let text = ''
    for (let index = from; index < to && ascii; index++) {
      const byte = bytes[index] as number
      if (byte > 127) ascii = false
      else text += String.fromCharCode(byte)
    }
    return this.addValue(ascii ? text : decoder.decode(bytes.subarray(from, to)))
  }

  addValue(value: unknown): string | null {
    const given = textOf(value)
    if (given === null) return 'is neither text nor a number'
    const text = given === '' ? this.#empty : given
    if (text === null) return 'is empty'
    let code = this.#known.get(text)
    if (code === undefined) {
      // Who writes NaN for a missing label does not mean a class of that name, which would turn missing rows into wrong or right ones.
      if (this.#empty === null && /^\s*nan\s*$/i.test(text)) return 'is NaN'
      code = this.#known.size
      if (code >= this.#most) return `has more than ${this.#most} different values`
      this.#known.set(text, code)
    }
    if (this.#rows === this.#codes.length) {
      const larger = new Uint16Array(this.#codes.length * 2)
      larger.set(this.#codes)
      this.#codes = larger
    }
    this.#codes[this.#rows++] = code
    return null
  }

  build(): CategoryColumn {
    return { codes: this.#codes.slice(0, this.#rows), values: [...this.#known.keys()] }
  }
}

const missingNumbers = new Set(['', 'nan', 'na', 'n/a', 'null', 'none', '<na>'])
const infinities = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['+inf', Number.POSITIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['+infinity', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
])
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const powers = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))

/** Numbers, rounded as `Number` rounds. Empty, NaN and the like become NaN, which is kept and counted and never dropped. */
export class NumberBuilder implements ColumnBuilder {
  #values = new Float64Array(1 << 12)
  #rows = 0

  addBytes(bytes: Uint8Array, from: number, to: number): string | null {
    // Plain decimals of at most 15 digits: both integers are exact doubles, so their quotient is correctly rounded (Clinger 1990).
    let mantissa = 0
    let digits = 0
    let fraction = -1
    let index = from
    const negative = bytes[index] === 45
    if (negative) index++
    for (; index < to; index++) {
      const byte = bytes[index] as number
      if (byte >= 48 && byte <= 57) {
        mantissa = mantissa * 10 + byte - 48
        digits++
        if (fraction >= 0) fraction++
      } else if (byte === 46 && fraction < 0) fraction = 0
      else break
    }
    if (index === to && digits > 0 && digits <= 15) {
      const size = fraction > 0 ? mantissa / (powers[fraction] as number) : mantissa
      this.#push(negative ? -size : size)
      return null
    }
    return this.#addText(decoder.decode(bytes.subarray(from, to)))
  }

  addValue(value: unknown): string | null {
    if (typeof value === 'number') this.#push(value)
    else if (typeof value === 'bigint' || typeof value === 'boolean') this.#push(Number(value))
    else if (value === null || value === undefined) this.#push(Number.NaN)
    else if (typeof value === 'string') return this.#addText(value)
    else return 'is no number'
    return null
  }

  #addText(given: string): string | null {
    const text = given.trim()
    if (decimal.test(text)) this.#push(Number(text))
    else {
      const word = text.toLowerCase()
      const infinite = infinities.get(word)
      if (infinite !== undefined) this.#push(infinite)
      else if (missingNumbers.has(word)) this.#push(Number.NaN)
      else return 'is no number'
    }
    return null
  }

  #push(value: number): void {
    if (this.#rows === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2)
      larger.set(this.#values)
      this.#values = larger
    }
    this.#values[this.#rows++] = value
  }

  build(): Float64Array {
    return this.#values.slice(0, this.#rows)
  }
}
