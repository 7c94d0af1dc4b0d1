const digits = 65536

/** The row numbers in ascending order of their values, ties in row order. -0 equals 0; values must not be NaN. */
export const ascendingOrder = (values: Float64Array): Uint32Array => {
  const n = values.length
  let order = new Uint32Array(n)
  for (let row = 0; row < n; row++) order[row] = row
  if (n < 2048) return order.sort((a, b) => (values[a] as number) - (values[b] as number) || a - b)
  // Radix sort on the bits of the number, arranged so that unsigned integers order as the numbers do: four passes of 16 bits, stable.
  const keys = new Float64Array(n)
  for (let row = 0; row < n; row++) keys[row] = (values[row] as number) + 0
  const words = new Uint32Array(keys.buffer)
  for (let row = 0; row < n; row++) {
    const high = words[2 * row + 1] as number
    if (high >>> 31) {
      words[2 * row] = ~(words[2 * row] as number)
      words[2 * row + 1] = ~high
    } else words[2 * row + 1] = high | 0x80000000
  }
  let other = new Uint32Array(n)
  const starts = new Uint32Array(digits)
  for (let pass = 0; pass < 4; pass++) {
    const word = pass >> 1
    const shift = (pass & 1) * 16
    starts.fill(0)
    for (let row = 0; row < n; row++) {
      const digit = ((words[2 * row + word] as number) >>> shift) & 0xffff
      starts[digit] = (starts[digit] as number) + 1
    }
    if (starts[((words[word] as number) >>> shift) & 0xffff] === n) continue
    let start = 0
    for (let digit = 0; digit < digits; digit++) {
      const count = starts[digit] as number
      starts[digit] = start
      start += count
    }
    for (let place = 0; place < n; place++) {
      const row = order[place] as number
      const digit = ((words[2 * row + word] as number) >>> shift) & 0xffff
      const to = starts[digit] as number
      other[to] = row
      starts[digit] = to + 1
    }
    const swap = order
    order = other
    other = swap
  }
  return order
}

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

/** The places of `order` at which runs of equal values start, and its length. */
export const tieBounds = (values: Float64Array, order: Uint32Array): Uint32Array => {
  const bounds: number[] = []
  eachTie(values, order, from => bounds.push(from))
  bounds.push(order.length)
  return Uint32Array.from(bounds)
}
