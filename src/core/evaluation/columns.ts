import { UserError } from '../errors.ts'
import { withRoom } from '../scratch.ts'
import type { CategoryColumn, Codes, TextColumn } from './predictions.ts'

/**
 * Fields of consecutive records: field `column` of record `row` is `bytes[starts[row * width + column] .. ends[row * width + column]]`, already unquoted.
 * Valid only during the call it is handed to.
 */
export interface FieldBatch {
  readonly bytes: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
  /** Fields of each record. */
  readonly width: number
  readonly rows: number
}

/** Told of each field of a batch that cannot be taken: the record within the batch, and what is wrong. */
export type OnBadField = (row: number, what: string) => void

/**
 * Collects one column of a file from batches of bytes (CSV) or value by value (JSONL, Parquet). What is wrong with a field is told and nothing is added for it: the
 * columns are then of different lengths, and the file must be refused.
 */
export interface ColumnBuilder {
  addFields(batch: FieldBatch, column: number, onBad: OnBadField): void
  /** Adds a value, or returns what is wrong with it. */
  addValue(value: unknown): string | null
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** The text of a value, '' for none; null where it is neither text nor number. */
export const textOf = (value: unknown): string | null => {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  return value === null || value === undefined ? '' : null
}

const longestText = 65_536
/** What 32-bit offsets reach. */
const mostText = 2 ** 32 - 1

/** Text that is as good as unique, such as ids, packed as UTF-8. Empty is refused. */
export class TextBuilder implements ColumnBuilder {
  #bytes = new Uint8Array(1 << 16)
  #offsets = new Uint32Array(1 << 12)
  #rows = 0

  addFields({ bytes, starts, ends, width, rows }: FieldBatch, column: number, onBad: OnBadField): void {
    for (let row = 0; row < rows; row++) {
      const wrong = this.add(bytes, starts[row * width + column] as number, ends[row * width + column] as number)
      if (wrong !== null) onBad(row, wrong)
    }
  }

  /** Adds the text `bytes[from .. to]`, or returns what is wrong with it. */
  add(bytes: Uint8Array, from: number, to: number): string | null {
    if (to === from) return 'is empty'
    if (to - from > longestText) return `is longer than ${longestText} bytes`
    const start = this.#offsets[this.#rows] as number
    const end = start + to - from
    if (end > mostText) throw new UserError(`the ids together are longer than ${mostText} bytes`)
    if (end > this.#bytes.length) this.#bytes = withRoom(this.#bytes, end)
    if (this.#rows + 2 > this.#offsets.length) this.#offsets = withRoom(this.#offsets, this.#rows + 2)
    const into = this.#bytes
    if (to - from < 32) for (let index = from, place = start; index < to; index++, place++) into[place] = bytes[index] as number
    else into.set(bytes.subarray(from, to), start)
    this.#offsets[++this.#rows] = end
    return null
  }

  /** Is row i this text? */
  is(row: number, bytes: Uint8Array, from: number, to: number): boolean {
    const start = this.#offsets[row] as number
    if ((this.#offsets[row + 1] as number) - start !== to - from) return false
    for (let index = from, place = start; index < to; index++, place++) if (this.#bytes[place] !== bytes[index]) return false
    return true
  }

  addValue(value: unknown): string | null {
    const text = textOf(value)
    if (text === null) return 'is neither text nor a number'
    const bytes = encoder.encode(text)
    return this.add(bytes, 0, bytes.length)
  }

  build(): TextColumn {
    const offsets = this.#offsets.subarray(0, this.#rows + 1)
    return { bytes: this.#bytes.subarray(0, offsets[this.#rows]), offsets }
  }
}

const slots = 1 << 10

/** Text of few different values, dictionary-coded. What empty means is the caller's to say: a name, or null to refuse it. */
export class CategoryBuilder implements ColumnBuilder {
  #codes: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> = new Uint8Array(1 << 12)
  #rows = 0
  readonly #known = new Map<string, number>()
  readonly #empty: string | null
  readonly #most: number
  // Codes of short values by their bytes, which are the key itself: no text is made of a field that was seen before.
  readonly #low = new Int32Array(slots)
  readonly #high = new Int32Array(slots)
  readonly #lengths = new Uint8Array(slots)
  readonly #cached = new Uint16Array(slots)

  constructor(empty: string | null, most: number) {
    this.#empty = empty
    this.#most = most
  }

  addFields({ bytes, starts, ends, width, rows }: FieldBatch, column: number, onBad: OnBadField): void {
    this.#codes = withRoom(this.#codes, this.#rows + rows)
    for (let row = 0; row < rows; row++) {
      const from = starts[row * width + column] as number
      const to = ends[row * width + column] as number
      const length = to - from
      let low = 0
      let high = 0
      if (length > 0 && length <= 8) {
        const middle = length > 4 ? from + 4 : to
        for (let index = from; index < middle; index++) low = (low << 8) | (bytes[index] as number)
        for (let index = middle; index < to; index++) high = (high << 8) | (bytes[index] as number)
        const slot = (Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)) >>> 22
        if (this.#lengths[slot] === length && this.#low[slot] === low && this.#high[slot] === high) {
          this.#codes[this.#rows++] = this.#cached[slot] as number
          continue
        }
        const wrong = this.addValue(decoder.decode(bytes.subarray(from, to)))
        if (wrong !== null) onBad(row, wrong)
        else {
          this.#lengths[slot] = length
          this.#low[slot] = low
          this.#high[slot] = high
          this.#cached[slot] = this.#codes[this.#rows - 1] as number
        }
      } else {
        const wrong = length > 1024 ? 'is longer than 1,024 bytes' : this.addValue(decoder.decode(bytes.subarray(from, to)))
        if (wrong !== null) onBad(row, wrong)
      }
    }
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
      if (code === 256) this.#codes = Uint16Array.from(this.#codes)
      this.#known.set(text, code)
    }
    this.#codes = withRoom(this.#codes, this.#rows + 1)
    this.#codes[this.#rows++] = code
    return null
  }

  build(): CategoryColumn {
    return { codes: this.#codes.subarray(0, this.#rows) as Codes, values: [...this.#known.keys()] }
  }
}
