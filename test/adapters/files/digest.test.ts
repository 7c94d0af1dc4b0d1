import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { digestFile, digestOfFiles, digestTree } from '../../../src/adapters/files/digest.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'refline-digest-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

it('digests one file', async () => {
  writeFileSync(join(folder, 'a'), 'abc')
  expect(await digestFile(join(folder, 'a'))).toEqual({
    bytes: 3,
    sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  })
  expect(await digestTree(join(folder, 'a'))).toEqual([{ path: 'a', bytes: 3, sha256: sha256('abc') }])
})

it('lists a folder sorted, whatever order it was written in', async () => {
  mkdirSync(join(folder, 'b/c'), { recursive: true })
  for (const path of ['z', 'b/c/y', 'b.txt', 'b/a']) writeFileSync(join(folder, path), path)
  expect(await digestTree(folder)).toEqual(['b.txt', 'b/a', 'b/c/y', 'z'].map(path => ({ path, bytes: path.length, sha256: sha256(path) })))
})

it('gives another digest for a renamed file and the same for the same files', () => {
  const file = { path: 'a', bytes: 3, sha256: sha256('abc') }
  expect(digestOfFiles([file])).toBe(digestOfFiles([{ ...file }]))
  expect(digestOfFiles([file])).not.toBe(digestOfFiles([{ ...file, path: 'b' }]))
})

it('refuses symbolic links and names what is missing', async () => {
  writeFileSync(join(folder, 'a'), 'abc')
  symlinkSync('/etc/passwd', join(folder, 'link'))
  await expect(digestTree(folder)).rejects.toThrow(/link is a symbolic link/)
  await expect(digestTree(join(folder, 'nothing'))).rejects.toThrow(/nothing is not there/)
})
