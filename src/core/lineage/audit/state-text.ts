import { canonicalJson } from '../canonical.ts'
import type { LedgerState } from '../events.ts'
import { encodeState } from '../verify.ts'

const shown = (value: unknown): string => {
  if (value === undefined) return 'nothing'
  const text = canonicalJson(value)
  return text.length <= 80 ? text : `${text.slice(0, 77).toWellFormed()}...`
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const same = (a: unknown, b: unknown): boolean => (a === undefined || b === undefined ? a === b : canonicalJson(a) === canonicalJson(b))

/** The first place at which two values differ, as `path is A, expected B`. */
const difference = (found: unknown, expected: unknown, path: string): string | null => {
  if (same(found, expected)) return null
  if (!isObject(found) || !isObject(expected)) return `${path || 'it'} is ${shown(found)}, the records make it ${shown(expected)}`
  for (const key of [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort()) {
    const inside = difference(found[key], expected[key], path === '' ? key : `${path}.${key}`)
    if (inside !== null) return inside
  }
  return null
}

/** What is wrong with the newest state.json, given what its records make of it, as a clause; null where it is right. */
export const stateProblem = (folded: LedgerState, text: string | null): string | null => {
  if (text === null) return 'is missing'
  if (encodeState(folded) === text) return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'is not JSON'
  }
  if (isObject(value) && value.head !== folded.head)
    return `belongs to another record than the one beside it (${shown(value.head)}, found ${shown(folded.head)}): one of the two was edited`
  const where = difference(value, folded, '')
  return where === null ? 'is not canonical JSON' : `is not what its records make: ${where}`
}
