import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { UserError } from '../../core/errors.ts'
import type { Clock } from '../../ports/clock.ts'

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** A lock is held for milliseconds; one that is this old was left by a process that was killed. */
const staleMilliseconds = 10_000

/** A file's text and when it was last put there (seconds since 1970), which no tool can set back; null where there is none. */
export interface StoredFile {
  readonly text: string
  readonly changed: number
}

/** Reads a file. Throws a UserError where it cannot be read. */
export const readStored = async (path: string): Promise<StoredFile | null> => {
  try {
    const [text, { ctimeMs }] = [await readFile(path, 'utf8'), await stat(path)]
    return { text, changed: ctimeMs / 1000 }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw new UserError(`cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}

/**
 * Replaces a file as a whole, with the mode and, where that is allowed, the owner that it had. What a link names is replaced, not the link. Called under the
 * file's lock, so what lies at the temporary name was left by a process that was killed.
 */
export const replaceStored = async (path: string, text: string): Promise<void> => {
  const place = await realpath(path).catch(() => path)
  const temporary = join(dirname(place), `.${basename(place)}.new`)
  try {
    const before = await stat(place).catch(() => null)
    await rm(temporary, { force: true })
    const handle = await open(temporary, 'wx', before === null ? 0o644 : before.mode & 0o777)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (before !== null) {
      // The mode at creation was narrowed by the process's mask.
      await chmod(temporary, before.mode & 0o777)
      await chown(temporary, before.uid, before.gid).catch((error: unknown) => {
        if (codeOf(error) !== 'EPERM') throw error
      })
    }
    await rename(temporary, place)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw new UserError(
      `cannot write ${path}: ${messageOf(error)}; its folder must be there and writable, since the file is replaced as a whole`,
      {
        cause: error,
      },
    )
  }
}

/**
 * Runs `work` while nobody else who asks for the same file's lock does. Throws a UserError where it is not free within `seconds`. A lock that a killed process
 * left is taken over after 10 seconds.
 */
export const whileLocked = async <T>(path: string, seconds: number, clock: Clock, work: () => Promise<T>): Promise<T> => {
  const place = await realpath(path).catch(() => path)
  const lock = join(dirname(place), `.${basename(place)}.lock`)
  const deadline = clock.now() + seconds * 1000
  for (;;) {
    try {
      // A folder is made or is there, in one step, on every file system.
      await mkdir(lock)
      break
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw new UserError(`cannot write beside ${path}: ${messageOf(error)}`, { cause: error })
    }
    const held = await stat(lock).catch(() => null)
    if (held !== null && clock.now() - held.mtimeMs > staleMilliseconds) {
      // Of several who find it stale only one can rename it; the others wait on.
      const away = `${lock}.${randomBytes(6).toString('hex')}`
      await rename(lock, away).catch(() => undefined)
      await rm(away, { recursive: true, force: true })
    } else if (clock.now() >= deadline) throw new UserError(`${lock} is held by another process and was not given back within ${seconds} s`)
    await clock.sleep(10)
  }
  try {
    return await work()
  } finally {
    await rm(lock, { recursive: true, force: true })
  }
}
