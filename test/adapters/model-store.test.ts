import { createHash, randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { packModel, unpackModel } from '../../src/adapters/files/model-package.ts'
import { folderStore } from '../../src/adapters/files/model-store.ts'
import { githubClient } from '../../src/adapters/github/client.ts'
import { githubReleases } from '../../src/adapters/github/releases.ts'
import type { ModelStore, Upload } from '../../src/ports/model-store.ts'
import { startGitHub } from '../support/github/server.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary.ts'

/** A store to be tested, and the clock it looks at, in milliseconds ahead of the real one. */
interface Subject extends AsyncDisposable {
  readonly store: ModelStore
  readonly commit: string
  readonly ahead: { milliseconds: number }
}

const clockOf = (ahead: { readonly milliseconds: number }) => ({ now: () => Date.now() + ahead.milliseconds, sleep: async () => {} })

const adapters: readonly (readonly [string, (folder: TemporaryFolder) => Promise<Subject>])[] = [
  [
    'github',
    async () => {
      const double = await startGitHub()
      const ahead = { milliseconds: 0 }
      const clock = clockOf(ahead)
      const client = githubClient({ token: double.token, apiUrl: double.apiUrl, clock })
      const commit = await double.repository('acme', 'churn').commit({ 'refline.yml': 'models: {}\n' })
      const store = githubReleases(client, { owner: 'acme', name: 'churn' }, { clock })
      return { store, commit, ahead, [Symbol.asyncDispose]: () => double.close() }
    },
  ],
  [
    'files',
    async folder => {
      const ahead = { milliseconds: 0 }
      return {
        store: folderStore(folder.join('store'), clockOf(ahead)),
        commit: 'c'.repeat(40),
        ahead,
        [Symbol.asyncDispose]: async () => {},
      }
    },
  ],
]

const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex')

describe.each(adapters)('the model store %s', (_, open) => {
  const setup = async () => {
    const folder = await temporaryFolder()
    const subject = await open(folder)
    const content = randomBytes(2500)
    await writeFile(folder.join('model.bin'), content)
    const file = { path: 'model.bin', bytes: content.length, sha256: sha256(content) }
    const packed = await packModel(folder.path, [file], folder.join('work'), 1000)
    const evidence = async (text: string): Promise<Upload> => {
      const from = folder.join(`result-${sha256(text).slice(0, 6)}.json`)
      await writeFile(from, text)
      return { path: 'result.json', bytes: text.length, sha256: sha256(text), from }
    }
    const { commit } = subject
    const uploads = [...packed.uploads, await evidence('{"verdict":"pass"}')]
    const request = { model: 'churn', digest: packed.digest, owner: 'churn-a', commit, uploads }
    const close = async () => {
      await subject[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    }
    const tag = `refline/churn/${packed.digest.slice(0, 12)}`
    return { ...subject, folder, content, packed, evidence, request, tag, [Symbol.asyncDispose]: close }
  }

  test('keeps a version in parts and gives it back byte for byte', async () => {
    await using at = await setup()
    expect(await at.store.tags('churn')).toEqual([])
    const published = await at.store.publish(at.request)
    expect(published).toMatchObject({ tag: at.tag, existing: false })
    expect(published.assets.map(({ path, bytes }) => `${path} ${path === 'manifest.json' ? '' : bytes}`)).toEqual([
      'manifest.json ',
      'model.bin.part-001 1000',
      'model.bin.part-002 1000',
      'model.bin.part-003 500',
      'result.json 18',
    ])
    expect(await at.store.prove(at.tag, published.assets)).toBeNull()
    expect(await at.store.tags('churn')).toEqual([at.tag])
    const got = at.folder.join('got')
    await at.store.fetch(at.tag, published.assets, got)
    await at.store.fetch(at.tag, published.assets, got)
    expect(await readdir(got)).toEqual(published.assets.map(({ path }) => path))
    const unpacked = await unpackModel(got)
    expect(Buffer.compare(await readFile(`${unpacked.folder}/model.bin`), at.content)).toBe(0)
    // What is unpacked is not here twice.
    expect(await readdir(got)).toEqual(['manifest.json', 'model', 'result.json'])
  })

  test('knows the same bytes again, whatever the evidence of the run', async () => {
    await using at = await setup()
    const first = await at.store.publish(at.request)
    expect(await at.store.publish(at.request)).toEqual({ ...first, existing: true })
    const uploads = [...at.packed.uploads, await at.evidence('{"verdict":"fail"}')]
    expect(await at.store.publish({ ...at.request, owner: 'churn-b', uploads })).toEqual({ ...first, existing: true })
    expect(await at.store.releases('churn')).toHaveLength(1)
  })

  test('lets two at once have one version, and each find the evidence that it was told of', async () => {
    await using at = await setup()
    const publish = async (owner: string) =>
      at.store.publish({ ...at.request, owner, uploads: [...at.packed.uploads, await at.evidence(`{"run":"${owner}"}`)] })
    const both = await Promise.all(['churn-b', 'churn-c', 'churn-d'].map(publish))
    for (const { tag, assets } of both) {
      expect(tag).toBe(at.tag)
      expect(await at.store.prove(tag, assets)).toBeNull()
      await at.store.fetch(tag, assets, at.folder.join(`got-${assets.find(({ path }) => path === 'result.json')?.sha256}`))
    }
    expect(await at.store.releases('churn')).toMatchObject([{ tag: at.tag, draft: false }])
  })

  test('describes once the ledger has a record, and tells the described from the others', async () => {
    await using at = await setup()
    await at.store.publish(at.request)
    expect(await at.store.described('churn')).toEqual([])
    await at.store.describe(at.tag, 'churn v1', 'the card')
    await at.store.describe(at.tag, 'churn v1', 'the card')
    expect(await at.store.described('churn')).toEqual([at.tag])
    expect(await at.store.described('other')).toEqual([])
    expect(await at.store.releases('churn')).toMatchObject([{ title: 'churn v1' }])
    await expect(at.store.describe('refline/churn/000000000000', 'x', 'x')).rejects.toThrow(/its files are gone/)
  })

  test('names what is missing or other than recorded, and fetches none of it', async () => {
    await using at = await setup()
    const { assets } = await at.store.publish(at.request)
    const got = at.folder.join('got')
    const wanted = (change: object) => assets.map(file => (file.path === 'result.json' ? { ...file, ...change } : file))
    for (const [change, words] of [
      [{ sha256: 'a'.repeat(64) }, /result\.json .*(sha256|SHA-256).*recorded/],
      [{ path: 'run.json' }, /run\.json .*(is missing|missing in)/],
    ] as const) {
      expect(await at.store.prove(at.tag, wanted(change))).toMatch(/result\.json|run\.json/)
      await expect(at.store.fetch(at.tag, wanted(change), got)).rejects.toThrow(words)
    }
    await expect(at.store.fetch(at.tag, wanted({ path: '../x' }), got)).rejects.toThrow(/no name of an asset/)
    expect(await at.store.prove('refline/churn/000000000000', assets)).toMatch(/there is no|no release/)
    await expect(at.store.fetch('refline/churn/000000000000', assets, got)).rejects.toThrow(/its files are gone/)
  })

  test('refuses names, empty files and a missing manifest before anything is written', async () => {
    await using at = await setup()
    const [manifest] = at.request.uploads
    const publish = (uploads: readonly Upload[], change: object = {}) => at.store.publish({ ...at.request, uploads, ...change })
    await expect(publish([...at.request.uploads, { ...(manifest as Upload), path: '../x' }])).rejects.toThrow(/cannot be the name/)
    await expect(publish([...at.request.uploads, { ...(manifest as Upload), path: 'e', bytes: 0 }])).rejects.toThrow(/is empty/)
    await expect(publish(at.request.uploads.slice(1))).rejects.toThrow(/no manifest\.json/)
    await expect(publish(at.request.uploads, { model: '../x' })).rejects.toThrow(/no model/)
    await expect(publish(at.request.uploads, { owner: '../x' })).rejects.toThrow(/no name of a run/)
    await expect(at.store.tags('../..')).rejects.toThrow(/no model name/)
    expect(await at.store.releases('churn')).toEqual([])
  })

  test('continues what a stopped run left, whoever comes, and removes what nobody continues', async () => {
    await using at = await setup()
    await writeFile(at.folder.join('model.bin'), at.content.subarray(0, 2000))
    await expect(at.store.publish(at.request)).rejects.toThrow()
    expect(await at.store.tags('churn')).toEqual([])
    expect(await at.store.releases('churn')).toMatchObject([{ tag: at.tag, draft: true, commit: null }])
    await writeFile(at.folder.join('model.bin'), at.content)
    expect(await at.store.publish(at.request)).toMatchObject({ tag: at.tag, existing: false })
    expect(await at.store.releases('churn')).toMatchObject([{ draft: false, commit: at.commit }])

    await writeFile(at.folder.join('model.bin'), 'gone')
    const other = { ...at.request, digest: 'b'.repeat(64), owner: 'churn-b' }
    await expect(at.store.publish(other)).rejects.toThrow()
    expect(await at.store.removeDrafts('churn', 86_400_000)).toEqual([])
    at.ahead.milliseconds = 2 * 86_400_000
    expect(await at.store.removeDrafts('churn', 86_400_000)).toEqual([`refline/churn/${'b'.repeat(12)}`])
    expect(await at.store.releases('churn')).toMatchObject([{ tag: at.tag }])
  })

  test('lists digests and the commit, and removes safely again', async () => {
    await using at = await setup()
    await at.store.publish(at.request)
    await at.store.describe(at.tag, 'churn v1', 'the card')
    const [release] = await at.store.releases('churn')
    expect(release).toMatchObject({ tag: at.tag, draft: false, immutable: false, commit: at.commit })
    expect([...(release?.assets ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual(
      at.request.uploads
        .map(({ path, bytes, sha256: digest }) => ({ name: path, size: bytes, digest, state: 'uploaded' }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    )
    await at.store.remove(at.tag)
    await at.store.remove(at.tag)
    expect(await at.store.releases('churn')).toEqual([])
    expect(await at.store.described('churn')).toEqual([])
    expect(await at.store.publish(at.request)).toMatchObject({ tag: at.tag, existing: false })
    await expect(at.store.remove('../../etc')).rejects.toThrow(/no tag of a version/)
  })
})
