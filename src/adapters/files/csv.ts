import { isUtf8 } from 'node:buffer'
import { open } from 'node:fs/promises'
import { UserError } from '../../core/errors.ts'

const chunkBytes = 1 << 20
const longestRecord = 1 << 24
const mostFields = 10_000

/** One record: field i is `bytes[starts[i] .. ends[i]]`, already unquoted. Valid only during the call. */
export interface CsvRecord {
  readonly bytes: Uint8Array
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly fields: number
  /** Line that it begins on, from 1. */
  readonly line: number
}

const [quote, comma, lineFeed, carriageReturn] = [34, 44, 10, 13]

/** Finds the records in a buffer by RFC 4180; also takes bare line feeds, a missing last line end, and quotes inside unquoted fields. */
class Scanner {
  readonly starts = new Int32Array(mostFields)
  readonly ends = new Int32Array(mostFields)
  readonly #file: string
  line = 1

  constructor(file: string) {
    this.#file = file
  }

  /** Scans one record from `from`; the place after it, or -1 where the buffer ends inside it. `last` says that nothing follows the buffer. */
  record(
    bytes: Uint8Array,
    from: number,
    to: number,
    last: boolean,
  ): { readonly next: number; readonly fields: number; readonly lines: number } | null {
    const { starts, ends } = this
    let fields = 0
    let lines = 1
    let index = from
    for (;;) {
      if (fields === mostFields) throw this.#error(`has more than ${mostFields} columns`)
      if (index < to && bytes[index] === quote) {
        let into = index + 1
        starts[fields] = into
        let at = into
        for (;;) {
          if (at >= to) {
            if (last) throw this.#error('opens a quote that is never closed')
            return this.#cut()
          }
          const byte = bytes[at] as number
          if (byte === quote) {
            if (at + 1 >= to && !last) return this.#cut()
            if (at + 1 >= to || bytes[at + 1] !== quote) break
            at++
          }
          if (byte === lineFeed) lines++
          // A doubled quote is one: what follows moves down, but never in the first look at a record that may be cut.
          if (into !== at) this.#moves.push(into, at)
          into++
          at++
        }
        ends[fields] = into
        // Spaces fill what the text has left, so that no half character stays behind.
        for (; into < at; into++) this.#moves.push(into, -1)
        index = at + 1
        if (index < to && bytes[index] !== comma && bytes[index] !== lineFeed && bytes[index] !== carriageReturn) {
          throw this.#error('has text after a closing quote')
        }
      } else {
        starts[fields] = index
        while (index < to) {
          const byte = bytes[index] as number
          if (byte === comma || byte === lineFeed || byte === carriageReturn) break
          index++
        }
        ends[fields] = index
      }
      fields++
      if (index >= to) return last ? this.#done(bytes, { next: to, fields, lines }) : this.#cut()
      const byte = bytes[index] as number
      if (byte === comma) {
        index++
        continue
      }
      if (byte === carriageReturn) {
        if (index + 1 >= to && !last) return this.#cut()
        return this.#done(bytes, { next: index + (bytes[index + 1] === lineFeed && index + 1 < to ? 2 : 1), fields, lines })
      }
      return this.#done(bytes, { next: index + 1, fields, lines })
    }
  }

  #moves: number[] = []

  #cut(): null {
    this.#moves = []
    return null
  }

  #done<T>(bytes: Uint8Array, result: T): T {
    for (let index = 0; index < this.#moves.length; index += 2) {
      const source = this.#moves[index + 1] as number
      bytes[this.#moves[index] as number] = source < 0 ? 32 : (bytes[source] as number)
    }
    if (this.#moves.length > 0) this.#moves = []
    return result
  }

  #error(what: string): UserError {
    return new UserError(`the record that begins on line ${this.line} ${what}`, { place: { file: this.#file, line: this.line } })
  }
}

const encodingProblem = (bytes: Uint8Array): string | null => {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'is encoded as UTF-16: save it as UTF-8'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'is encoded as UTF-16: save it as UTF-8'
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'is compressed with gzip: unpack it first'
  return bytes.subarray(0, 1024).includes(0) ? 'holds zero bytes, so it is no CSV text' : null
}

/** Streams a CSV file record by record, the header first; blank lines are skipped. Memory does not grow with the file. `name` is for messages. */
export const readCsv = async (path: string, name: string, onRecord: (record: CsvRecord) => void): Promise<void> => {
  const scanner = new Scanner(name)
  await using file = await open(path)
  let bytes = Buffer.allocUnsafe(chunkBytes * 2)
  let held = 0
  let first = true
  for (let last = false; !last; ) {
    if (held + chunkBytes > bytes.length) {
      if (held > longestRecord) {
        throw new UserError(
          `the record that begins on line ${scanner.line} is longer than ${longestRecord} bytes: a quote may be missing`,
          {
            place: { file: name, line: scanner.line },
          },
        )
      }
      const larger = Buffer.allocUnsafe(held + chunkBytes)
      bytes.copy(larger, 0, 0, held)
      bytes = larger
    }
    const { bytesRead } = await file.read(bytes, held, chunkBytes)
    last = bytesRead === 0
    const to = held + bytesRead
    let from = 0
    if (first && to > 0) {
      const problem = encodingProblem(bytes.subarray(0, to))
      if (problem) throw new UserError(`the file ${problem}`, { place: { file: name } })
      if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) from = 3
      first = false
    }
    const begun = from
    const line = scanner.line
    const { starts, ends } = scanner
    while (from < to) {
      const found = scanner.record(bytes, from, to, last)
      if (found === null) break
      const blank = found.fields === 1 && starts[0] === ends[0]
      if (!blank) onRecord({ bytes, starts, ends, fields: found.fields, line: scanner.line })
      scanner.line += found.lines
      from = found.next
    }
    if (!isUtf8(bytes.subarray(begun, from))) {
      throw new UserError(`the file is not UTF-8 text, somewhere from line ${line} to ${scanner.line}: save it as UTF-8`, {
        place: { file: name, line },
      })
    }
    bytes.copy(bytes, 0, from, to)
    held = to - from
  }
}
