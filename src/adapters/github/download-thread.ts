import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { UserError } from '../../core/errors.ts'
import type { DigestedFile } from '../../core/lineage/run.ts'
import { Landing } from './landing.ts'
import type { StorageSource } from './sink.ts'
import { RangeRefused } from './storage.ts'

// The thread that downloads. Node takes new memory for every piece that arrives, and each collection of it walks the whole heap: here that is next to nothing, in the
// main thread it is all that the action has loaded. Digests are taken here too, beside whatever the main thread does.

/** What marks a thread as this one. */
export const downloadThreadData = 'refline downloads'

/** A call of a method of one landing. */
export interface ThreadCall {
  readonly id: number
  readonly landing: number
  readonly verb: 'open' | 'fill' | 'add' | 'restart' | 'sha256' | 'finish' | 'leave'
  readonly folder?: string
  readonly expected?: DigestedFile
  readonly source?: StorageSource
  readonly piece?: Uint8Array
}

/** Its answer, with what the landing has by then. */
export interface ThreadAnswer {
  readonly id: number
  readonly bytes: number
  readonly etag: string | null
  /** Of `sha256` the digest; of `open` whether the whole file is there already. */
  readonly value?: string | boolean
  readonly failure?: { readonly kind: 'user' | 'range' | 'other'; readonly message: string }
}

const serve = (port: MessagePort): void => {
  const landings = new Map<number, Landing>()

  const perform = async (call: ThreadCall): Promise<string | boolean | undefined> => {
    if (call.verb === 'open') {
      const landing = await Landing.open(call.folder as string, call.expected as DigestedFile)
      if (landing !== null) landings.set(call.landing, landing)
      return landing === null
    }
    const landing = landings.get(call.landing) as Landing
    if (call.verb === 'sha256') return landing.sha256()
    if (call.verb === 'fill') await landing.fill(call.source as StorageSource)
    else if (call.verb === 'add') await landing.add(call.piece as Uint8Array)
    else await landing[call.verb]()
    return undefined
  }

  port.on('message', async (call: ThreadCall) => {
    const answer = (rest: Partial<ThreadAnswer>): void => {
      const landing = landings.get(call.landing)
      port.postMessage({ id: call.id, bytes: landing?.bytes ?? 0, etag: landing?.etag ?? null, ...rest })
    }
    try {
      const value = await perform(call)
      answer(value === undefined ? {} : { value })
    } catch (error) {
      const kind = error instanceof UserError ? 'user' : error instanceof RangeRefused ? 'range' : 'other'
      answer({ failure: { kind, message: error instanceof Error ? error.message : String(error) } })
    } finally {
      if (call.verb === 'finish' || call.verb === 'leave') landings.delete(call.landing)
    }
  })
}

if (workerData === downloadThreadData && parentPort !== null) serve(parentPort)
