import { writeFileSync, writeSync } from 'node:fs'
import type { Place } from '../core/errors.ts'
import { harmless } from '../core/report/log-line.ts'

// The four commands that the kernel needs. @actions/core has them too, but brings an HTTP client that would cost every start some 100 ms.

const escapeData = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')

const say = (line: string): void => {
  try {
    // Making process.stdout alone takes 2 ms of the start.
    writeSync(1, `${line}\n`)
  } catch {
    process.stdout.write(`${line}\n`)
  }
}

/** An error or warning annotation; with a place it is shown at that line of the file. */
export const annotate = (level: 'error' | 'warning', message: string, place?: Place): void => {
  const properties = [
    ...(place === undefined ? [] : [`file=${escapeProperty(place.file)}`]),
    ...(place?.line === undefined ? [] : [`line=${place.line}`]),
    ...(place?.column === undefined ? [] : [`col=${place.column}`]),
  ].join(',')
  say(`::${level}${properties === '' ? '' : ` ${properties}`}::${escapeData(harmless(message))}`)
}

/** Lines for people, made harmless. */
export const print = (text: string): void => say(harmless(text))

/** Has the runner replace a value by `***` in everything logged from now on. Anywhere else the command itself would show it, so nothing is printed. */
export const mask = (value: string, env: NodeJS.ProcessEnv): void => {
  if (value === '' || env.GITHUB_ACTIONS !== 'true') return
  say(`::add-mask::${escapeData(value)}`)
}

/**
 * Writes the outputs, over whatever stands in the step's file: it is this action's alone, and a user's command that found its path somewhere (the environment
 * of its parent process, for one) may have written there. Names are ours and closed; values are fenced by a delimiter nobody can guess.
 */
export const writeOutputs = (outputs: ReadonlyMap<string, string>, env: NodeJS.ProcessEnv): void => {
  const file = env.GITHUB_OUTPUT
  if (file === undefined || file === '') {
    for (const [name, value] of outputs) if (value !== '') print(`${name}=${value}`)
    return
  }
  const delimiter = `refline_${crypto.randomUUID()}`
  writeFileSync(file, [...outputs].map(([name, value]) => `${name}<<${delimiter}\n${value}\n${delimiter}\n`).join(''))
}
