import { withRoom } from '../scratch.ts'
import { type ColumnBuilder, type FieldBatch, type OnBadField, TextBuilder, textOf } from './columns.ts'

const encoder = new TextEncoder()

/** FNV-1a, folded once more since the table takes the low bits. */
const hashOf = (bytes: Uint8Array, from: number, to: number): number => {
  let hash = 0x811c9dc5
  for (let index = from; index < to; index++) hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193)
  return (hash ^ (hash >>> 15)) >>> 0
}

/** Names of clusters, numbered from 0 in order of their first row; millions of different ones are normal. Empty is refused. */
export class ClusterBuilder implements ColumnBuilder {
  #numbers = new Uint32Array(1 << 12)
  #rows = 0
  // Open addressing: a number + 1 at the place of its name's hash; 0 is free. At most half of it is taken.
  #table = new Uint32Array(1 << 13)
  #hashes = new Uint32Array(1 << 12)
  #known = 0
  readonly #names = new TextBuilder()

  addFields({ bytes, starts, ends, width, rows }: FieldBatch, column: number, onBad: OnBadField): void {
    for (let row = 0; row < rows; row++) {
      const wrong = this.#add(bytes, starts[row * width + column] as number, ends[row * width + column] as number)
      if (wrong !== null) onBad(row, wrong)
    }
  }

  addValue(value: unknown): string | null {
    const text = textOf(value)
    if (text === null) return 'is neither text nor a number'
    const bytes = encoder.encode(text)
    return this.#add(bytes, 0, bytes.length)
  }

  #add(bytes: Uint8Array, from: number, to: number): string | null {
    if (from === to) return 'is empty'
    if (to - from > 1024) return 'is longer than 1,024 bytes'
    if (to - from === 3 && /nan/i.test(String.fromCharCode(...bytes.subarray(from, to)))) return 'is NaN'
    this.#numbers = withRoom(this.#numbers, this.#rows + 1)
    this.#numbers[this.#rows++] = this.#numberOf(bytes, from, to)
    return null
  }

  #numberOf(bytes: Uint8Array, from: number, to: number): number {
    const hash = hashOf(bytes, from, to)
    const mask = this.#table.length - 1
    let place = hash & mask
    for (;;) {
      const found = this.#table[place] as number
      if (found === 0) break
      if (this.#hashes[found - 1] === hash && this.#names.is(found - 1, bytes, from, to)) return found - 1
      place = (place + 1) & mask
    }
    const number = this.#known++
    this.#names.add(bytes, from, to)
    this.#hashes = withRoom(this.#hashes, this.#known)
    this.#hashes[number] = hash
    this.#table[place] = number + 1
    if (this.#known * 2 > this.#table.length) this.#rehash()
    return number
  }

  #rehash(): void {
    const table = new Uint32Array(this.#table.length * 2)
    const mask = table.length - 1
    for (let number = 0; number < this.#known; number++) {
      let place = (this.#hashes[number] as number) & mask
      while (table[place] !== 0) place = (place + 1) & mask
      table[place] = number + 1
    }
    this.#table = table
  }

  build(): Uint32Array {
    return this.#numbers.subarray(0, this.#rows)
  }
}
