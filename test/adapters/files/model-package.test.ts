import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { packModel, unpackModel } from '../../../src/adapters/files/model-package.ts'
import { canonicalJson, digest } from '../../../src/core/lineage/canonical.ts'
import type { DigestedFile } from '../../../src/core/lineage/run.ts'
import type { Upload } from '../../../src/ports/model-store.ts'
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary.ts'

const write = async (folder: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<DigestedFile[]> => {
  const written: DigestedFile[] = []
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
    written.push({ path, bytes: Buffer.byteLength(content), sha256: digest(Buffer.from(content)) })
  }
  return written
}

/** Puts the uploads where a store's `fetch` would. */
const fetched = async (at: TemporaryFolder, uploads: readonly Upload[], name = 'fetched') => {
  await mkdir(at.join(name), { recursive: true })
  for (const { path, from, start = 0, bytes } of uploads)
    await writeFile(at.join(name, path), (await readFile(from)).subarray(start, start + bytes))
  return at.join(name)
}

const several = {
  'weights/a.bin': randomBytes(3_000_000),
  'config.json': '{"depth":3}',
  'empty.txt': '',
  [`deep/${'x'.repeat(150)}/ä.txt`]: 'ä',
}

test('one file is kept as it is, by its own name', async () => {
  await using at = await temporaryFolder()
  const files = await write(at.join('run'), { 'model.joblib': 'bytes' })
  const packed = await packModel(at.join('run'), files, at.join('work'))
  expect(packed.uploads.map(upload => upload.path)).toEqual(['manifest.json', 'model.joblib'])
  expect(packed).toMatchObject({ digest: digest(packed.manifest), bytes: 5 })
  const unpacked = await unpackModel(await fetched(at, packed.uploads))
  expect(await readFile(join(unpacked.folder, 'model.joblib'), 'utf8')).toBe('bytes')
})

test.each([
  'run.json',
  'my model.pkl',
  'predictions.csv',
  '..x',
  'modèle',
])('a file called %s gets a name of its own as an asset and its name back', async name => {
  await using at = await temporaryFolder()
  const packed = await packModel(at.join('run'), await write(at.join('run'), { [name]: 'bytes' }), at.join('work'))
  expect(packed.uploads[1]?.path).toBe('model.bin')
  expect((await unpackModel(await fetched(at, packed.uploads))).files.map(file => file.path)).toEqual([name])
})

test('a folder is one tar whose bytes depend on the files alone, and comes back byte for byte', async () => {
  await using at = await temporaryFolder()
  const files = await write(at.join('run'), several)
  const packed = await packModel(at.join('run'), files, at.join('work'))
  await write(at.join('other'), several)
  await utimes(at.join('other', 'config.json'), 1, 1)
  const again = await packModel(at.join('other'), [...files].reverse(), at.join('work-2'))
  expect(again.digest).toBe(packed.digest)
  expect(again.uploads.map(({ sha256 }) => sha256)).toEqual(packed.uploads.map(({ sha256 }) => sha256))
  const unpacked = await unpackModel(await fetched(at, packed.uploads))
  for (const [path, content] of Object.entries(several)) {
    expect(Buffer.compare(await readFile(join(unpacked.folder, path)), Buffer.from(content)), path).toBe(0)
  }
  const listed = execFileSync('tar', ['-tf', at.join('work', 'model.tar')], { encoding: 'utf8' })
  expect(listed.trim().split('\n')).toHaveLength(4)
})

test('what is above the limit comes in parts that join again', async () => {
  await using at = await temporaryFolder()
  const files = await write(at.join('run'), { 'model.bin': randomBytes(2500) })
  const packed = await packModel(at.join('run'), files, at.join('work'), 1000)
  expect(packed.uploads.map(({ path, bytes }) => [path, bytes]).slice(1)).toEqual([
    ['model.bin.part-001', 1000],
    ['model.bin.part-002', 1000],
    ['model.bin.part-003', 500],
  ])
  const unpacked = await unpackModel(await fetched(at, packed.uploads))
  expect(digest(await readFile(join(unpacked.folder, 'model.bin')))).toBe(files[0]?.sha256)
})

test('files that are not as recorded, empty or missing are refused', async () => {
  await using at = await temporaryFolder()
  const [file] = await write(at.join('run'), { 'model.joblib': 'bytes' })
  const two = [...(file === undefined ? [] : [file]), { path: 'gone', bytes: 1, sha256: 'a'.repeat(64) }]
  const other = [{ path: 'model.joblib', bytes: 5, sha256: 'a'.repeat(64) }]
  await expect(packModel(at.join('run'), other, at.join('work'))).rejects.toThrow(/not the recorded one/)
  await expect(packModel(at.join('run'), two, at.join('work'))).rejects.toThrow(/gone/)
  await expect(packModel(at.join('run'), [], at.join('work'))).rejects.toThrow(/no model files/)
  await expect(packModel(at.join('run'), await write(at.join('run'), { 'e.bin': '' }), at.join('work'))).rejects.toThrow(/is empty/)
})

test('a package that was tampered with is refused and leaves nothing', async () => {
  await using at = await temporaryFolder()
  const packed = await packModel(at.join('run'), await write(at.join('run'), { 'a/b.txt': '1', 'c.txt': '2' }), at.join('work'))
  const manifest = JSON.parse(packed.manifest)
  const attempt = async (name: string, change: (folder: string) => Promise<void>) => {
    const folder = await fetched(at, packed.uploads, name)
    await change(folder)
    await expect(unpackModel(folder), name).rejects.toThrow(
      /not the recorded|no manifest|does not list|lacks|no path inside|Fetch the version/,
    )
    await expect(readFile(join(folder, 'model', 'c.txt'))).rejects.toThrow(/ENOENT/)
  }
  await attempt('flipped', folder => writeFile(join(folder, 'model.tar'), 'x'))
  await attempt('no-manifest', folder => writeFile(join(folder, 'manifest.json'), '{}'))
  const rewritten = (files: object[]) => (folder: string) => writeFile(join(folder, 'manifest.json'), canonicalJson({ ...manifest, files }))
  await attempt('traversal', rewritten([{ ...manifest.files[0], path: '../escape.txt' }]))
  await attempt('unlisted', rewritten([manifest.files[1]]))
  await attempt('missing', rewritten([...manifest.files, { path: 'z', bytes: 1, sha256: 'a'.repeat(64) }]))
  await attempt('other-digest', rewritten([manifest.files[0], { ...manifest.files[1], sha256: 'a'.repeat(64) }]))
})
