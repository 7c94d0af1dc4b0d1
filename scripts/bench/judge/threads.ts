import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Tally } from './trials.ts'

/** Rolls out cells on all processors, each told its next cell when it has finished one. `done` hears of every cell. Throws what a thread threw. */
export const runOnAllProcessors = async (
  indices: readonly number[],
  settings: { readonly runs: number; readonly seed: number },
  done: (index: number) => void,
): Promise<ReadonlyMap<number, Tally>> => {
  const tallies = new Map<number, Tally>()
  const waiting = [...indices]
  const thread = async (): Promise<void> => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: settings })
    try {
      await new Promise<void>((resolve, reject) => {
        const next = (): void => {
          const index = waiting.shift()
          if (index === undefined) resolve()
          else worker.postMessage(index)
        }
        worker.on('message', ({ index, tally }: { readonly index: number; readonly tally: Tally }) => {
          tallies.set(index, tally)
          done(index)
          next()
        })
        worker.on('error', reject)
        worker.on('exit', code => reject(new Error(`a thread ended with ${code}`)))
        next()
      })
    } finally {
      await worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), indices.length) }, thread))
  return tallies
}
