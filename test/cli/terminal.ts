import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { runTyped } from '../../src/cli/run.ts'
import { terminalOn } from '../../src/cli/terminal.ts'
import { UserError } from '../../src/core/errors.ts'
import { withPlace } from '../../src/kernel/run.ts'

const entry = join(import.meta.dirname, '../../src/dispatch.ts')

/** What a command left behind. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The program and the first arguments that run the terminal client from its sources. */
export const reflineArgv: readonly string[] = [
  process.execPath,
  '--input-type=module',
  '-e',
  `const { cli } = await import(${JSON.stringify(entry)}); await cli(process.argv.slice(1))`,
  '--',
]

/** Runs the terminal client as `refline <args>` would in a folder, with nothing of a runner in the environment. */
export const refline = (folder: string, ...args: readonly string[]): Promise<Ended> => reflineWith({}, folder, ...args)

/** The same with variables of its own. */
export const reflineWith = (env: Readonly<Record<string, string>>, folder: string, ...args: readonly string[]): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const [program = '', ...first] = reflineArgv
    const child = spawn(program, [...first, ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', HOME: folder, GIT_CONFIG_GLOBAL: '/dev/null', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }))
  })

/** The same within this process, which is quicker by the start of one: for what does not depend on how the program starts and ends. */
export const typed = async (folder: string, ...args: readonly string[]): Promise<Ended> => {
  const printed: string[] = []
  const terminal = terminalOn(text => printed.push(text), { width: null, env: {}, folder })
  try {
    const { failure } = await runTyped(args, terminal)
    return { code: failure === undefined ? 0 : 1, stdout: printed.join(''), stderr: failure ?? '' }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { code: 2, stdout: printed.join(''), stderr: `error: ${withPlace(error)}\n` }
  }
}
