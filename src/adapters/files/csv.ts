import { isUtf8 } from 'node:buffer'
import { UserError } from '../../core/errors.ts'
import type { FieldBatch } from '../../core/evaluation/columns.ts'
import { packingOf } from './unpacked.ts'

const longestRecord = 1 << 24
const longRecord = 1 << 18
const mostFields = 10_000
const batchFields = 1 << 14

/** Records that have as many fields as the header, in the order of the file; the header is none of them. Valid only during the call. */
export interface CsvBatch extends FieldBatch {
  /** Line that each begins on, from 1. */
  readonly lines: Uint32Array
}

/** Told of what is in the file, in its order within each kind. */
export interface CsvSink {
  header(names: readonly string[]): void
  rows(batch: CsvBatch): void
  /** A record that has another number of fields than the header. */
  ragged(line: number, fields: number): void
}

const [quote, comma, lineFeed, carriageReturn] = [34, 44, 10, 13]

/** Makes one quote of each two, in place. Only done to whole records: those that are cut are looked at again. */
const undouble = (bytes: Uint8Array, from: number, to: number): void => {
  let into = from
  for (let at = from; at < to; at++) {
    const byte = bytes[at] as number
    bytes[into++] = byte
    if (byte === quote) at++
  }
  // Spaces fill what the text has left, so that no half character stays behind.
  bytes.fill(32, into, to)
}

/**
 * Finds the records in a buffer by RFC 4180; also takes bare line feeds, a missing last line end, and quotes inside unquoted fields. Records without a quote at the
 * beginning of a field go by `scan`, all others by `record`.
 */
class Scanner {
  readonly #file: string
  readonly #sink: CsvSink
  #starts = new Int32Array(mostFields)
  #ends = new Int32Array(mostFields)
  #lines = new Uint32Array(1)
  #width = 0
  #most = 0
  #rows = 0
  // Of the record that `record` read last.
  #fields = 0
  #span = 1
  line = 1

  constructor(file: string, sink: CsvSink) {
    this.#file = file
    this.#sink = sink
  }

  /** Reads the records of `bytes[from .. to]` and hands them on; the place where the first incomplete one begins. `last` says that nothing follows. */
  scan(bytes: Uint8Array, from: number, to: number, last: boolean): number {
    let at = from
    while (this.#width === 0 && at < to) {
      const next = this.record(bytes, at, to, last, 0, mostFields)
      if (next < 0) return at
      if (this.#fields > mostFields) throw this.#error(`has more than ${mostFields} columns`)
      if (this.#fields > 1 || this.#starts[0] !== this.#ends[0]) this.#header(bytes)
      this.line += this.#span
      at = next
    }
    while (at < to) {
      const next = this.#plain(bytes, at, to, last)
      if (next < 0) break
      at = next
      if (this.#rows === this.#most) this.#flush(bytes)
    }
    this.#flush(bytes)
    return at
  }

  #header(bytes: Uint8Array): void {
    const decoder = new TextDecoder()
    const names: string[] = []
    for (let index = 0; index < this.#fields; index++)
      names.push(decoder.decode(bytes.subarray(this.#starts[index], this.#ends[index])).trim())
    this.#width = this.#fields
    this.#most = Math.max(1, Math.floor(batchFields / this.#width))
    this.#starts = new Int32Array(this.#most * this.#width)
    this.#ends = new Int32Array(this.#most * this.#width)
    this.#lines = new Uint32Array(this.#most)
    this.#sink.header(names)
  }

  #flush(bytes: Uint8Array): void {
    if (this.#rows === 0) return
    this.#sink.rows({ bytes, starts: this.#starts, ends: this.#ends, lines: this.#lines, width: this.#width, rows: this.#rows })
    this.#rows = 0
  }

  /** One record without quotes, or whatever `record` makes of it; the place after it, or -1 where the buffer ends inside it. */
  #plain(bytes: Uint8Array, from: number, to: number, last: boolean): number {
    const starts = this.#starts
    const ends = this.#ends
    const width = this.#width
    const base = this.#rows * width
    let fields = 0
    let at = from
    // There is room for one more byte behind `to`: it stops every field.
    bytes[to] = lineFeed
    for (;;) {
      const start = at
      let byte = bytes[at] as number
      if (byte === quote) {
        const next = this.record(bytes, from, to, last, base, width)
        if (next >= 0) this.#take(this.#fields, base, this.#span)
        return next
      }
      while (byte > comma || (byte !== comma && byte !== lineFeed && byte !== carriageReturn)) byte = bytes[++at] as number
      if (fields < width) {
        starts[base + fields] = start
        ends[base + fields] = at
      }
      fields++
      if (at === to) {
        if (!last) return -1
        this.#take(fields, base, 1)
        return to
      }
      if (byte === comma) {
        at++
        continue
      }
      if (byte === carriageReturn) {
        if (at + 1 === to && !last) return -1
        if (at + 1 < to && bytes[at + 1] === lineFeed) at++
      }
      this.#take(fields, base, 1)
      return at + 1
    }
  }

  /** Keeps the record whose fields lie from `base` on; a blank line is none. */
  #take(fields: number, base: number, span: number): void {
    if (fields === this.#width) {
      if (fields > 1 || this.#starts[base] !== this.#ends[base]) this.#lines[this.#rows++] = this.line
    } else if (fields > 1 || this.#starts[base] !== this.#ends[base]) this.#sink.ragged(this.line, fields)
    this.line += span
  }

  /** One record with everything that RFC 4180 allows; counts its fields and lines. At most `most` fields are written down, from `base` on. */
  record(bytes: Uint8Array, from: number, to: number, last: boolean, base: number, most: number): number {
    // Begin and end of the fields that hold doubled quotes.
    const doubled: number[] = []
    let fields = 0
    let lines = 1
    let at = from
    for (;;) {
      let start = at
      let end: number
      if (at < to && bytes[at] === quote) {
        start = at + 1
        let dropped = 0
        at = start
        for (;;) {
          if (at >= to) {
            if (last) throw this.#error('opens a quote that is never closed')
            return -1
          }
          const byte = bytes[at] as number
          if (byte === quote) {
            if (at + 1 >= to && !last) return -1
            if (at + 1 >= to || bytes[at + 1] !== quote) break
            dropped++
            at++
          }
          if (byte === lineFeed) lines++
          at++
        }
        if (dropped > 0) doubled.push(start, at)
        end = at - dropped
        at++
        if (at < to && bytes[at] !== comma && bytes[at] !== lineFeed && bytes[at] !== carriageReturn)
          throw this.#error('has text after a closing quote')
      } else {
        while (at < to) {
          const byte = bytes[at] as number
          if (byte === comma || byte === lineFeed || byte === carriageReturn) break
          at++
        }
        end = at
      }
      if (fields < most) {
        this.#starts[base + fields] = start
        this.#ends[base + fields] = end
      }
      fields++
      if (at >= to && !last) return -1
      if (at < to && bytes[at] === comma) {
        at++
        continue
      }
      if (at < to && bytes[at] === carriageReturn) {
        if (at + 1 >= to && !last) return -1
        if (at + 1 < to && bytes[at + 1] === lineFeed) at++
      }
      for (let index = 0; index < doubled.length; index += 2) undouble(bytes, doubled[index] as number, doubled[index + 1] as number)
      this.#fields = fields
      this.#span = lines
      return Math.min(at + 1, to)
    }
  }

  #error(what: string): UserError {
    return new UserError(`the record that begins on line ${this.line} ${what}`, { place: { file: this.#file, line: this.line } })
  }
}

const encodingProblem = (bytes: Uint8Array, name: string): string | null => {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) return 'is encoded as UTF-16: save it as UTF-8'
  const packing = packingOf(bytes)
  if (packing !== null) return `is compressed with ${packing}: unpack it first, or call it ${name}${packing === 'gzip' ? '.gz' : '.zst'}`
  return bytes.subarray(0, 1024).includes(0) ? 'holds zero bytes, so it is no CSV text' : null
}

/** Reads CSV text that comes in pieces, the header first; blank lines are skipped. Memory does not grow with the file. `name` is for messages. */
export const readCsv = async (pieces: AsyncIterable<Uint8Array>, name: string, sink: CsvSink): Promise<void> => {
  const scanner = new Scanner(name, sink)
  const place = (line: number) => ({ place: { file: name, line } })
  let bytes = Buffer.allocUnsafe(1 << 20)
  let held = 0
  let first = true
  let waitFor = 0
  const scan = (to: number, last: boolean): void => {
    let from = 0
    held = to
    // A long record that is still cut is looked at again when there is twice as much of it. Four bytes are what the marks of encodings and packings take.
    if (!last && (to < waitFor || (first && to < 4))) return
    if (first) {
      const problem = encodingProblem(bytes.subarray(0, to), name)
      if (problem) throw new UserError(`the file ${problem}`, { place: { file: name } })
      if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) from = 3
      first = false
    }
    const line = scanner.line
    const next = scanner.scan(bytes, from, to, last)
    if (!isUtf8(bytes.subarray(from, next))) {
      throw new UserError(`the file is not UTF-8 text, somewhere from line ${line} to ${scanner.line}: save it as UTF-8`, place(line))
    }
    bytes.copyWithin(0, next, to)
    held = to - next
    waitFor = held > longRecord ? 2 * held : 0
  }
  for await (const piece of pieces) {
    if (held > longestRecord) {
      const what = `the record that begins on line ${scanner.line} is longer than ${longestRecord} bytes: a quote may be missing`
      throw new UserError(what, place(scanner.line))
    }
    if (held + piece.length + 1 > bytes.length) {
      const larger = Buffer.allocUnsafe((held + piece.length + 1) * 2)
      bytes.copy(larger, 0, 0, held)
      bytes = larger
    }
    bytes.set(piece, held)
    scan(held + piece.length, false)
  }
  scan(held, true)
}
