import { release } from '../scratch.ts'
import { orderByKey } from '../statistics/radix.ts'
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

const isSorted = (column: TextColumn): boolean => {
  for (let row = 1; row + 1 < column.offsets.length; row++) if (compareText(column, row - 1, column, row) > 0) return false
  return true
}

const mostKeys = 2 ** 32
const positionsAtOnce = 8

/** A position of the texts and what it adds to a key: `ranks[byte + 1]`, or `ranks[0]` where the text has ended. */
interface Position {
  readonly at: number
  readonly size: number
  readonly ranks: Uint8Array
}

/**
 * Positions from the first on whose bytes together number the texts below 2^32, each by the rank of its byte among those that stand there in any row. A common
 * prefix adds nothing, and nine decimal digits fit.
 */
const keyPositions = ({ bytes, offsets }: TextColumn, rows: number): readonly Position[] => {
  const positions: Position[] = []
  let keys = 1
  for (let block = 0; ; block += positionsAtOnce) {
    const seen = new Uint8Array(257 * positionsAtOnce)
    let longer = false
    let shortest = positionsAtOnce
    for (let row = 0; row < rows; row++) {
      const from = (offsets[row] as number) + block
      const left = (offsets[row + 1] as number) - from
      if (left > positionsAtOnce) longer = true
      const there = left < positionsAtOnce ? Math.max(0, left) : positionsAtOnce
      for (let index = 0; index < there; index++) seen[257 * index + (bytes[from + index] as number) + 1] = 1
      if (there < shortest) shortest = there
    }
    for (let index = shortest; index < positionsAtOnce; index++) seen[257 * index] = 1
    for (let index = 0; index < positionsAtOnce; index++) {
      const ranks = new Uint8Array(257)
      let size = 0
      for (let byte = 0; byte < 257; byte++) if (seen[257 * index + byte] === 1) ranks[byte] = size++
      if (keys * size > mostKeys) return positions
      keys *= size
      if (size > 1) positions.push({ at: block + index, size, ranks })
    }
    if (!longer) return positions
  }
}

/** Row numbers in ascending order of their texts' bytes, ties in row order. `distinct` where it showed on the way that no two are the same. */
export interface TextOrder {
  readonly order: Uint32Array
  readonly distinct: boolean
}

/** The order of a column's bytes. */
export const orderByText = (column: TextColumn): TextOrder => {
  const rows = column.offsets.length - 1
  if (isSorted(column)) {
    const order = new Uint32Array(rows)
    for (let row = 0; row < rows; row++) order[row] = row
    return { order, distinct: false }
  }
  const { bytes, offsets } = column
  const positions = keyPositions(column, rows)
  const keys = new Uint32Array(rows)
  for (const { at, size, ranks } of positions) {
    for (let row = 0; row < rows; row++) {
      const index = (offsets[row] as number) + at
      const byte = index < (offsets[row + 1] as number) ? (bytes[index] as number) + 1 : 0
      keys[row] = Math.imul(keys[row] as number, size) + (ranks[byte] as number)
    }
  }
  const { order, sorted } = orderByKey(keys)
  let distinct = true
  for (let from = 0; from < rows; ) {
    let to = from + 1
    while (to < rows && sorted[to] === sorted[from]) to++
    if (to - from > 1) {
      distinct = false
      order.subarray(from, to).sort((a, b) => compareText(column, a, column, b) || a - b)
    }
    from = to
  }
  release(sorted)
  return { order, distinct }
}

const orders = new WeakMap<Predictions, TextOrder>()

/** The order of the ids of predictions; kept until it is forgotten. */
export const orderOfIds = (predictions: Predictions): TextOrder => {
  const found = orders.get(predictions) ?? orderByText(predictions.ids)
  orders.set(predictions, found)
  return found
}

/** Whoever asks again makes it again: it is as large as a column, and what it is needed for, unique ids and the digest, is known after that. */
export const forgetOrder = (predictions: Predictions): void => {
  orders.delete(predictions)
}
