import { sha256 as hash } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

const deepest = 64

const write = (value: unknown, path: string, depth: number): string => {
  if (depth > deepest) throw new TypeError(`canonical JSON: ${path} is nested more than ${deepest} deep`)
  if (value === null) return 'null'
  if (typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`canonical JSON: ${path} is ${value}, which JSON cannot hold`)
    return JSON.stringify(value)
  }
  if (Array.isArray(value)) return `[${value.map((item, index) => write(item, `${path}[${index}]`, depth + 1)).join(',')}]`
  if (typeof value === 'object') {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) throw new TypeError(`canonical JSON: ${path} is not plain data`)
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${write(item, `${path}.${key}`, depth + 1)}`).join(',')}}`
  }
  throw new TypeError(`canonical JSON: ${path} is ${value === undefined ? 'undefined' : `a ${typeof value}`}, which JSON cannot hold`)
}

/**
 * The one JSON text of plain data: keys sorted by UTF-16 code units, no white space, numbers as ECMAScript writes them (RFC 8785). Properties that are
 * undefined are left out, as JSON does; anything else that JSON cannot hold (NaN, infinities, undefined in a list, dates, functions) throws a TypeError
 * that names its place.
 */
export const canonicalJson = (value: unknown): string => write(value, '$', 0)

/** Lower-case hexadecimal SHA-256 of bytes, or of a text as UTF-8. */
export const digest = (content: string | Uint8Array): string =>
  bytesToHex(hash(typeof content === 'string' ? utf8ToBytes(content) : content))

/** UTF-8 length of a text in bytes. */
export const byteLength = (text: string): number => utf8ToBytes(text).length
