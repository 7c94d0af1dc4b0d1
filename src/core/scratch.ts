type Scratch = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>

/**
 * Gives the memory of an array back at once, and not at some later garbage collection: with millions of rows the difference is whether they fit. Nobody may use the array or
 * its buffer any more.
 */
export const release = (array: Scratch): void => {
  array.buffer.transfer(0)
}

/** From this size on memory comes from the system piece by piece as it is written to, whatever its size, and goes back to it at once. */
const ownPages = 1 << 25
const small = 1 << 20

/**
 * The same column with room for `needed` elements, twice as many as before at least. Memory that has not been written to yet costs none, so that a finished column needs
 * no copy of its right size. The old array is released.
 */
export const withRoom = <C extends Scratch>(column: C, needed: number): C => {
  if (needed <= column.length) return column
  const least = column.byteLength < small ? 0 : ownPages / column.BYTES_PER_ELEMENT
  const larger = new (column.constructor as new (length: number) => C)(Math.max(needed, column.length * 2, least))
  larger.set(column)
  release(column)
  return larger
}
