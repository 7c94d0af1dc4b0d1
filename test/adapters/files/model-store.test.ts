import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { packModel } from '../../../src/adapters/files/model-package.ts'
import { folderStore } from '../../../src/adapters/files/model-store.ts'
import { digest } from '../../../src/core/lineage/canonical.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const setup = async () => {
  const folder = await temporaryFolder()
  const root = folder.join('store')
  await writeFile(folder.join('model.joblib'), 'weights')
  const packed = await packModel(folder.path, [{ path: 'model.joblib', bytes: 7, sha256: digest('weights') }], folder.join('work'))
  const tag = `refline/churn/${packed.digest.slice(0, 12)}`
  const request = { model: 'churn', digest: packed.digest, owner: 'churn-aaaaaaaaaaaa', commit: null, uploads: packed.uploads }
  return { folder, root, store: folderStore(root), request, tag, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

test('a version appears whole, is never overwritten, and comes back checked', async () => {
  await using at = await setup()
  expect(await at.store.tags('churn')).toEqual([])
  const first = await at.store.publish(at.request)
  expect(first).toMatchObject({ tag: at.tag, existing: false, assets: [{ path: 'manifest.json' }, { path: 'model.joblib', bytes: 7 }] })
  const both = await Promise.all([
    at.store.publish({ ...at.request, owner: 'churn-b' }),
    at.store.publish({ ...at.request, owner: 'churn-c' }),
  ])
  expect(both.map(({ existing }) => existing)).toEqual([true, true])
  await at.store.fetch(at.tag, first.assets, at.folder.join('got'))
  expect(await readFile(at.folder.join('got', 'model.joblib'), 'utf8')).toBe('weights')
  expect(await at.store.tags('churn')).toEqual([at.tag])
  expect(await at.store.prove(at.tag, first.assets)).toBeNull()
  await at.store.describe(at.tag, 'churn v1', 'card')
  expect(await readFile(`${at.root}/${at.tag}.md`, 'utf8')).toBe('# churn v1\n\ncard')
  expect(await readdir(`${at.root}/.staging`)).toEqual([])
})

test('two that publish the same at once both have it, one of them first', async () => {
  await using at = await setup()
  const both = await Promise.all(['churn-b', 'churn-c'].map(owner => at.store.publish({ ...at.request, owner })))
  expect(both.map(({ tag }) => tag)).toEqual([at.tag, at.tag])
  expect(both.filter(({ existing }) => !existing)).toHaveLength(1)
})

test('damage is named, not fetched, and published beside', async () => {
  await using at = await setup()
  const { assets } = await at.store.publish(at.request)
  await writeFile(`${at.root}/${at.tag}/model.joblib`, 'weighty')
  expect(await at.store.prove(at.tag, assets)).toMatch(/model\.joblib has SHA-256/)
  await expect(at.store.fetch(at.tag, assets, at.folder.join('got'))).rejects.toThrow(/recorded were 7/)
  expect(await readdir(at.folder.join('got'))).toEqual(['manifest.json'])
  expect(await at.store.publish(at.request)).toMatchObject({ tag: `${at.tag}-2`, existing: false })
  await rm(`${at.root}/${at.tag}/model.joblib`)
  expect(await at.store.prove(at.tag, assets)).toMatch(/is missing/)
  await expect(at.store.fetch('refline/churn/000000000000', assets, at.folder.join('got'))).rejects.toThrow(/its files are gone/)
  await expect(at.store.fetch('../../etc', assets, at.folder.join('got'))).rejects.toThrow(/no tag of a version/)
  await expect(at.store.fetch(at.tag, [{ path: '../x', bytes: 1, sha256: 'a'.repeat(64) }], at.folder.join('got'))).rejects.toThrow(
    /no name/,
  )
})

test('a file that changed since it was packed is not published', async () => {
  await using at = await setup()
  await writeFile(at.folder.join('model.joblib'), 'changed')
  await expect(at.store.publish(at.request)).rejects.toThrow(/recorded were 7/)
  expect(await at.store.tags('churn')).toEqual([])
})
