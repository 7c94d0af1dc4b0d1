import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** How a process ended. */
export interface Ending {
  /** Null where a signal ended it. */
  readonly code: number | null
  readonly stderr: string
}

/** A TypeScript program in a process of its own that prints JSON, a value a line. */
export interface LineProcess {
  /** The next value it prints; throws where it ends before. */
  next(): Promise<unknown>
  /** All values from here on, once it has ended. */
  rest(): Promise<readonly unknown[]>
  write(text: string): void
  endInput(): void
  readonly ended: Promise<Ending>
}

/** Starts a program by its path. After `deadline` milliseconds, where given, it is killed. */
export const spawnLines = (program: string, argv: readonly string[], deadline?: number): LineProcess => {
  const child = spawn(process.execPath, [program, ...argv], { stdio: ['pipe', 'pipe', 'pipe'] })
  const timer = deadline === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), deadline)
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8')
  })
  child.stdin.on('error', () => {})
  const ended = new Promise<Ending>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => {
      clearTimeout(timer)
      resolve({ code, stderr })
    })
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async next() {
      const line = await lines.next()
      if (line.done) throw new Error(`${program} ended early: ${(await ended).stderr}`)
      return JSON.parse(line.value)
    },
    async rest() {
      const values: unknown[] = []
      for (let line = await lines.next(); !line.done; line = await lines.next()) values.push(JSON.parse(line.value))
      return values
    },
    write: text => void child.stdin.write(text),
    endInput: () => child.stdin.end(),
    ended,
  }
}
