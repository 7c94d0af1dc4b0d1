import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { packModel } from '../../../src/adapters/files/model-package.ts'
import { folderStore } from '../../../src/adapters/files/model-store.ts'
import { digest } from '../../../src/core/lineage/canonical.ts'
import { temporaryFolder } from '../../support/temporary.ts'

// What every store does is in ../model-store.test.ts; here is what is the folder's own.

const setup = async () => {
  const folder = await temporaryFolder()
  const root = folder.join('store')
  await writeFile(folder.join('model.joblib'), 'weights')
  const packed = await packModel(folder.path, [{ path: 'model.joblib', bytes: 7, sha256: digest('weights') }], folder.join('work'))
  const tag = `refline/churn/${packed.digest.slice(0, 12)}`
  const request = { model: 'churn', digest: packed.digest, owner: 'churn-aaaaaaaaaaaa', commit: null, uploads: packed.uploads }
  const file = `${root}/${tag}/${digest('weights').slice(0, 12)}-model.joblib`
  return { folder, root, store: folderStore(root), request, tag, file, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

test('files begin with their digest, the list of them comes last, the notes lie beside', async () => {
  await using at = await setup()
  const { assets } = await at.store.publish(at.request)
  await at.store.describe(at.tag, 'churn v1', 'card')
  expect((await readdir(`${at.root}/${at.tag}`)).sort()).toEqual(
    [...assets.map(({ path, sha256 }) => `${sha256.slice(0, 12)}-${path}`), 'published.json'].sort(),
  )
  expect(JSON.parse(await readFile(`${at.root}/${at.tag}/published.json`, 'utf8'))).toEqual({ schema: 1, commit: null, assets })
  expect(await readFile(`${at.root}/${at.tag}.md`, 'utf8')).toBe('# churn v1\n\ncard')
})

test('without the list a folder is no version, and what is whole in it is not written again', async () => {
  await using at = await setup()
  const { assets } = await at.store.publish(at.request)
  await rm(`${at.root}/${at.tag}/published.json`)
  await writeFile(`${at.file}.other.partial`, 'wei')
  expect(await at.store.tags('churn')).toEqual([])
  await expect(at.store.fetch(at.tag, assets, at.folder.join('got'))).rejects.toThrow(/its files are gone/)
  const [draft] = await at.store.releases('churn')
  expect(draft?.assets.map(({ name, state }) => `${name} ${state}`).sort()).toEqual([
    'manifest.json uploaded',
    'model.joblib uploaded',
    'model.joblib.other.partial starter',
  ])
  // The file is whole already: its source is not even looked at.
  await rm(at.folder.join('model.joblib'))
  expect(await at.store.publish(at.request)).toMatchObject({ tag: at.tag, existing: false })
  expect(await at.store.prove(at.tag, assets)).toBeNull()
})

test('damage is named, not fetched, and published beside', async () => {
  await using at = await setup()
  const { assets } = await at.store.publish(at.request)
  await writeFile(at.file, 'weighty')
  expect(await at.store.prove(at.tag, assets)).toMatch(/model\.joblib has SHA-256/)
  await expect(at.store.fetch(at.tag, assets, at.folder.join('got'))).rejects.toThrow(/recorded were 7/)
  expect(await readdir(at.folder.join('got'))).toEqual(['manifest.json'])
  expect(await at.store.publish(at.request)).toMatchObject({ tag: `${at.tag}-2`, existing: false })
  await rm(at.file)
  expect(await at.store.prove(at.tag, assets)).toMatch(/is missing/)
  await writeFile(`${at.root}/${at.tag}/published.json`, '{"schema":1}')
  await expect(at.store.prove(at.tag, assets)).rejects.toThrow(/published\.json is damaged/)
})

test('a file that changed since it was packed is not published', async () => {
  await using at = await setup()
  await writeFile(at.folder.join('model.joblib'), 'changed')
  await expect(at.store.publish(at.request)).rejects.toThrow(/recorded were 7/)
  expect(await at.store.tags('churn')).toEqual([])
})

test('a root that is a file, or whose list cannot be read, is an error and not an empty store', async () => {
  await using at = await setup()
  await at.store.publish(at.request)
  await rm(`${at.root}/${at.tag}/published.json`)
  await mkdir(`${at.root}/${at.tag}/published.json`)
  await expect(at.store.prove(at.tag, [])).rejects.toThrow(/cannot be read: EISDIR/)
  const file = folderStore(at.folder.join('model.joblib'))
  await expect(file.described('churn')).rejects.toThrow(/cannot be listed: ENOTDIR/)
  await expect(file.publish(at.request)).rejects.toThrow(/cannot be (read|written): ENOTDIR/)
})
