import { type ChildProcess, spawn } from 'node:child_process'

/** A daemon that a test started: what it said so far, and how it is ended with all of its own processes. */
export interface TestDaemon extends AsyncDisposable {
  readonly pid: number
  readonly output: () => string
  readonly hasEnded: () => boolean
}

/** Ends a group of processes, stopped ones too, once another process is there no more. */
const watch = 'while kill -0 "$1" 2>/dev/null; do sleep 1; done; kill -9 "-$2"'

/** Starts a daemon that stays in the foreground. It ends with the test, and within a second where the process of the test itself was killed. */
export const startTestDaemon = (program: string, argv: readonly string[]): TestDaemon => {
  const child: ChildProcess = spawn(program, argv, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data: Buffer) => {
      output = (output + data.toString()).slice(-8000)
    })
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  const { pid } = child
  if (pid === undefined) throw new Error(`cannot start ${program}`)
  const watcher = spawn('sh', ['-c', watch, 'watch', String(process.pid), String(pid)], { stdio: 'ignore', detached: true })
  return {
    pid,
    output: () => output,
    hasEnded,
    [Symbol.asyncDispose]: async () => {
      watcher.kill('SIGKILL')
      const ended = hasEnded() ? Promise.resolve() : new Promise(resolve => child.once('exit', resolve))
      if (!hasEnded()) process.kill(-pid, 'SIGKILL')
      await ended
    },
  }
}
