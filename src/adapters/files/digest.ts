import { createHash } from 'node:crypto'
import { lstat, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { UserError } from '../../core/errors.ts'
import type { DigestedFile } from '../../core/lineage/run.ts'
import { sumOf } from './sums.ts'

/** Size in bytes and SHA-256 of one regular file, read as a stream. Symbolic links and anything else that is no file are UserErrors. */
export const digestFile = async (path: string): Promise<{ readonly bytes: number; readonly sha256: string }> => {
  await requireFile(path)
  return sumOf(path)
}

/**
 * All files of a folder, or the one file that `path` is, each with its path below the folder (`/`-separated; a single file by its name), sorted by path in
 * code-unit order. Symbolic links are refused: what they point to is not part of what would be kept.
 */
export const digestTree = async (path: string): Promise<readonly DigestedFile[]> => {
  const stats = await statOf(path)
  if (!stats.isDirectory()) return [{ path: basename(path), ...(await digestFile(path)) }]
  const files: DigestedFile[] = []
  for (const relative of await filesBelow(path, '')) files.push({ path: relative, ...(await digestFile(join(path, relative))) })
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** One digest for many files: SHA-256 over the lines `<sha256> <bytes> <path>` in the order of their paths. */
export const digestOfFiles = (files: readonly DigestedFile[]): string => {
  const hash = createHash('sha256')
  for (const file of files) hash.update(`${file.sha256} ${file.bytes} ${file.path}\n`)
  return hash.digest('hex')
}

const statOf = async (path: string) => {
  const stats = await lstat(path).catch(cause => {
    throw new UserError(`${path} is not there or cannot be read`, { cause, place: { file: path } })
  })
  if (stats.isSymbolicLink())
    throw new UserError(`${path} is a symbolic link, whose target would not be kept with the run; put the file itself there`, {
      place: { file: path },
    })
  return stats
}

const requireFile = async (path: string): Promise<void> => {
  const stats = await statOf(path)
  if (!stats.isFile()) throw new UserError(`${path} is not a regular file`, { place: { file: path } })
}

const filesBelow = async (root: string, below: string): Promise<readonly string[]> => {
  const found: string[] = []
  for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
    const relative = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) found.push(...(await filesBelow(root, relative)))
    else found.push(relative)
  }
  return found
}
