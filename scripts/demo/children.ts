import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

const running = new Set<ChildProcess>()

/** Starts a program that is ended with this one, whatever happens: by its id here, and by the end of its standard input where this process is killed. */
export const startChild = (command: string, argv: readonly string[], options: SpawnOptions = {}): ChildProcess => {
  const child = spawn(command, argv, { stdio: ['pipe', 'pipe', 'pipe'], ...options })
  running.add(child)
  child.once('exit', () => running.delete(child))
  child.once('error', () => running.delete(child))
  return child
}

/** The first line of JSON that a started program prints. Throws with its errors where it ends before. */
export const firstJson = async <T>(child: ChildProcess, what: string, seconds = 30): Promise<T> => {
  const { stdout, stderr } = child
  if (stdout === null || stderr === null) throw new Error(`${what} has no output`)
  let errors = ''
  stderr.on('data', (part: Buffer) => {
    errors = (errors + part.toString()).slice(-4000)
  })
  const lines = createInterface({ input: stdout })
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${what} ended before it was ready: ${errors}`)
  })
  const late = AbortSignal.timeout(seconds * 1000)
  const [line] = (await Promise.race([once(lines, 'line', { signal: late }), ended])) as [string]
  ended.catch(() => {})
  return JSON.parse(line) as T
}

/** Ends a child and waits for it: first by closing its standard input, after a while with a signal. */
export const endChild = async (child: ChildProcess, seconds = 8): Promise<number | null> => {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
  const exit = once(child, 'exit')
  child.stdin?.end()
  const timer = setTimeout(() => child.kill('SIGTERM'), seconds * 1000)
  const last = setTimeout(() => child.kill('SIGKILL'), (seconds + 3) * 1000)
  await exit
  clearTimeout(timer)
  clearTimeout(last)
  return child.exitCode
}

export const endAllChildren = async (seconds = 4): Promise<void> => {
  await Promise.all([...running].map(child => endChild(child, seconds)))
}

/** Runs a program to its end; output is collected. Never throws for an exit code. */
export const runToEnd = async (
  command: string,
  argv: readonly string[],
  options: SpawnOptions & { readonly seconds?: number; readonly onLine?: (line: string) => void } = {},
): Promise<{ readonly code: number | null; readonly output: string }> => {
  const { seconds = 120, onLine, ...rest } = options
  const child = startChild(command, argv, { ...rest, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', line => {
      output += `${line}\n`
      onLine?.(line)
    })
  }
  const timer = setTimeout(() => {
    output += `ended after ${seconds} s\n`
    child.kill('SIGKILL')
  }, seconds * 1000)
  const code = await new Promise<number | null>(resolve => {
    child.once('close', status => resolve(status))
    child.once('error', error => {
      output += `${error.message}\n`
      resolve(127)
    })
  })
  clearTimeout(timer)
  return { code, output }
}
