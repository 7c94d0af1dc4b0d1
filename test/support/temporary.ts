import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder that is removed when the test's scope ends: `await using folder = await temporaryFolder()`. */
export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string
  /** A path inside the folder. */
  join(...parts: readonly string[]): string
}

/** Makes an empty folder under the system's temporary folder; symbolic links in its path are resolved. */
export const temporaryFolder = async (prefix = 'refline-test-'): Promise<TemporaryFolder> => {
  const path = await realpath(await mkdtemp(join(tmpdir(), prefix)))
  return {
    path,
    join: (...parts) => join(path, ...parts),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 }),
  }
}
