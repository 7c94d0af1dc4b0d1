import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { CheckProcess } from '../../src/actions/train/checks.ts'

const child = pathToFileURL(join(import.meta.dirname, '../../src/actions/train/checks-child.ts')).href

/** The process of users' own checks from the sources; the bundled one is `dist/checks.js`. */
export const checkProcess: CheckProcess = {
  argv: [process.execPath, '--no-warnings', '--input-type=module', '--eval', `await (await import('${child}')).check()`, '--'],
  deadlineSeconds: 60,
}
