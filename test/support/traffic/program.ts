import { join } from 'node:path'
import { endChild, firstJson, startChild } from '../../../scripts/demo/children.ts'

/** A program of this folder that runs, and its control port. */
export interface Program extends AsyncDisposable {
  readonly control: string
  tell<T>(verb: string, order: object): Promise<T>
}

/** Starts a program of this folder. It ends when it is disposed of, with this process, or after `seconds`. */
export const startProgram = async (name: string, seconds: number): Promise<Program> => {
  const child = startChild(process.execPath, [join(import.meta.dirname, name), String(seconds)])
  const { control } = await firstJson<{ control: number }>(child, name)
  const address = `http://127.0.0.1:${control}`
  return {
    control: address,
    tell: async <T>(verb: string, order: object) => {
      const answer = await fetch(`${address}/${verb}`, { method: 'POST', body: JSON.stringify(order), signal: AbortSignal.timeout(40_000) })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`${name} ${verb}: ${text}`)
      return JSON.parse(text) as T
    },
    [Symbol.asyncDispose]: async () => void (await endChild(child)),
  }
}
