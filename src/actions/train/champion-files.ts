import { link, mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { digestFile } from '../../adapters/files/digest.ts'
import type { DigestedFile } from '../../core/lineage/run.ts'
import type { Clock } from '../../ports/clock.ts'
import type { FileCache } from '../../ports/file-cache.ts'
import type { ModelStore } from '../../ports/model-store.ts'
import type { Log } from '../../ports/report.ts'
import type { RunFolders } from '../../ports/run-folders.ts'

/** How long a job waits for the cache, each way. Fetching the files again takes longer than this only where they are too large to be kept. */
const patienceMilliseconds = 60_000

/** Larger models are not kept: the cache of a repository has 10 GB, and the packages of other jobs are in it. */
const largestKept = 2 * 1024 ** 3

interface CachePorts {
  readonly cache: FileCache
  readonly clock: Clock
  readonly log: Log
  readonly runs: RunFolders
}

/**
 * A store's `fetch` that looks into the cache first, by the digest of the manifest. Every file is hashed again: one that differs from the ledger's record discards all that
 * was cached, with a warning. A cache that is missing, slow or failing changes nothing but the time it takes.
 */
export const cachedFetch =
  (store: Pick<ModelStore, 'fetch'>, { cache, clock, log, runs }: CachePorts): ModelStore['fetch'] =>
  async (tag, assets, folder) => {
    const manifest = assets.find(asset => asset.path === 'manifest.json')
    const bytes = assets.reduce((sum, asset) => sum + asset.bytes, 0)
    if (manifest === undefined || bytes > largestKept) return store.fetch(tag, assets, folder)
    const key = `refline-model-${manifest.sha256}`
    const patient = async <T>(work: Promise<T>): Promise<T | 'late'> =>
      Promise.race([work, clock.sleep(patienceMilliseconds).then(() => 'late' as const)])

    const kept = await runs.scratch('champion-cache')
    const found = await patient(cache.restore(key, kept)).catch((error: unknown) => said(error))
    if (found === true) {
      const wrong = await taken(assets, kept, folder)
      if (wrong === null) {
        log.info(`the files of ${tag} come from the cache and have the digests of the ledger`)
        return
      }
      log.warning(`the cache entry ${key} is not what the ledger says (${wrong}) and is not used; delete it, and find out who wrote it`)
    } else if (found !== false) log.info(`the cache did not answer: ${found === 'late' ? 'it took too long' : found}`)

    await store.fetch(tag, assets, folder)
    // A cache that is still at work may go on writing into that folder.
    if (found !== false) return
    const saved = await patient(save(cache, key, assets, folder, await runs.scratch('champion-cache'))).catch((error: unknown) =>
      said(error),
    )
    if (saved !== undefined) log.info(`the files were not saved in the cache: ${saved === 'late' ? 'it took too long' : saved}`)
  }

const save = async (cache: FileCache, key: string, assets: readonly DigestedFile[], from: string, to: string): Promise<undefined> => {
  for (const { path } of assets) await link(join(from, path), join(to, path))
  await cache.save(key, to)
}

/** Moves files that have the recorded digests to where they are wanted; says what is wrong with the first that has not, and then moves none. */
const taken = async (assets: readonly DigestedFile[], from: string, to: string): Promise<string | null> => {
  try {
    for (const { path, bytes, sha256 } of assets) {
      const found = await digestFile(join(from, path))
      if (found.bytes !== bytes || found.sha256 !== sha256) return `${path} has another digest`
    }
    await mkdir(to, { recursive: true })
    for (const { path } of assets) await rename(join(from, path), join(to, path))
    return null
  } catch (error) {
    return said(error)
  }
}

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error))
