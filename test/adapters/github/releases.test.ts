import { randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { packModel, unpackModel } from '../../../src/adapters/files/model-package.ts'
import { githubClient } from '../../../src/adapters/github/client.ts'
import { githubReleases } from '../../../src/adapters/github/releases.ts'
import { digest } from '../../../src/core/lineage/canonical.ts'
import type { Clock } from '../../../src/ports/clock.ts'
import type { Upload } from '../../../src/ports/model-store.ts'
import { git } from '../../support/git-fixture.ts'
import { type GitHubDouble, startGitHub } from '../../support/github/server.ts'
import type { AssetState, ReleaseState } from '../../support/github/state.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const quick: Clock = { now: () => Date.now(), sleep: async () => {} }
const storeOf = (double: GitHubDouble, token = double.token) =>
  githubReleases(githubClient({ token, apiUrl: double.apiUrl, clock: quick }), { owner: 'acme', name: 'churn' }, { clock: quick })

const setup = async (options: Parameters<typeof startGitHub>[0] = {}) => {
  const double = await startGitHub(options)
  const commit = await double.repository('acme', 'churn').commit({ 'refline.yml': 'models: {}\n' })
  const folder = await temporaryFolder()
  const content = randomBytes(300_000)
  await writeFile(folder.join('model.joblib'), content)
  await writeFile(folder.join('result.json'), '{"verdict":"pass"}')
  const packed = await packModel(
    folder.path,
    [{ path: 'model.joblib', bytes: content.length, sha256: digest(content) }],
    folder.join('work'),
  )
  const text = '{"verdict":"pass"}'
  const evidence: Upload = { path: 'result.json', bytes: text.length, sha256: digest(text), from: folder.join('result.json') }
  const request = { model: 'churn', digest: packed.digest, owner: 'churn-aaaaaaaaaaaa', commit, uploads: [...packed.uploads, evidence] }
  const releases = () => [...double.repository('acme', 'churn').state.releases.values()]
  const close = async () => {
    await folder[Symbol.asyncDispose]()
    await double.close()
  }
  return {
    double,
    folder,
    content,
    packed,
    request,
    releases,
    commit,
    tag: `refline/churn/${packed.digest.slice(0, 12)}`,
    [Symbol.asyncDispose]: close,
  }
}

/** Changes an asset behind everybody's back; null removes it. */
const change = (release: ReleaseState | undefined, name: string, facts: Partial<AssetState> | null) => {
  for (const [id, asset] of release?.assets ?? []) {
    if (asset.name !== name) continue
    if (facts === null) release?.assets.delete(id)
    else release?.assets.set(id, { ...asset, ...facts })
  }
}

describe('publishing', () => {
  test('files become a release on the ledger commit, and come back byte for byte', async () => {
    await using at = await setup()
    const store = storeOf(at.double)
    const published = await store.publish(at.request)
    expect(published).toMatchObject({ tag: at.tag, existing: false })
    expect(published.assets.map(({ path }) => path)).toEqual(['manifest.json', 'model.joblib', 'result.json'])
    expect(await git(at.double.repository('acme', 'churn').bare, ['rev-parse', `refs/tags/${at.tag}`])).toBe(at.commit)
    expect(at.releases()).toHaveLength(1)
    expect(await store.prove(at.tag, published.assets)).toBeNull()
    await store.fetch(at.tag, published.assets, at.folder.join('got'))
    expect((await readdir(at.folder.join('got'))).sort()).toEqual(['manifest.json', 'model.joblib', 'result.json'])
    const unpacked = await unpackModel(at.folder.join('got'))
    expect(Buffer.compare(await readFile(`${unpacked.folder}/model.joblib`), at.content)).toBe(0)
    expect(await store.tags('churn')).toEqual([at.tag])
    expect(await store.tags('chu')).toEqual([])
    const redirected = at.double.requests.filter(request => request.path.startsWith('/assets/'))
    expect(redirected.every(request => !JSON.stringify(request).includes(at.double.token))).toBe(true)
  })

  test('a repeat is the same release, also by another run with the same bytes; other evidence does not matter', async () => {
    await using at = await setup()
    await storeOf(at.double).publish(at.request)
    const again = await storeOf(at.double).publish(at.request)
    expect(again).toMatchObject({ tag: at.tag, existing: true })
    await writeFile(at.folder.join('result.json'), '{"verdict":"fail"}')
    const evidence = { path: 'result.json', bytes: 18, sha256: digest('{"verdict":"fail"}'), from: at.folder.join('result.json') }
    const other = await storeOf(at.double).publish({
      ...at.request,
      owner: 'churn-bbbbbbbbbbbb',
      uploads: [...at.packed.uploads, evidence],
    })
    expect(other).toEqual(again)
    expect(at.releases()).toHaveLength(1)
  })

  test('a draft that an attempt left is continued, and what is wrong in it is replaced', async () => {
    await using at = await setup()
    at.double.fault({ method: 'PATCH', path: '/releases/\\d+$', kind: 'status', status: 400 })
    await expect(storeOf(at.double).publish(at.request)).rejects.toThrow()
    expect(at.releases()).toMatchObject([{ draft: true, name: 'refline draft churn-aaaaaaaaaaaa' }])
    const uploadsBefore = at.double.requests.filter(request => request.method === 'POST' && request.path.endsWith('/assets')).length
    await storeOf(at.double).publish(at.request)
    const uploadsAfter = at.double.requests.filter(request => request.method === 'POST' && request.path.endsWith('/assets')).length
    expect(uploadsAfter).toBe(uploadsBefore)
    expect(at.releases()).toMatchObject([{ draft: false, tag: at.tag }])
  })

  test('every run has its own draft: two at once make one release and leave no draft', async () => {
    await using at = await setup()
    const both = await Promise.all(
      ['churn-aaaaaaaaaaaa', 'churn-bbbbbbbbbbbb'].map(owner => storeOf(at.double).publish({ ...at.request, owner })),
    )
    expect(both.map(({ tag }) => tag)).toEqual([at.tag, at.tag])
    expect(both.filter(({ existing }) => existing)).toHaveLength(1)
    expect(at.releases()).toHaveLength(1)
  })

  test.each([
    ['an upload that is interrupted and leaves a starter', { method: 'POST', path: '/assets$', kind: 'interrupt' as const }],
    ['an upload whose answer is lost', { method: 'POST', path: '/assets$', nth: 2, kind: 'drop-after' as const }],
    ['an upload that never arrived', { method: 'POST', path: '/assets$', kind: 'drop-before' as const }],
    ['a draft whose creation was answered with 502', { method: 'POST', path: '/releases$', kind: 'status-after' as const }],
    ['a publication whose answer is lost', { method: 'PATCH', path: '/releases/\\d+$', kind: 'drop-after' as const }],
    ['a listing that fails', { method: 'GET', path: '/releases$', kind: 'status' as const }],
  ])('%s: one release, complete', async (_, fault) => {
    await using at = await setup()
    at.double.fault(fault)
    const published = await storeOf(at.double).publish(at.request)
    expect(published.assets).toHaveLength(3)
    expect(at.releases()).toHaveLength(1)
    expect(await storeOf(at.double).prove(at.tag, at.request.uploads)).toBeNull()
  })

  test('a tag without a release, and a release of other bytes under the tag, make the next suffix', async () => {
    await using at = await setup()
    await git(at.double.repository('acme', 'churn').bare, ['update-ref', `refs/tags/${at.tag}`, at.commit])
    const second = await storeOf(at.double).publish(at.request)
    expect(second).toMatchObject({ tag: `${at.tag}-2`, existing: false })
    const [release] = at.releases()
    change(release, 'model.joblib', { digest: `sha256:${'0'.repeat(64)}` })
    const third = await storeOf(at.double).publish({ ...at.request, owner: 'churn-bbbbbbbbbbbb' })
    expect(third).toMatchObject({ tag: `${at.tag}-3`, existing: false })
  })

  test('a token that may not write is told so', async () => {
    await using at = await setup()
    at.double.addToken('reader', { contents: 'read' })
    await expect(storeOf(at.double, 'reader').publish(at.request)).rejects.toThrow(/may not POST/)
  })

  test('names that GitHub would change, empty files and a missing manifest are refused before anything is uploaded', async () => {
    await using at = await setup()
    const [first] = at.request.uploads
    const publish = (uploads: readonly Upload[]) => storeOf(at.double).publish({ ...at.request, uploads })
    await expect(publish([...at.request.uploads, { ...(first as Upload), path: '../x' }])).rejects.toThrow(/cannot be the name/)
    await expect(publish([...at.request.uploads, { ...(first as Upload), path: 'e.csv', bytes: 0 }])).rejects.toThrow(/empty/)
    await expect(publish(at.request.uploads.slice(1))).rejects.toThrow(/no manifest\.json/)
    expect(at.releases()).toHaveLength(0)
  })
})

describe('reading', () => {
  test('title and notes are set once', async () => {
    await using at = await setup({ immutableReleases: true })
    const store = storeOf(at.double)
    await store.publish(at.request)
    await store.describe(at.tag, 'churn v1', '# Card\n')
    await store.describe(at.tag, 'churn v1', '# Card\n')
    expect(at.releases()).toMatchObject([{ name: 'churn v1', body: '# Card\n', immutable: true }])
    expect(at.double.requests.filter(request => request.method === 'PATCH')).toHaveLength(2)
  })

  test('missing, replaced and unfinished assets are named', async () => {
    await using at = await setup()
    const store = storeOf(at.double)
    const { assets } = await store.publish(at.request)
    const [release] = at.releases()
    change(release, 'model.joblib', { digest: `sha256:${'0'.repeat(64)}` })
    expect(await store.prove(at.tag, assets)).toMatch(/model\.joblib has SHA-256 0{64}/)
    await expect(store.fetch(at.tag, assets, at.folder.join('got'))).rejects.toThrow(/was replaced/)
    change(release, 'model.joblib', { digest: null })
    expect(await store.prove(at.tag, assets)).toBeNull()
    change(release, 'model.joblib', { state: 'starter' })
    expect(await store.prove(at.tag, assets)).toMatch(/never uploaded completely/)
    change(release, 'model.joblib', null)
    expect(await store.prove(at.tag, assets)).toMatch(/model\.joblib is missing/)
    await expect(store.fetch(at.tag, assets, at.folder.join('got'))).rejects.toThrow(/is missing in the release/)
    expect(await store.prove('refline/churn/000000000000', assets)).toMatch(/no release stands behind/)
    const outside = [{ path: '../x', bytes: 1, sha256: 'a'.repeat(64) }]
    await expect(store.fetch(at.tag, outside, at.folder.join('got'))).rejects.toThrow(/no name of an asset/)
  })

  test('tags are found on all pages', async () => {
    await using at = await setup({ pageSize: 1 })
    const store = storeOf(at.double)
    await store.publish(at.request)
    const other = await packModel(
      at.folder.path,
      [{ path: 'result.json', bytes: 18, sha256: digest('{"verdict":"pass"}') }],
      at.folder.join('w2'),
    )
    await store.publish({ ...at.request, owner: 'churn-cccccccccccc', digest: other.digest, uploads: other.uploads })
    expect(await store.tags('churn')).toHaveLength(2)
  })
})
