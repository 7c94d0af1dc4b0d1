/** A value of a log: texts of CSV are not interpreted. */
export type LogValue = string | number | boolean | Date | null

/** Truth of a value: true, 1, "true", "1" and "yes" in any case, and their opposites; null where it is neither. */
export const truthOf = (value: Exclude<LogValue, null>): boolean | null => {
  const text = value instanceof Date ? '' : String(value).trim().toLowerCase()
  if (text === 'true' || text === '1' || text === '1.0' || text === 'yes') return true
  return text === 'false' || text === '0' || text === '0.0' || text === 'no' ? false : null
}

/** A label as text, numbers written in one way: 1, 1.0 and "1" are one label, and so are true and "True". */
export const labelOf = (value: Exclude<LogValue, null>): string => {
  if (value instanceof Date) return value.toISOString()
  if (typeof value === 'boolean') return String(value)
  const text = String(value).trim()
  if (/^(true|false)$/i.test(text)) return text.toLowerCase()
  return /^[-+]?\d+(\.\d*)?(e[-+]?\d+)?$/i.test(text) && Number.isFinite(Number(text)) ? String(Number(text)) : text
}

/** Whether a label text is a number that is no whole one: the score of a prediction, and not what was decided. */
export const isFraction = (label: string): boolean => /^[-+]?\d*\.\d+(e[-+]?\d+)?$/i.test(label)

/** Seconds of a number that is seconds or milliseconds: seconds stay below 1e11 until the year 5138, milliseconds were above it from 1973 on. */
const sinceEpoch = (number: number): number | null => {
  if (!(number >= 0 && number < 1e14)) return null
  return number < 1e11 ? number : number / 1000
}

const zoned = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s?(Z|[+-]\d\d:?\d\d)$/i

/** Seconds since 1970 of a time: ISO 8601 with its zone, or seconds or milliseconds since 1970; null for anything else. */
export const instantOf = (value: Exclude<LogValue, null>): number | null => {
  if (typeof value === 'number') return sinceEpoch(value)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.getTime() / 1000
  if (typeof value === 'boolean') return null
  const text = String(value).trim()
  if (/^\d+(\.\d+)?$/.test(text)) {
    return sinceEpoch(Number(text))
  }
  if (!zoned.test(text)) return null
  const milliseconds = Date.parse(text.replace(' ', 'T').replace(/\s/, ''))
  return Number.isNaN(milliseconds) ? null : milliseconds / 1000
}
