import { sha256 as hash } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

const deepest = 64

/** A value that JSON cannot hold, in words. */
class Unwritable extends Error {}

const write = (value: unknown, depth: number): string => {
  if (depth > deepest) throw new Unwritable(`is nested more than ${deepest} deep`)
  if (value === null) return 'null'
  if (typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Unwritable(`is ${value}, which JSON cannot hold`)
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map(item => write(item, depth + 1)).join(',')}]`
  if (typeof value !== 'object')
    throw new Unwritable(`is ${value === undefined ? 'undefined' : `a ${typeof value}`}, which JSON cannot hold`)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw new Unwritable('is not plain data')
  let text = ''
  for (const [key, item] of entriesOf(value)) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${write(item, depth + 1)}`
  return `{${text}}`
}

const entriesOf = (value: object): readonly (readonly [string, unknown])[] =>
  Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))

/** Where in a value the first thing is that cannot be written. Looked for only where there is one: paths of all that can would cost as much as writing it. */
const placeOf = (value: unknown, path: string, depth: number): string => {
  if (depth > deepest || typeof value !== 'object' || value === null) return path
  const inside = Array.isArray(value)
    ? value.map((item, index) => [`[${index}]`, item] as const)
    : entriesOf(value).map(([key, item]) => [`.${key}`, item] as const)
  for (const [step, item] of inside) {
    try {
      write(item, depth + 1)
    } catch {
      return placeOf(item, `${path}${step}`, depth + 1)
    }
  }
  return path
}

/**
 * The one JSON text of plain data: keys sorted by UTF-16 code units, no white space, numbers as ECMAScript writes them (RFC 8785). Properties that are
 * undefined are left out, as JSON does; anything else that JSON cannot hold (NaN, infinities, undefined in a list, dates, functions) throws a TypeError
 * that names its place.
 */
export const canonicalJson = (value: unknown): string => {
  try {
    return write(value, 0)
  } catch (error) {
    if (!(error instanceof Unwritable)) throw error
    throw new TypeError(`canonical JSON: ${placeOf(value, '$', 0)} ${error.message}`)
  }
}

/** Lower-case hexadecimal SHA-256 of bytes, or of a text as UTF-8. */
export const digest = (content: string | Uint8Array): string =>
  bytesToHex(hash(typeof content === 'string' ? utf8ToBytes(content) : content))

/** UTF-8 length of a text in bytes. */
export const byteLength = (text: string): number => utf8ToBytes(text).length
