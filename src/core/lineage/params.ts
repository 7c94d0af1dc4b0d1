import { readSource } from '../configuration/source.ts'
import { UserError } from '../errors.ts'

const largest = 16_384

/**
 * Params of a run from a YAML or JSON file (JSON is YAML). The result is plain data that canonical JSON can hold: numbers that JSON has no form for become
 * words, dates become text. An empty file has no params.
 */
export const readParams = (text: string, file: string): Record<string, unknown> => {
  const { value } = readSource(text, file)
  if (value === null || value === undefined) return {}
  if (typeof value !== 'object' || Array.isArray(value))
    throw new UserError(`${file} must hold a map of params, such as \`max_depth: 8\``, { place: { file } })
  const params = plain(value, file, 0) as Record<string, unknown>
  const characters = JSON.stringify(params).length
  if (characters > largest)
    throw new UserError(`${file} holds ${characters} characters of params, more than the ${largest} that a run record takes`, {
      place: { file },
    })
  return params
}

const plain = (value: unknown, file: string, depth: number): unknown => {
  if (depth > 32) throw new UserError(`${file} is nested more than 32 deep`, { place: { file } })
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'bigint' || value instanceof Date) return String(value)
  if (Array.isArray(value)) return value.map(item => plain(item, file, depth + 1))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, file, depth + 1)]))
  return value
}
