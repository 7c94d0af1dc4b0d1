import { harmless } from '../core/report/log-line.ts'
import { runCommand, writeOut } from '../kernel/terminal.ts'
import { runTyped } from './run.ts'
import { jsonText, type Terminal } from './terminal.ts'

const atTerminal = (): Terminal => ({
  say: text => writeOut(`${harmless(text)}\n`),
  document: value => writeOut(`${jsonText(value)}\n`),
  width: process.stdout.isTTY ? (process.stdout.columns ?? null) : null,
  env: process.env,
  folder: process.cwd(),
  defaults: {},
})

/** Runs the terminal client. The exit code is left in `process.exitCode`. */
export const main = (argv: readonly string[]): Promise<void> => runCommand(() => runTyped(argv, atTerminal()))
