import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fetchVersion } from '../../../src/actions/model-files.ts'
import { cachedFetch } from '../../../src/actions/train/champion-files.ts'
import { digestTree } from '../../../src/adapters/files/digest.ts'
import { packModel } from '../../../src/adapters/files/model-package.ts'
import { folderStore } from '../../../src/adapters/files/model-store.ts'
import type { VersionRecord } from '../../../src/core/lineage/events.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { FileCache } from '../../../src/ports/file-cache.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { foldersIn, rememberedLog } from '../fixtures.ts'

/** Nothing is ever late. */
const patient: Clock = { now: () => 0, sleep: () => new Promise(() => {}) }
/** Whatever does not answer at once is late. */
const hasty: Clock = { now: () => 0, sleep: () => new Promise(resolve => setImmediate(resolve)) }

/** A cache that remembers the files it was given. */
const memoryCache = () => {
  const entries = new Map<string, Map<string, Buffer>>()
  const cache: FileCache = {
    restore: async (key, folder) => {
      for (const [name, bytes] of entries.get(key) ?? []) await writeFile(join(folder, name), bytes)
      return entries.has(key)
    },
    save: async (key, folder) => {
      const files = new Map<string, Buffer>()
      for (const name of await readdir(folder)) files.set(name, await readFile(join(folder, name)))
      entries.set(key, files)
    },
  }
  return { cache, entries }
}

/** A published champion, and how its files are fetched. */
const champion = async (folder: string, cache: FileCache, clock = patient) => {
  await mkdir(join(folder, 'model'), { recursive: true })
  await mkdir(join(folder, 'work'), { recursive: true })
  await writeFile(join(folder, 'model/model.bin'), 'the champion')
  const packed = await packModel(join(folder, 'model'), await digestTree(join(folder, 'model')), join(folder, 'work'))
  const published = await folderStore(join(folder, 'store')).publish({
    model: 'churn',
    digest: packed.digest,
    owner: 'churn-0123456789ab',
    commit: null,
    uploads: packed.uploads,
  })
  const version = { version: 1, tag: published.tag, digest: packed.digest, assets: published.assets } as unknown as VersionRecord
  const log = rememberedLog()
  let fetches = 0
  const fetch = async (job: string): Promise<string> => {
    const store = folderStore(join(folder, 'store'))
    const counted: Pick<typeof store, 'fetch'> = {
      fetch: (...request) => {
        fetches++
        return store.fetch(...request)
      },
    }
    const ports = { cache, clock, log, runs: foldersIn(join(folder, job)) }
    const path = await fetchVersion({ fetch: cachedFetch(counted, ports) }, version, join(folder, job, 'fetched'), 'model.bin')
    return readFile(path, 'utf8')
  }
  return { fetch, log: log.lines, fetches: () => fetches, key: `refline-model-${packed.digest}` }
}

describe("the champion's files", () => {
  it('are fetched once and come from the cache in the next job', async () => {
    await using folder = await temporaryFolder()
    const { cache, entries } = memoryCache()
    const { fetch, fetches, key, log } = await champion(folder.path, cache)
    expect(await fetch('a')).toBe('the champion')
    expect([...entries.keys()]).toEqual([key])
    expect(await fetch('b')).toBe('the champion')
    expect(fetches()).toBe(1)
    expect(log.join('\n')).toMatch(/^the files of refline\/churn\/[0-9a-f]{12} come from the cache and have the digests of the ledger$/)
  })
  it.each<[string, (files: Map<string, Buffer>) => void, RegExp]>([
    [
      'of another model',
      files => {
        for (const name of files.keys()) if (name !== 'manifest.json') files.set(name, Buffer.from('the ch4mpion'))
      },
      /has another digest/,
    ],
    ['with another manifest', files => void files.set('manifest.json', Buffer.from('{}')), /manifest.json has another digest/],
    ['without its manifest', files => void files.delete('manifest.json'), /manifest.json is not there/],
    ['that is empty', files => files.clear(), /is not there/],
  ])('are fetched again where the cache has an entry %s, and that is said', async (_what, poison, words) => {
    await using folder = await temporaryFolder()
    const { cache, entries } = memoryCache()
    const { fetch, fetches, key, log } = await champion(folder.path, cache)
    await fetch('a')
    const entry = entries.get(key) ?? new Map<string, Buffer>()
    poison(entry)
    const poisoned = new Map(entry)
    expect(await fetch('b')).toBe('the champion')
    expect(fetches()).toBe(2)
    expect(log.join('\n')).toMatch(
      /^warning: the cache entry refline-model-[0-9a-f]{64} is not what the ledger says \(.*\) and is not used/m,
    )
    expect(log.join('\n')).toMatch(words)
    expect(entries.get(key)).toEqual(poisoned)
  })
  it('are fetched again where the cache gives a link to them', async () => {
    await using folder = await temporaryFolder()
    const { cache } = memoryCache()
    const linking: FileCache = {
      ...cache,
      restore: async (key, into) => {
        const found = await cache.restore(key, into)
        for (const name of await readdir(into)) {
          const bytes = await readFile(join(into, name))
          await writeFile(folder.join(name), bytes)
          await rm(join(into, name))
          await symlink(folder.join(name), join(into, name))
        }
        return found
      },
    }
    const { fetch, fetches, log } = await champion(folder.path, linking)
    await fetch('a')
    expect(await fetch('b')).toBe('the champion')
    expect(fetches()).toBe(2)
    expect(log.join('\n')).toContain('is not used')
  })
  it.each<[string, Partial<FileCache>, Clock, RegExp | null]>([
    ['fails', { restore: () => Promise.reject(new Error('no such host')) }, patient, /^the cache did not answer: no such host$/],
    ['never answers', { restore: () => new Promise(() => {}) }, hasty, /^the cache did not answer: it took too long$/],
    ['has nothing', { restore: () => Promise.resolve(false) }, patient, null],
    [
      'cannot be written',
      { save: () => Promise.reject(new Error('read only')) },
      patient,
      /^the files were not saved in the cache: read only$/,
    ],
    [
      'is never done with saving',
      { save: () => new Promise(() => {}) },
      hasty,
      /^the files were not saved in the cache: it took too long$/,
    ],
  ])('are there all the same where the cache %s', async (_what, change, clock, words) => {
    await using folder = await temporaryFolder()
    const quiet: FileCache = { restore: () => Promise.resolve(false), save: () => Promise.resolve() }
    const { fetch, fetches, log } = await champion(folder.path, { ...quiet, ...change }, clock)
    expect(await fetch('a')).toBe('the champion')
    expect(fetches()).toBe(1)
    if (words === null) expect(log).toEqual([])
    else expect(log).toEqual([expect.stringMatching(words)])
  })
  it('are not saved after a cache that may still be writing', async () => {
    await using folder = await temporaryFolder()
    const saved: string[] = []
    const cache: FileCache = { restore: () => new Promise(() => {}), save: async key => void saved.push(key) }
    await (await champion(folder.path, cache, hasty)).fetch('a')
    expect(saved).toEqual([])
  })
  it('of another digest than the ledger has are still an error where the store has them', async () => {
    await using folder = await temporaryFolder()
    const { cache } = memoryCache()
    const { fetch } = await champion(folder.path, cache)
    for (const name of await readdir(folder.join('store'), { recursive: true }))
      if (name.endsWith('.bin') || name.endsWith('.tar')) await writeFile(folder.join(`store/${name}`), 'the ch4mpion')
    await expect(fetch('a')).rejects.toThrow(/SHA-256/)
  })
})
