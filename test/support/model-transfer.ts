/**
 * One transfer of a model to or from releases, as a process of its own that can be killed and whose memory can be told:
 *
 *   node model-transfer.mjs '<JSON of a TransferOrder>'
 *
 * Prints one line of JSON, a TransferReport. Bundled by transfer-program.ts, with the thread beside it.
 */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { digestTree } from '../../src/adapters/files/digest.ts'
import { packModel, unpackModel } from '../../src/adapters/files/model-package.ts'
import { githubClient } from '../../src/adapters/github/client.ts'
import { githubReleases } from '../../src/adapters/github/releases.ts'
import type { DigestedFile } from '../../src/core/lineage/run.ts'

export interface TransferOrder {
  readonly verb: 'up' | 'down'
  readonly apiUrl: string
  readonly token: string
  readonly repository: { readonly owner: string; readonly name: string }
  /** Up: the folder of model files. Down: where the model is to be. */
  readonly folder: string
  /** For what is made on the way. */
  readonly work: string
  /** Up: most bytes of a part. */
  readonly limit?: number
  /** Up: the model files, where their digests are known. */
  readonly files?: readonly DigestedFile[]
  /** Down: what to fetch. */
  readonly tag?: string
  readonly assets?: readonly DigestedFile[]
  /** Ends this process with SIGKILL at the nth such boundary, or some milliseconds after it. */
  readonly kill?: { readonly boundary: string; readonly moment: string; readonly nth: number; readonly milliseconds?: number }
  /** Ends it when so many bytes of an asset are on disk. */
  readonly killAt?: { readonly asset: string; readonly bytes: number }
}

export interface TransferReport {
  readonly tag: string
  readonly assets: readonly DigestedFile[]
  readonly files: readonly DigestedFile[]
  /** Seconds: packing and publishing, or fetching and unpacking. */
  readonly seconds: readonly [number, number]
  /** Seconds of processors that the transfer took in this process, both steps together. */
  readonly processors: number
  /** Most memory that the process had, in MiB. */
  readonly peak: number
}

const order = JSON.parse(process.argv[2] ?? '') as TransferOrder
const die = () => process.kill(process.pid, 'SIGKILL')
let seen = 0
const onBoundary = (boundary: string, moment: string): void => {
  const { kill } = order
  if (kill === undefined || kill.boundary !== boundary || kill.moment !== moment) return
  seen += 1
  if (seen !== kill.nth) return
  if (kill.milliseconds === undefined) die()
  else setTimeout(die, kill.milliseconds)
}
const { killAt } = order
if (killAt !== undefined) {
  const partial = join(order.work, `.${killAt.asset}.partial`)
  setInterval(() => (statSync(partial, { throwIfNoEntry: false })?.size ?? 0) >= killAt.bytes && die(), 1).unref()
}

const thread = new URL('./download-thread.mjs', import.meta.url)
const store = githubReleases(githubClient(order), order.repository, { onBoundary, thread })
const since = (start: number): number => (performance.now() - start) / 1000

const up = async (): Promise<Omit<TransferReport, 'processors' | 'peak'>> => {
  const files = order.files ?? (await digestTree(order.folder))
  const began = performance.now()
  const packed = await packModel(order.folder, files, order.work, order.limit)
  const packing = since(began)
  const start = performance.now()
  const { tag, assets } = await store.publish({
    model: 'churn',
    digest: packed.digest,
    owner: 'churn-aaaaaaaaaaaa',
    commit: null,
    uploads: packed.uploads,
  })
  return { tag, assets, files, seconds: [packing, since(start)] }
}

const down = async (): Promise<Omit<TransferReport, 'processors' | 'peak'>> => {
  const { tag = '', assets = [] } = order
  const began = performance.now()
  await store.fetch(tag, assets, order.work)
  const fetching = since(began)
  const start = performance.now()
  const { files } = await unpackModel(order.work, order.folder)
  return { tag, assets, files, seconds: [fetching, since(start)] }
}

const before = process.cpuUsage()
const report = await (order.verb === 'up' ? up() : down())
const { user, system } = process.cpuUsage(before)
// Of this program's memory alone; what the system's accounting names begins with the memory of the process that started this one.
const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
process.stdout.write(`${JSON.stringify({ ...report, processors: (user + system) / 1e6, peak: Number(kibibytes) / 1024 })}\n`)
