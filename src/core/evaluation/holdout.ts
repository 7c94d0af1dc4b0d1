import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Predictions, TextColumn } from './predictions.ts'

/** Below 0, 0 or above 0 as id `a` of one column sorts before, with or after id `b` of another, by bytes. */
export const compareText = (one: TextColumn, a: number, other: TextColumn, b: number): number => {
  const from = one.offsets[a] as number
  const fromOther = other.offsets[b] as number
  const length = (one.offsets[a + 1] as number) - from
  const lengthOther = (other.offsets[b + 1] as number) - fromOther
  const shorter = Math.min(length, lengthOther)
  for (let index = 0; index < shorter; index++) {
    const gap = (one.bytes[from + index] as number) - (other.bytes[fromOther + index] as number)
    if (gap !== 0) return gap
  }
  return length - lengthOther
}

/** Row numbers in ascending order of the column's bytes, ties in row order. */
export const orderByText = (column: TextColumn): Uint32Array => {
  const rows = column.offsets.length - 1
  const order = new Uint32Array(rows)
  let sorted = true
  for (let row = 0; row < rows; row++) {
    order[row] = row
    if (sorted && row > 0 && compareText(column, row - 1, column, row) > 0) sorted = false
  }
  if (sorted) return order
  // The first six bytes as one number decide nearly every comparison without touching the text.
  const prefix = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    const from = column.offsets[row] as number
    const to = column.offsets[row + 1] as number
    let value = 0
    for (let index = from; index < from + 6; index++) value = value * 256 + (index < to ? (column.bytes[index] as number) : 0)
    prefix[row] = value
  }
  return order.sort((a, b) => (prefix[a] as number) - (prefix[b] as number) || compareText(column, a, column, b) || a - b)
}

const chunkBytes = 1 << 16

/**
 * Identity of a holdout: hex SHA-256 over its rows sorted by id, each with its label and slice columns. Scores play no part, nor does the order of rows.
 * Every field is preceded by its length, so that no two holdouts can read the same.
 */
export const holdoutDigest = (predictions: Predictions): string => {
  const hash = sha256.create()
  const slices = [...predictions.slices].sort(([a], [b]) => (a < b ? -1 : 1))
  const encoder = new TextEncoder()
  const encoded = (texts: readonly string[]): Uint8Array[] => texts.map(text => encoder.encode(text))
  const classes = encoded(predictions.classes)
  const values = slices.map(([, column]) => encoded(column.values))
  let chunk = new Uint8Array(chunkBytes)
  let used = 0
  const write = (bytes: Uint8Array): void => {
    if (used + bytes.length + 4 > chunk.length) {
      hash.update(chunk.subarray(0, used))
      used = 0
      if (bytes.length + 4 > chunk.length) chunk = new Uint8Array(bytes.length + 4)
    }
    new DataView(chunk.buffer).setUint32(used, bytes.length)
    chunk.set(bytes, used + 4)
    used += bytes.length + 4
  }
  write(encoder.encode(`refline holdout 1 ${predictions.task}`))
  for (const [name] of slices) write(encoder.encode(name))
  const { ids, labels } = predictions
  for (const row of orderByText(ids)) {
    write(ids.bytes.subarray(ids.offsets[row], ids.offsets[row + 1]))
    const label = labels[row] as number
    write(predictions.task === 'regression' ? encoder.encode(String(label)) : (classes[label] as Uint8Array))
    for (const [index, [, column]] of slices.entries()) write(values[index]?.[column.codes[row] as number] as Uint8Array)
  }
  hash.update(chunk.subarray(0, used))
  return bytesToHex(hash.digest())
}
