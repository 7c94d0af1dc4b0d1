import { UserError } from './errors.ts'

/**
 * Bytes of a file as text, without a byte order mark. Throws a UserError where they are no UTF-8, with the first line that is none: such bytes would silently become
 * other names and values.
 */
export const utf8Text = (bytes: Uint8Array, file: string): string => {
  const refused = (what: string, line?: number): UserError =>
    new UserError(`${file} ${what}: save it as UTF-8`, { place: line === undefined ? { file } : { file, line } })
  const [first, second] = bytes
  const marked = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  if (marked || bytes.subarray(0, 4).includes(0)) throw refused('is encoded as UTF-16 or is binary')
  const text = decoded(bytes)
  if (text === null) throw refused('is not UTF-8 text', firstBadLine(bytes))
  return text
}

const decoded = (bytes: Uint8Array): string | null => {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

const firstBadLine = (bytes: Uint8Array): number => {
  let line = 1
  for (let from = 0; from < bytes.length; line++) {
    const end = bytes.indexOf(10, from)
    const to = end < 0 ? bytes.length : end
    if (decoded(bytes.subarray(from, to)) === null) return line
    from = to + 1
  }
  return line
}
