import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Bytes of all objects of a repository as they lie there, loose or packed. */
export const objectBytes = (bare: string): number =>
  globSync('objects/**/*', { cwd: bare, withFileTypes: true })
    .filter(entry => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
