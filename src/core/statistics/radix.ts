import { release } from '../scratch.ts'

const bits = 11
const digits = 1 << bits
const mask = digits - 1

/** Row numbers in ascending order of their keys, ties in row order, with the keys in that order. */
export interface KeyOrder {
  readonly order: Uint32Array<ArrayBuffer>
  readonly sorted: Uint32Array<ArrayBuffer>
}

/** Sorts rows by unsigned 32-bit keys: radix sort from the lowest digit, three passes, each key moving with its row. The array of keys is used up. */
export const orderByKey = (keys: Uint32Array<ArrayBuffer>): KeyOrder => {
  const n = keys.length
  const counts = new Uint32Array(3 * digits)
  for (let row = 0; row < n; row++) {
    const key = keys[row] as number
    const low = key & mask
    const middle = digits + ((key >>> bits) & mask)
    const high = 2 * digits + (key >>> (2 * bits))
    counts[low] = (counts[low] as number) + 1
    counts[middle] = (counts[middle] as number) + 1
    counts[high] = (counts[high] as number) + 1
  }
  let from = keys
  let to = new Uint32Array(n)
  let order: Uint32Array<ArrayBuffer> | null = null
  let other = new Uint32Array(n)
  for (let pass = 0; pass < 3; pass++) {
    const places = counts.subarray(pass * digits, (pass + 1) * digits)
    const shift = pass * bits
    // Where all keys share the digit there is nothing to move.
    if (n === 0 || places[((from[0] as number) >>> shift) & mask] === n) continue
    let start = 0
    for (let digit = 0; digit < digits; digit++) {
      const count = places[digit] as number
      places[digit] = start
      start += count
    }
    if (order === null) {
      for (let row = 0; row < n; row++) {
        const key = from[row] as number
        const digit = (key >>> shift) & mask
        const into = places[digit] as number
        places[digit] = into + 1
        to[into] = key
        other[into] = row
      }
    } else {
      for (let place = 0; place < n; place++) {
        const key = from[place] as number
        const digit = (key >>> shift) & mask
        const into = places[digit] as number
        places[digit] = into + 1
        to[into] = key
        other[into] = order[place] as number
      }
    }
    const [usedKeys, usedOrder] = [from, order]
    from = to
    to = usedKeys
    order = other
    other = usedOrder ?? new Uint32Array(n)
  }
  release(to)
  if (order) {
    release(other)
    return { order, sorted: from }
  }
  for (let row = 0; row < n; row++) other[row] = row
  return { order: other, sorted: from }
}
