import type { ChildProcess } from 'node:child_process'
import { endChild, startChild } from '../../../scripts/demo/children.ts'
import { eventually } from '../eventually.ts'

/** A daemon that was started for a test. */
export interface Daemon extends AsyncDisposable {
  /** The last of what it said. */
  readonly output: () => string
  readonly hasEnded: () => boolean
  /** Waits until it is ready; throws with what it said where it ends or the time is over. */
  readonly until: (what: string, ready: () => Promise<boolean>, seconds?: number) => Promise<void>
  /** Ends it at once, as a crash does. */
  readonly kill: () => Promise<void>
}

/** Starts the program of a daemon, which ends by a signal to it, and by itself after `seconds` even where this process was killed. */
export const startDaemon = (command: string, argv: readonly string[], seconds: number): Daemon => {
  const child: ChildProcess = startChild('timeout', ['--kill-after=5', String(seconds), command, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (part: Buffer) => {
      output = (output + part.toString()).slice(-4000)
    })
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  return {
    output: () => output,
    hasEnded,
    until: async (what, ready, limit = 20) => {
      await eventually(
        () => `${what} (${command}): ${output}`,
        async () => hasEnded() || (await ready()),
        limit,
      )
      if (hasEnded()) throw new Error(`${command} ended: ${output}`)
    },
    kill: async () => {
      child.kill('SIGTERM')
      await endChild(child, 0)
    },
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await endChild(child, 5)
    },
  }
}
