import { runCommand, writeOut } from '../kernel/terminal.ts'
import { runTyped } from './run.ts'
import { terminalOn } from './terminal.ts'

/** Runs the terminal client. The exit code is left in `process.exitCode`. */
export const main = (argv: readonly string[]): Promise<void> =>
  runCommand(() => {
    const { isTTY, columns } = process.stdout
    return runTyped(argv, terminalOn(writeOut, { width: isTTY ? (columns ?? null) : null, env: process.env, folder: process.cwd() }))
  })
