import { withRoom } from '../scratch.ts'
import type { ColumnBuilder, FieldBatch, OnBadField } from './columns.ts'

const missingNumbers = new Set(['', 'nan', 'na', 'n/a', 'null', 'none', '<na>'])
const infinities = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['+inf', Number.POSITIVE_INFINITY],
  ['infinity', Number.POSITIVE_INFINITY],
  ['+infinity', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
])
const decimal = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

/** 10^k for the exponents at which it is a double exactly, and each as the sum of two numbers of 26 bits (Veltkamp 1968). */
const powers = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))
const splitter = 134217729
const upperHalf = (value: number): number => {
  const scaled = splitter * value
  return scaled - (scaled - value)
}
const powersUpper = powers.map(upperHalf)
const powersLower = powers.map((power, exponent) => power - (powersUpper[exponent] as number))

/** Many times what the two roundings in a correction can be off by, relative to it. */
const slack = 2 ** -48

/**
 * (a * 10^digits + b) / 10^exponent, correctly rounded, for integers a < 10^9 and b < 10^digits with digits <= 9 and exponents 0 .. 22; NaN where this
 * arithmetic cannot tell which of two neighbours is nearest.
 *
 * The integer is held as an exact sum of two doubles. Its quotient is corrected by the exact remainder (Dekker 1971); where both ends of the correction's own
 * error round to the same double, so does the true value, since rounding is monotonic.
 */
const quotient = (a: number, b: number, digits: number, exponent: number): number => {
  const power = powers[exponent] as number
  const shift = powers[digits] as number
  const upper = Math.floor(a / 32768)
  const first = upper * shift * 32768
  const second = (a - upper * 32768) * shift + b
  const high = first + second
  const low = second - (high - first)
  const guess = high / power
  // The quotient of two exact doubles is correctly rounded (Clinger 1990).
  if (low === 0) return guess
  const product = guess * power
  const guessUpper = upperHalf(guess)
  const guessLower = guess - guessUpper
  const powerUpper = powersUpper[exponent] as number
  const powerLower = powersLower[exponent] as number
  const lost = guessLower * powerLower - (product - guessUpper * powerUpper - guessLower * powerUpper - guessUpper * powerLower)
  const correction = (high - product + low - lost) / power
  const lowest = guess + correction * (1 - slack)
  return lowest === guess + correction * (1 + slack) ? lowest : Number.NaN
}

const [zero, minus, point, smallE, largeE] = [48, 45, 46, 101, 69]
const decoder = new TextDecoder()

/** Numbers, rounded as `Number` rounds. Empty, NaN and the like become NaN, which is kept and counted and never dropped. */
export class NumberBuilder implements ColumnBuilder {
  #values = new Float64Array(1 << 12)
  #rows = 0

  addFields({ bytes, starts, ends, width, rows }: FieldBatch, column: number, onBad: OnBadField): void {
    this.#values = withRoom(this.#values, this.#rows + rows)
    for (let row = 0; row < rows; row++) {
      const from = starts[row * width + column] as number
      const to = ends[row * width + column] as number
      const value = plain(bytes, from, to)
      if (!Number.isNaN(value)) this.#values[this.#rows++] = value
      else {
        const wrong = this.#addText(decoder.decode(bytes.subarray(from, to)))
        if (wrong !== null) onBad(row, wrong)
      }
    }
  }

  addValue(value: unknown): string | null {
    if (typeof value === 'number') this.#push(value)
    else if (typeof value === 'bigint' || typeof value === 'boolean') this.#push(Number(value))
    else if (value === null || value === undefined) this.#push(Number.NaN)
    else if (typeof value === 'string') return this.#addText(value)
    else return 'is no number'
    return null
  }

  #addText(given: string): string | null {
    const text = given.trim()
    if (decimal.test(text)) this.#push(Number(text))
    else {
      const word = text.toLowerCase()
      const infinite = infinities.get(word)
      if (infinite !== undefined) this.#push(infinite)
      else if (missingNumbers.has(word)) this.#push(Number.NaN)
      else return 'is no number'
    }
    return null
  }

  #push(value: number): void {
    this.#values = withRoom(this.#values, this.#rows + 1)
    this.#values[this.#rows++] = value
  }

  build(): Float64Array {
    return this.#values.subarray(0, this.#rows)
  }
}

/** A decimal of at most 18 digits and a small exponent; NaN for whatever must be looked at as text. */
const plain = (bytes: Uint8Array, from: number, to: number): number => {
  const negative = bytes[from] === minus
  let index = negative ? from + 1 : from
  let any = false
  let seenPoint = false
  let fraction = 0
  // Leading zeros are no digits of the number.
  let a = 0
  let b = 0
  let used = 0
  for (; index < to; index++) {
    const digit = (bytes[index] as number) - zero
    if (digit >= 0 && digit <= 9) {
      any = true
      if (seenPoint) fraction++
      if (used < 9) {
        a = (a * 10 + digit) | 0
        if (a !== 0) used++
      } else if (used < 18) {
        b = (b * 10 + digit) | 0
        used++
      } else return Number.NaN
    } else if (digit === point - zero && !seenPoint) seenPoint = true
    else break
  }
  if (!any) return Number.NaN
  if (index < to) {
    const letter = bytes[index] as number
    if (letter !== smallE && letter !== largeE) return Number.NaN
    index++
    const below = bytes[index] === minus
    if (below || bytes[index] === 43) index++
    if (index >= to || to - index > 2) return Number.NaN
    let exponent = 0
    for (; index < to; index++) {
      const digit = (bytes[index] as number) - zero
      if (digit < 0 || digit > 9) return Number.NaN
      exponent = exponent * 10 + digit
    }
    fraction += below ? exponent : -exponent
  }
  if (fraction < 0 || fraction > 22) return a === 0 && fraction > 0 && used === 0 ? (negative ? -0 : 0) : Number.NaN
  const value = quotient(a, b, used > 9 ? used - 9 : 0, fraction)
  return negative ? -value : value
}
