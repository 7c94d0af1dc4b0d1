import { release } from '../scratch.ts'
import { orderByKey } from './radix.ts'

/** Rows in ascending order of their values, ties in row order, with a 1 at each place where a larger value than before begins. */
export interface Ascending {
  readonly order: Uint32Array
  readonly starts: Uint8Array
}

const bits = new Float64Array(1)
const words = new Uint32Array(bits.buffer)

/** The 64 bits of a number, arranged so that unsigned integers order as the numbers do; -0 is 0. */
const orderedBits = (value: number): bigint => {
  bits[0] = value + 0
  const whole = (BigInt(words[1] as number) << 32n) | BigInt(words[0] as number)
  return whole >> 63n ? ~whole & 0xffffffffffffffffn : whole | (1n << 63n)
}

/**
 * 32 bits of each number that order as the numbers do: those that are left of its 64 where the leading ones are the same for all. Numbers of one key need not be equal,
 * unless `exact`.
 */
const keysOf = (values: Float64Array): { readonly keys: Uint32Array<ArrayBuffer>; readonly exact: boolean } => {
  let smallest = Number.POSITIVE_INFINITY
  let largest = Number.NEGATIVE_INFINITY
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number
    if (value < smallest) smallest = value
    if (value > largest) largest = value
  }
  const least = orderedBits(smallest)
  const range = orderedBits(largest) - least
  const shift = Math.max(0, range.toString(2).length - 32)
  const leastHigh = Number(least >> 32n)
  const leastLow = Number(least & 0xffffffffn)
  const keys = new Uint32Array(values.length)
  for (let row = 0; row < values.length; row++) {
    bits[0] = (values[row] as number) + 0
    let low = words[0] as number
    let high = words[1] as number
    if (high >>> 31) {
      low = ~low >>> 0
      high = ~high >>> 0
    } else high = (high | 0x80000000) >>> 0
    const above = high - leastHigh - (low < leastLow ? 1 : 0)
    const rest = low - leastLow
    keys[row] = shift === 32 ? above : shift === 0 ? rest : (above << (32 - shift)) | ((rest >>> 0) >>> shift)
  }
  return { keys, exact: shift === 0 }
}

/** Sorts the places `from .. to` of the order by value and row, where they are not; most are. */
const settle = (values: Float64Array, order: Uint32Array, from: number, to: number): void => {
  for (let place = from + 1; place < to; place++) {
    if ((values[order[place - 1] as number] as number) <= (values[order[place] as number] as number)) continue
    order.subarray(from, to).sort((a, b) => (values[a] as number) - (values[b] as number) || a - b)
    return
  }
}

/** The ascending order of the values, none of which may be NaN. */
export const ascending = (values: Float64Array): Ascending => {
  const n = values.length
  const starts = new Uint8Array(n)
  if (n === 0) return { order: new Uint32Array(0), starts }
  const { keys, exact } = keysOf(values)
  const { order, sorted } = orderByKey(keys)
  for (let from = 0; from < n; ) {
    let to = from + 1
    while (to < n && sorted[to] === sorted[from]) to++
    starts[from] = 1
    if (!exact && to - from > 1) {
      settle(values, order, from, to)
      for (let place = from + 1; place < to; place++)
        if (values[order[place] as number] !== values[order[place - 1] as number]) starts[place] = 1
    }
    from = to
  }
  release(sorted)
  return { order, starts }
}

/** The row numbers in ascending order of their values, ties in row order. -0 equals 0; values must not be NaN. */
export const ascendingOrder = (values: Float64Array): Uint32Array => ascending(values).order

/** Calls `visit(from, to)` for every run of equal values in ascending order: places from .. to - 1 of `order`. */
export const eachTie = (values: Float64Array, order: Uint32Array, visit: (from: number, to: number) => void): void => {
  for (let from = 0; from < order.length; ) {
    const value = values[order[from] as number] as number
    let to = from + 1
    while (to < order.length && (values[order[to] as number] as number) === value) to++
    visit(from, to)
    from = to
  }
}

/** The places of an order at which runs of equal values start, and its length. */
export const boundsOf = (starts: Uint8Array): Uint32Array => {
  let ties = 0
  for (let place = 0; place < starts.length; place++) ties += starts[place] as number
  const bounds = new Uint32Array(ties + 1)
  let tie = 0
  for (let place = 0; place < starts.length; place++) if (starts[place] === 1) bounds[tie++] = place
  bounds[tie] = starts.length
  return bounds
}

/** The same by the values themselves. */
export const tieBounds = (values: Float64Array, order: Uint32Array): Uint32Array => {
  const starts = new Uint8Array(order.length)
  for (let place = 0; place < order.length; place++)
    if (place === 0 || values[order[place] as number] !== values[order[place - 1] as number]) starts[place] = 1
  return boundsOf(starts)
}
