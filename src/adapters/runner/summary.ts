import { open, stat } from 'node:fs/promises'
import { capped } from '../../core/report/sections.ts'
import type { LiveSummary } from '../../ports/report.ts'

/** The runner takes 1 MiB for a step and drops the whole summary where it is more. */
const limitBytes = 1024 * 1024

const sizeOf = async (file: string): Promise<number> => {
  try {
    return (await stat(file)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}

/** Cuts a text so that it has at most so many bytes of UTF-8. */
const within = (text: string, bytes: number): string => {
  if (Buffer.byteLength(text) <= bytes) return text
  // A UTF-16 unit takes at most three bytes of UTF-8.
  return bytes < 3000 ? '' : capped(text, Math.floor(bytes / 3))
}

const unwritable = new Set(['ENOENT', 'EACCES', 'EROFS', 'ENOSPC', 'EISDIR'])

/** Writes a text from `start` on; what stood there is gone, and at no moment is there less than the older or the newer of the two. */
const writeFrom = async (file: string, start: number, text: string): Promise<void> => {
  const bytes = Buffer.from(text)
  const handle = await open(file, 'r+').catch(async (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return open(file, 'w+')
  })
  try {
    await handle.write(bytes, 0, bytes.length, start)
    await handle.truncate(start + bytes.length)
  } finally {
    await handle.close()
  }
}

/**
 * The job summary of this step: each `write` is added below the ones before, `rewrite` takes the place of the last `rewrite` and of whatever was written since. Both are cut
 * where the step's limit of 1 MiB is reached. Where there is no runner, or the file cannot be written, nothing happens: a report never decides over an outcome.
 */
export const jobSummary = (env: NodeJS.ProcessEnv = process.env): LiveSummary => {
  let rewritten: number | null = null
  const put = async (markdown: string, startOf: (size: number) => number): Promise<void> => {
    const file = env.GITHUB_STEP_SUMMARY
    if (file === undefined || file === '') return
    try {
      const start = startOf(await sizeOf(file))
      const text = within(`${markdown}\n\n`, limitBytes - start)
      if (text !== '') await writeFrom(file, start, text)
    } catch (error) {
      if (!unwritable.has((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
  }
  return {
    write: markdown => put(markdown, size => size),
    rewrite: markdown =>
      put(markdown, size => {
        rewritten = Math.min(rewritten ?? size, size)
        return rewritten
      }),
  }
}
