import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { UserError } from '../../core/errors.ts'

/**
 * The real path of a file that an input names, relative to the workspace. Throws a UserError where it is not there, is no regular file, or lies outside of the workspace,
 * be it by `..`, by an absolute path or by a symbolic link on the way.
 */
export const fileInWorkspace = async (workspace: string, path: string, input: string): Promise<string> => {
  const refused = (what: string): UserError => new UserError(`input \`${input}\`: ${JSON.stringify(path.slice(0, 200))} ${what}`)
  if (path.includes('\0')) throw refused('is no path')
  const root = await realpath(workspace)
  const named = resolve(root, path)
  const isInside = (place: string): boolean => {
    const below = relative(root, place)
    return below !== '' && below !== '..' && !below.startsWith(`..${sep}`) && !isAbsolute(below)
  }
  if (!isInside(named)) throw refused('is outside of the workspace; name a file below it')
  const found = await realpath(named).catch(() => null)
  if (found === null) throw refused('is not there; name it relative to the root of the repository')
  if (!isInside(found)) throw refused('leads out of the workspace by a symbolic link; put the file itself there')
  if (!(await stat(found)).isFile()) throw refused('is not a regular file')
  return found
}
