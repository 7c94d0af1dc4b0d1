import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../../core/errors.ts'
import { fileInWorkspace } from './workspace-file.ts'

const mostFiles = 10_000

/** A part of a path with `*` for any characters, as a regular expression; a leading point must be written. */
const expressionOf = (part: string): RegExp =>
  new RegExp(`^${part.startsWith('.') ? '' : '(?!\\.)'}${part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&').replaceAll('*', '[^/]*')}$`)

/**
 * The regular files below a workspace that a path names, `*` standing for any characters of one part of it; sorted by name. No file at all, and one that leads out of the
 * workspace, is a UserError.
 */
export const filesMatching = async (
  workspace: string,
  pattern: string,
): Promise<readonly { readonly path: string; readonly name: string }[]> => {
  const parts = pattern.split('/').filter(part => part !== '' && part !== '.')
  if (pattern.startsWith('/') || parts.includes('..') || pattern.includes('\0'))
    throw new UserError(`${JSON.stringify(pattern.slice(0, 200))} must be a path below the root of the repository`)
  if (parts.some(part => part.includes('**')))
    throw new UserError(`${JSON.stringify(pattern.slice(0, 200))}: ** is not known; write one * for each folder`)
  let found: readonly string[] = ['']
  for (const part of parts) {
    if (!part.includes('*')) {
      found = found.map(path => join(path, part))
      continue
    }
    const expression = expressionOf(part)
    const listed = await Promise.all(
      found.map(async path => {
        const names = await readdir(join(workspace, path)).catch(() => [])
        return names.filter(name => expression.test(name)).map(name => join(path, name))
      }),
    )
    found = listed.flat()
    if (found.length > mostFiles)
      throw new UserError(`${JSON.stringify(pattern)} matches more than ${mostFiles.toLocaleString('en')} files`)
  }
  if (found.length === 0) throw new UserError(`no file matches ${JSON.stringify(pattern.slice(0, 200))} below the root of the repository`)
  return Promise.all([...found].sort().map(async name => ({ name, path: await fileInWorkspace(workspace, name, 'file') })))
}
