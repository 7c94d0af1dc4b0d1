import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const module = join(import.meta.dirname, '..', '..', 'src', 'kernel', 'failpoint.ts')

/** Comes to one boundary three times in a process of its own, and says how it ended. */
const reach = (
  failpoint: string | undefined,
): Promise<{ readonly signal: string | null; readonly stdout: string; readonly stderr: string }> =>
  new Promise(resolve => {
    const script = `
      const { failpoint, within } = await import(${JSON.stringify(module)})
      for (const time of [1, 2, 3]) await within(failpoint, 'git-push', () => console.log('push ' + time))`
    const env = { PATH: process.env.PATH, ...(failpoint === undefined ? {} : { REFLINE_FAILPOINT: failpoint }) }
    execFile(process.execPath, ['--input-type=module', '-e', script], { env }, (error, stdout, stderr) =>
      resolve({ signal: error?.signal ?? null, stdout, stderr }),
    )
  })

test.for([
  [undefined, null, 3, ''],
  ['git-push:before', 'SIGKILL', 0, 'killed at git-push:before:1\n'],
  ['git-push:after', 'SIGKILL', 1, 'killed at git-push:after:1\n'],
  ['git-push:before:3', 'SIGKILL', 2, 'killed at git-push:before:3\n'],
  ['git-push:after:4', null, 3, ''],
  ['git-fetch:before', null, 3, ''],
] as const)('%s ends with %s after %d pushes', async ([failpoint, signal, pushes, words]) => {
  const ended = await reach(failpoint)
  expect(ended.signal).toBe(signal)
  expect(ended.stdout.split('\n').filter(line => line.startsWith('push'))).toHaveLength(pushes)
  expect(ended.stderr).toContain(words)
})
