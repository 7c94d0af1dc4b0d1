import { writeSync } from 'node:fs'
import { UserError } from '../core/errors.ts'
import { harmless } from '../core/report/log-line.ts'
import { exitCodes, stackOf, withPlace } from './run.ts'

const complain = (text: string): void => {
  writeSync(2, `${harmless(text)}\n`)
}

let closed = false

/**
 * Writes to standard output, all of it and in order, also where that is a pipe that is full for the moment. Where its reader has gone (`refline log | head`), what is
 * left is dropped without a word.
 */
export const writeOut = (text: string): void => {
  let rest = Buffer.from(text, 'utf8')
  const until = performance.now() + patience
  while (!closed && rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // A pipe that another Node made is a socket, which is reset where its reader leaves something unread.
      if (code === 'EPIPE' || code === 'ECONNRESET') closed = true
      else if (code !== 'EAGAIN' || performance.now() > until) throw error
      else Atomics.wait(pause, 0, 0, 5)
    }
  }
}

/** How long the reader of a full pipe may take, in milliseconds. */
const patience = 600_000
const pause = new Int32Array(new SharedArrayBuffer(4))

/**
 * Runs a command at a terminal with the exit codes of the actions: 0 done, 1 a verdict said no, 2 a UserError, 70 a bug of ours. Errors go to standard error as plain
 * text. It never returns with an error; the code is left in `process.exitCode`.
 */
export const runCommand = async (work: () => Promise<{ readonly failure?: string }>): Promise<void> => {
  try {
    const { failure } = await work()
    if (failure !== undefined) complain(failure)
    process.exitCode = failure === undefined ? exitCodes.done : exitCodes.verdict
  } catch (error) {
    if (error instanceof UserError) {
      complain(`error: ${withPlace(error)}`)
      process.exitCode = exitCodes.user
      return
    }
    complain(`${stackOf(error)}\nThis is a bug in Refline, not in your files: please report it with the lines above.`)
    process.exitCode = exitCodes.bug
  }
}
