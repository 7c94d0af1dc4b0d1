import { appendFile, stat } from 'node:fs/promises'
import { capped } from '../../core/report/sections.ts'
import type { Summary } from '../../ports/report.ts'

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

/**
 * The job summary of this step: each write is added below the ones before, cut where the step's limit of 1 MiB is reached. Where there is no runner, or
 * the file cannot be written, nothing happens: a report never decides over an outcome.
 */
export const jobSummary = (env: NodeJS.ProcessEnv = process.env): Summary => ({
  write: async markdown => {
    const file = env.GITHUB_STEP_SUMMARY
    if (file === undefined || file === '') return
    try {
      const text = within(`${markdown}\n\n`, limitBytes - (await sizeOf(file)))
      if (text !== '') await appendFile(file, text)
    } catch (error) {
      if (!['ENOENT', 'EACCES', 'EROFS', 'ENOSPC', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
  },
})
