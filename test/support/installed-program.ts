import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const folders = () => [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
const find = (program: string): string | undefined =>
  folders()
    .map(folder => join(folder, program))
    .find(existsSync)

/**
 * The path of a daemon's program, which is installed where it is missing (Debian and Ubuntu, as root or by sudo without a password). Nothing is started by it:
 * tests run their own processes on the loopback address.
 */
export const installedProgram = async (program: string, debianPackage: string = program): Promise<string> => {
  const found = find(program)
  if (found !== undefined) return found
  const elevated = async (...argv: readonly string[]) => {
    const [command = '', ...rest] = process.getuid?.() === 0 ? argv : ['sudo', '-n', ...argv]
    await run(command, rest, { timeout: 240_000, maxBuffer: 16_777_216 })
  }
  const apt = ['env', 'DEBIAN_FRONTEND=noninteractive', 'RUNLEVEL=1', 'apt-get', '-q', '-o', 'DPkg::Lock::Timeout=200']
  // Several test files may install at once, and apt does not wait for every lock of its own.
  for (let attempt = 1; ; attempt++) {
    try {
      await elevated(...apt, 'update')
      await elevated(...apt, 'install', '-y', '--no-install-recommends', debianPackage)
    } catch (error) {
      if (attempt === 20) throw error
      await new Promise(resolve => setTimeout(resolve, 2000))
    }
    const installed = find(program)
    if (installed !== undefined) return installed
    if (attempt === 20) throw new Error(`${debianPackage} was installed but there is no ${program} in ${folders().join(', ')}`)
  }
}

/** Seconds in milliseconds that installing may take: the limit of the `beforeAll` that does it. */
export const installMilliseconds = 300_000
