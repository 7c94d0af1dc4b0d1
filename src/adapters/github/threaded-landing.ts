import { Worker } from 'node:worker_threads'
import { UserError } from '../../core/errors.ts'
import type { DigestedFile } from '../../core/lineage/run.ts'
import { downloadThreadData, type ThreadAnswer, type ThreadCall } from './download-thread.ts'
import type { FileSink, StorageSource } from './sink.ts'
import { RangeRefused } from './storage.ts'

const youngGenerationMebibytes = 1

type Request = Omit<ThreadCall, 'id' | 'landing'>

/** A thread that downloads any number of files at a time. `program` is what runs download-thread.ts. */
export class DownloadThread implements AsyncDisposable {
  readonly #worker: Worker
  readonly #waiting = new Map<number, (answer: ThreadAnswer) => void>()
  #calls = 0
  #landings = 0
  /** Why there is no thread any more: nothing that is asked of it would be answered. */
  #failure: string | null = null

  constructor(program: string | URL) {
    // A small young generation is collected often, and with it the buffers that have arrived: less memory, and less work than collecting them all later.
    this.#worker = new Worker(program, {
      workerData: downloadThreadData,
      resourceLimits: { maxYoungGenerationSizeMb: youngGenerationMebibytes },
    })
    this.#worker.on('message', (answer: ThreadAnswer) => {
      this.#waiting.get(answer.id)?.(answer)
      this.#waiting.delete(answer.id)
    })
    this.#worker.on('error', error => this.#fail(error.message))
    this.#worker.on('exit', code => this.#fail(`it ended with ${code}`))
  }

  #fail(why: string): void {
    this.#failure ??= why
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const [id, answer] of waiting) answer(failed(id, why))
  }

  /** Calls a method of a landing in the thread. Throws as it does. */
  async call(landing: number, request: Request): Promise<ThreadAnswer> {
    this.#calls += 1
    const id = this.#calls
    if (this.#failure !== null) return failed(id, this.#failure)
    return new Promise(resolve => {
      this.#waiting.set(id, resolve)
      this.#worker.postMessage({ id, landing, ...request })
    })
  }

  /** As `Landing.open`, in the thread. */
  async open(folder: string, expected: DigestedFile): Promise<FileSink | null> {
    this.#landings += 1
    const sink = new ThreadedLanding(this, this.#landings)
    return (await sink.ask({ verb: 'open', folder, expected })) === true ? null : sink
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#worker.removeAllListeners('exit')
    await this.#worker.terminate()
  }
}

const failed = (id: number, why: string): ThreadAnswer => ({
  id,
  bytes: 0,
  etag: null,
  failure: { kind: 'user', message: `the downloading thread failed: ${why}` },
})

/** The landing of one file in the thread, seen from here. */
class ThreadedLanding implements FileSink {
  readonly #thread: DownloadThread
  readonly #number: number
  bytes = 0
  etag: string | null = null

  constructor(thread: DownloadThread, number: number) {
    this.#thread = thread
    this.#number = number
  }

  async ask(request: Request): Promise<string | boolean | undefined> {
    const { bytes, etag, value, failure } = await this.#thread.call(this.#number, request)
    this.bytes = bytes
    this.etag = etag
    if (failure === undefined) return value
    if (failure.kind === 'user') throw new UserError(failure.message)
    throw failure.kind === 'range' ? new RangeRefused(failure.message) : new Error(failure.message)
  }

  /** Only bytes that GitHub itself answers with come this way, and it names none. */
  async setEtag(): Promise<void> {}

  async add(piece: Uint8Array): Promise<void> {
    await this.ask({ verb: 'add', piece })
  }

  async fill(source: StorageSource): Promise<void> {
    await this.ask({ verb: 'fill', source })
  }

  async restart(): Promise<void> {
    await this.ask({ verb: 'restart' })
  }

  async sha256(): Promise<string> {
    return String(await this.ask({ verb: 'sha256' }))
  }

  async finish(): Promise<void> {
    await this.ask({ verb: 'finish' })
  }

  async leave(): Promise<void> {
    await this.ask({ verb: 'leave' })
  }
}
