import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** The double in a process of its own. */
export interface SpawnedDouble extends AsyncDisposable {
  readonly apiUrl: string
  readonly token: string
  /** `POST /_double/<verb>` about acme/churn. */
  tell<T>(verb: string, order?: object): Promise<T>
}

const stopped = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const end = once(child, 'exit')
  child.stdin?.end()
  await end
}

/** Starts the double as a program with the repository acme/churn; it ends when it is disposed of. Its files are below `root`. */
export const spawnGitHub = async (root: string): Promise<SpawnedDouble> => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), '--root', root, '--repository', 'acme/churn'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const { apiUrl, token, control } = JSON.parse(line) as { apiUrl: string; token: string; control: string }
  const tell = async <T>(verb: string, order: object = {}): Promise<T> => {
    const answer = await fetch(`${control}/${verb}`, { method: 'POST', body: JSON.stringify({ owner: 'acme', name: 'churn', ...order }) })
    return (await answer.json()) as T
  }
  return { apiUrl, token, tell, [Symbol.asyncDispose]: () => stopped(child) }
}
