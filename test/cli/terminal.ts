import { spawn } from 'node:child_process'
import { join } from 'node:path'

const entry = join(import.meta.dirname, '../../src/dispatch.ts')

/** What a command left behind. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the terminal client from its sources, as `refline <args>` would in a folder, with nothing of a runner in the environment. */
export const refline = (folder: string, ...args: readonly string[]): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const source = `const { cli } = await import(${JSON.stringify(entry)}); await cli(process.argv.slice(1))`
    const child = spawn(process.execPath, ['--input-type=module', '-e', source, '--', ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH ?? '', HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []]
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.on('error', reject)
    child.on('close', code => resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() }))
  })
