import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Changes whenever the file, or anything in the folder, is written; null where there is nothing. */
export const mark = async (path: string): Promise<string | null> => {
  const stats = await lstat(path, { bigint: true }).catch(() => null)
  if (stats === null) return null
  const own = `${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`
  if (!stats.isDirectory()) return own
  const parts = [own]
  for (const name of (await readdir(path)).sort()) parts.push(`${name}=${await mark(join(path, name))}`)
  return parts.join('\n')
}
