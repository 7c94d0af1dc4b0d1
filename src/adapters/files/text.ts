import { lstat, readFile, stat } from 'node:fs/promises'
import { UserError } from '../../core/errors.ts'

interface TextRules {
  readonly largest?: number
  /** Whether a symbolic link may stand in its place; by default it may. */
  readonly links?: boolean
}

/**
 * Reads a text file that somebody else wrote, without a byte order mark. Null where there is none. Anything but a regular file of UTF-8 text of at most `largest`
 * bytes (8 MiB) is a UserError: bytes that are no UTF-8 would silently become other names and values. `name` is for messages.
 */
export const readText = async (path: string, name: string, rules: TextRules = {}): Promise<string | null> => {
  const { largest = 8_388_608, links = true } = rules
  const refused = (what: string, line?: number): UserError =>
    new UserError(`${name} ${what}`, { place: line === undefined ? { file: name } : { file: name, line } })
  try {
    if (!links && (await lstat(path)).isSymbolicLink()) throw refused('is a symbolic link; it must be a regular file')
    const found = await stat(path)
    if (!found.isFile()) throw refused('is not a regular file')
    if (found.size > largest) throw refused(`has ${found.size} bytes, more than the ${largest} that are read`)
    return decoded(await readFile(path), refused)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    if (code === undefined) throw error
    throw new UserError(`${name} cannot be read: ${code}`, { place: { file: name }, cause: error })
  }
}

const decoded = (bytes: Buffer, refused: (what: string, line?: number) => UserError): string => {
  const start = bytes.subarray(0, 2).toString('hex')
  if (start === 'fffe' || start === 'feff' || bytes.subarray(0, 4).includes(0))
    throw refused('is encoded as UTF-16 or is binary: save it as UTF-8')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw refused('is not UTF-8 text: save it as UTF-8', firstBadLine(bytes))
  }
}

const firstBadLine = (bytes: Buffer): number => {
  let line = 1
  for (let from = 0; from < bytes.length; line++) {
    const end = bytes.indexOf(10, from)
    const to = end < 0 ? bytes.length : end
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(from, to))
    } catch {
      return line
    }
    from = to + 1
  }
  return line
}
