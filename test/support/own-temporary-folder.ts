import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Gives a whole test run one temporary folder and removes it at the end, with what killed processes could not remove themselves.
 * Vitest calls it once, before its workers start, which inherit the environment. Returns what ends it.
 */
export default (): (() => void) => {
  const folder = mkdtempSync(join(tmpdir(), 'refline-tests-'))
  process.env.TMPDIR = folder
  return () => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}
