import { cpSync, globSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { git } from '../../../test/support/git-fixture.ts'

/** Bytes of all objects of a repository as they lie there, loose or packed. */
export const objectBytes = (bare: string): number =>
  globSync('objects/**/*', { cwd: bare, withFileTypes: true })
    .filter(entry => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)

/** Bytes of all objects after `git gc` in a copy, which is removed again. */
export const packedBytes = async (bare: string): Promise<number> => {
  const copy = `${bare}-packed`
  cpSync(bare, copy, { recursive: true })
  try {
    await git(copy, ['gc', '--quiet', '--prune=now'])
    return objectBytes(copy)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}
