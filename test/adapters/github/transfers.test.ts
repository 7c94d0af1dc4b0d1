import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { packModel } from '../../../src/adapters/files/model-package.ts'
import { githubClient } from '../../../src/adapters/github/client.ts'
import { githubReleases } from '../../../src/adapters/github/releases.ts'
import { openStorage } from '../../../src/adapters/github/storage.ts'
import { DownloadThread } from '../../../src/adapters/github/threaded-landing.ts'
import type { Fault } from '../../support/github/faults.ts'
import { type GitHubDouble, startGitHub } from '../../support/github/server.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { hastyClock, place } from './support.ts'

const mebibyte = 1 << 20
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const storeOf = (double: GitHubDouble, thread: URL | null = null) => {
  const clock = hastyClock()
  return githubReleases(githubClient({ token: double.token, apiUrl: double.apiUrl, clock }), place, { clock, thread })
}

/** A model of 5 MiB in parts of 2 MiB, published. */
const setup = async (options: Parameters<typeof startGitHub>[0] & { readonly bytes?: number; readonly limit?: number } = {}) => {
  const double = await startGitHub(options)
  const commit = await double.repository('acme', 'churn').commit({ 'refline.yml': 'models: {}\n' })
  const folder = await temporaryFolder()
  const content = randomBytes(options.bytes ?? 5 * mebibyte)
  await writeFile(folder.join('model.bin'), content)
  const file = { path: 'model.bin', bytes: content.length, sha256: sha256(content) }
  const packed = await packModel(folder.path, [file], folder.join('work'), options.limit ?? 2 * mebibyte)
  const request = { model: 'churn', digest: packed.digest, owner: 'churn-aaaaaaaaaaaa', commit, uploads: packed.uploads }
  const published = await storeOf(double).publish(request)
  const got = folder.join('got')
  const joined = async () =>
    Buffer.concat(await Promise.all(['001', '002', '003'].map(part => readFile(folder.join('got', `model.bin.part-${part}`)))))
  const close = async () => {
    await folder[Symbol.asyncDispose]()
    await double.close()
  }
  return { double, folder, content, request, published, got, joined, [Symbol.asyncDispose]: close }
}

describe('uploads', () => {
  test('of parts are ranges of the one file, of which there is no copy', async () => {
    await using at = await setup()
    expect(await readdir(at.folder.join('work'))).toEqual(['manifest.json'])
    expect(at.published.assets.map(({ path, bytes }) => [path, bytes])).toEqual([
      ['manifest.json', expect.any(Number)],
      ['model.bin.part-001', 2 * mebibyte],
      ['model.bin.part-002', 2 * mebibyte],
      ['model.bin.part-003', mebibyte],
    ])
    await storeOf(at.double).fetch(at.published.tag, at.published.assets, at.got)
    expect(sha256(await at.joined())).toBe(sha256(at.content))
  })

  test('to a server without digests are proven by one download of each', async () => {
    await using at = await setup({ digests: false })
    expect(at.published.assets).toEqual(
      at.request.uploads.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })).sort((a, b) => (a.path < b.path ? -1 : 1)),
    )
    expect(at.double.storageRequests).toHaveLength(4)
    expect(await storeOf(at.double).prove(at.published.tag, at.published.assets)).toBeNull()
    await storeOf(at.double).fetch(at.published.tag, at.published.assets, at.got)
    expect(sha256(await at.joined())).toBe(sha256(at.content))
  })
})

describe('downloads', () => {
  test('go on where the connection broke, and ask for the rest only', async () => {
    await using at = await setup()
    const large = at.published.assets.filter(({ path }) => path === 'model.bin.part-001')
    at.double.fault({ path: '^/assets/', kind: 'truncate' })
    await storeOf(at.double).fetch(at.published.tag, large, at.got)
    expect(sha256(await readFile(at.folder.join('got', 'model.bin.part-001')))).toBe(large[0]?.sha256)
    expect(at.double.storageRequests.map(({ range }) => range)).toEqual([null, `bytes=${mebibyte}-`])
    expect(await readdir(at.got)).toEqual(['model.bin.part-001'])
  })

  test('go on in another process, which takes up what is there by its digest', async () => {
    await using at = await setup()
    const large = at.published.assets.filter(({ path }) => path === 'model.bin.part-001')
    at.double.fault({ path: '^/assets/', kind: 'truncate' })
    at.double.fault({ path: '^/assets/', kind: 'drop-before', nth: 2, times: 9 })
    await expect(storeOf(at.double).fetch(at.published.tag, large, at.got)).rejects.toThrow(/intact in 4 tries/)
    expect((await readdir(at.got)).sort()).toEqual(['.model.bin.part-001.partial', '.model.bin.part-001.partial.json'])
    at.double.clearFaults()
    const before = at.double.storageRequests.length
    await storeOf(at.double).fetch(at.published.tag, large, at.got)
    expect(at.double.storageRequests.slice(before)).toMatchObject([{ range: `bytes=${mebibyte}-` }])
    expect(await readdir(at.got)).toEqual(['model.bin.part-001'])
    await storeOf(at.double).fetch(at.published.tag, large, at.got)
    expect(at.double.storageRequests).toHaveLength(before + 1)
  })

  test.each([
    ['of another file', { sha256: 'a'.repeat(64) }, null],
    ['that was changed meanwhile', {}, Buffer.alloc(mebibyte)],
    ['that is too long', {}, Buffer.alloc(3 * mebibyte)],
  ])('begin anew beside a partial file %s', async (_, note, bytes) => {
    await using at = await setup()
    const large = at.published.assets.filter(({ path }) => path === 'model.bin.part-001')
    const [file] = large
    await mkdir(at.got)
    const partial = at.folder.join('got', '.model.bin.part-001.partial')
    await writeFile(partial, bytes ?? Buffer.alloc(mebibyte))
    await writeFile(`${partial}.json`, JSON.stringify({ bytes: file?.bytes, sha256: file?.sha256, etag: null, ...note }))
    await storeOf(at.double).fetch(at.published.tag, large, at.got)
    expect(await readdir(at.got)).toEqual(['model.bin.part-001'])
    expect(sha256(await readFile(at.folder.join('got', 'model.bin.part-001')))).toBe(file?.sha256)
  })

  test('of bytes that stay wrong leave nothing', async () => {
    await using at = await setup()
    at.double.fault({ path: '^/assets/', kind: 'corrupt', times: 99 })
    await expect(storeOf(at.double).fetch(at.published.tag, at.published.assets, at.got)).rejects.toThrow(/intact/)
    expect(await readdir(at.got)).toEqual([])
  })

  test('never come from an address without encryption where the API has it', async () => {
    const wanted = { name: 'x', size: 1, have: 0, etag: null, secure: true, signal: AbortSignal.timeout(1000) }
    await expect(openStorage('http://127.0.0.1:1/x', wanted)).rejects.toThrow(/unencrypted/)
    await expect(openStorage('ftp://127.0.0.1/x', { ...wanted, secure: false })).rejects.toThrow(/unencrypted/)
  })
})

describe('downloads in a thread of their own', () => {
  const thread = new URL('../../../src/adapters/github/download-thread.ts', import.meta.url)
  // Large enough to be worth a thread, and two of them.
  const large = { bytes: 18 * mebibyte, limit: 9 * mebibyte }
  const half: Fault = { path: '^/assets/', kind: 'truncate', nth: 2 }

  test.each<readonly [string, readonly Fault[]]>([
    ['bring the same bytes', []],
    ['go on where the connection broke', [half]],
    ['begin anew where the storage knows no ranges', [half, { path: '^/assets/', kind: 'whole-file', nth: 4, times: 9 }]],
    ['begin anew where it sends another range', [half, { path: '^/assets/', kind: 'other-range', nth: 4 }]],
    ['fetch again what arrived changed', [{ path: '^/assets/', kind: 'corrupt', nth: 3 }]],
  ])('%s', async (_, faults) => {
    await using at = await setup(large)
    for (const fault of faults) at.double.fault(fault)
    await storeOf(at.double, thread).fetch(at.published.tag, at.published.assets, at.got)
    const parts = await Promise.all(['001', '002'].map(part => readFile(at.folder.join('got', `model.bin.part-${part}`))))
    expect(sha256(Buffer.concat(parts))).toBe(sha256(at.content))
    expect((await readdir(at.got)).filter(name => name.startsWith('.'))).toEqual([])
  })

  test('fail as they would without it, in words', async () => {
    await using at = await setup(large)
    at.double.fault({ path: '^/assets/', kind: 'status', status: 500, times: 99 })
    const store = storeOf(at.double, thread)
    await expect(store.fetch(at.published.tag, at.published.assets, at.got)).rejects.toThrow(/intact in 4 tries: .* with 500/)
  })

  test('end in words where the thread dies, whatever is asked of it afterwards', async () => {
    await using folder = await temporaryFolder()
    await using dead = new DownloadThread(new URL('data:text/javascript,process.exit(3)'))
    const file = { path: 'model.bin', bytes: 1, sha256: 'a'.repeat(64) }
    await expect(dead.open(folder.path, file)).rejects.toThrow('the downloading thread failed: it ended with 3')
    await expect(dead.open(folder.path, file)).rejects.toThrow('the downloading thread failed: it ended with 3')
  })
})

describe('the listing for people and for verify', () => {
  test('names tags, commits, drafts and digests; removing is safe to repeat', async () => {
    await using at = await setup()
    const store = storeOf(at.double)
    at.double.fault({ method: 'PATCH', path: '/releases/\\d+$', kind: 'status', status: 400 })
    const other = { ...at.request, digest: 'b'.repeat(64), owner: 'churn-b' }
    await expect(store.publish(other)).rejects.toThrow()
    const { tag } = at.published
    expect(await store.releases('churn')).toMatchObject([
      { tag: `refline/churn/${'b'.repeat(12)}`, draft: true, title: 'refline draft churn-b', commit: null },
      { tag, draft: false, immutable: false, commit: at.request.commit, assets: expect.objectContaining({ length: 4 }) },
    ])
    expect((await store.releases('churn'))[1]?.assets.find(({ name }) => name === 'model.bin.part-003')).toEqual({
      name: 'model.bin.part-003',
      size: mebibyte,
      digest: sha256(at.content.subarray(4 * mebibyte)),
      state: 'uploaded',
    })
    // GitHub calls the date of the commit that a draft is for its creation: a draft whose files are new is at work.
    for (const draft of at.double.repository('acme', 'churn').state.releases.values())
      if (draft.draft) Object.assign(draft, { createdAt: '2020-01-01T00:00:00Z' })
    expect(await store.removeDrafts('churn', 86_400_000)).toEqual([])
    expect(await store.removeDrafts('churn', -2000)).toEqual([`refline/churn/${'b'.repeat(12)}`])
    await store.remove(tag)
    await store.remove(tag)
    expect(await store.releases('churn')).toEqual([])
    await expect(store.remove('refs/heads/main')).rejects.toThrow(/no tag of a version/)
  })

  test('a tag that an immutable release once had is never used again', async () => {
    await using at = await setup({ immutableReleases: true })
    const store = storeOf(at.double)
    await store.remove(at.published.tag)
    expect(await store.publish(at.request)).toMatchObject({ tag: `${at.published.tag}-2`, existing: false })
    expect(await store.releases('churn')).toMatchObject([{ immutable: true }])
  })
})
