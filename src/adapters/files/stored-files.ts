import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { UserError } from '../../core/errors.ts'
import type { DigestedFile } from '../../core/lineage/run.ts'
import { copyInto, type Sums, sumOf } from './sums.ts'

/** What mounted buckets answer where a folder would rename: they have whole objects only. */
const noRename = new Set(['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EPERM', 'EXDEV'])

/** Where the bytes of a file begin that holds others too. */
interface Source {
  readonly from: string
  readonly start?: number
}

export const sizeOf = (path: string): Promise<number | null> =>
  stat(path).then(
    found => (found.isFile() ? found.size : null),
    () => null,
  )

/** What is wrong with a file that should be the recorded one, or null. Reads it to the end only where its length is right. */
export const problemOf = async (path: string, file: DigestedFile): Promise<string | null> => {
  const size = await sizeOf(path)
  if (size === null) return `${file.path} is missing`
  if (size !== file.bytes) return `${file.path} has ${size} bytes, recorded were ${file.bytes}`
  const { sha256 } = await sumOf(path)
  return sha256 === file.sha256 ? null : `${file.path} has SHA-256 ${sha256}, recorded was ${file.sha256}`
}

const copy = async ({ from, start }: Source, bytes: number, to: string): Promise<Sums> => {
  await using file = await open(to, 'w')
  const sums = await copyInto(file, [start === undefined ? { path: from } : { path: from, start, bytes }])
  await file.sync()
  return sums
}

/**
 * Puts a file in its place, checked on the way, and whole or not at all: by a name of its own and a rename or, on a mounted bucket without one, at once, where an object
 * appears when it is closed. `what` opens the sentence of the UserError where it is not the recorded one.
 */
export const place = (source: Source, file: DigestedFile, to: string, what: string, own: string): Promise<void> =>
  written(to, async () => {
    await mkdir(dirname(to), { recursive: true })
    const partial = `${to}.${own}.partial`
    try {
      const { bytes, sha256 } = await copy(source, file.bytes, partial)
      if (bytes !== file.bytes || sha256 !== file.sha256)
        throw new UserError(
          `${what} ${file.path} has ${bytes} bytes and SHA-256 ${sha256}, recorded were ${file.bytes} and ${file.sha256}.`,
        )
      await settle(partial, to, () => copy({ from: partial }, file.bytes, to))
    } finally {
      await rm(partial, { force: true })
    }
  })

/** The same for a short text. */
export const placeText = (text: string, to: string, own: string): Promise<void> =>
  written(to, async () => {
    await mkdir(dirname(to), { recursive: true })
    const write = async (path: string): Promise<void> => {
      await using file = await open(path, 'w')
      await file.writeFile(text)
      await file.sync()
    }
    const partial = `${to}.${own}.partial`
    try {
      await write(partial)
      await settle(partial, to, () => write(to))
    } finally {
      await rm(partial, { force: true })
    }
  })

/** A folder that cannot be written to is the user's to mend. */
const written = async (to: string, work: () => Promise<void>): Promise<void> => {
  try {
    await work()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof UserError || code === undefined) throw error
    throw new UserError(`${to} cannot be written: ${code}.`, { cause: error })
  }
}

const settle = async (partial: string, to: string, otherwise: () => Promise<unknown>): Promise<void> => {
  try {
    await rename(partial, to)
  } catch (error) {
    if (!noRename.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    await otherwise()
  }
}
