import { lstat, readFile, stat } from 'node:fs/promises'
import { UserError } from '../../core/errors.ts'
import { utf8Text } from '../../core/text.ts'

interface TextRules {
  readonly largest?: number
  /** Whether a symbolic link may stand in its place; by default it may. */
  readonly links?: boolean
}

/**
 * Reads a text file that somebody else wrote, without a byte order mark. Null where there is none. Anything but a regular file of UTF-8 text of at most `largest`
 * bytes (8 MiB) is a UserError. `name` is for messages.
 */
export const readText = async (path: string, name: string, rules: TextRules = {}): Promise<string | null> => {
  const { largest = 8_388_608, links = true } = rules
  const refused = (what: string): UserError => new UserError(`${name} ${what}`, { place: { file: name } })
  try {
    if (!links && (await lstat(path)).isSymbolicLink()) throw refused('is a symbolic link; it must be a regular file')
    const found = await stat(path)
    if (!found.isFile()) throw refused('is not a regular file')
    if (found.size > largest) throw refused(`has ${found.size} bytes, more than the ${largest} that are read`)
    return utf8Text(await readFile(path), name)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    if (code === undefined) throw error
    throw new UserError(`${name} cannot be read: ${code}`, { place: { file: name }, cause: error })
  }
}
