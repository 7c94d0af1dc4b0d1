import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { jobSummary } from '../../../src/adapters/runner/summary.ts'
import { temporaryFolder } from '../../support/temporary.ts'

test('each write is added below the ones before', async () => {
  await using folder = await temporaryFolder()
  const file = folder.join('summary.md')
  await writeFile(file, 'before\n')
  const summary = jobSummary({ GITHUB_STEP_SUMMARY: file })
  await summary.write('# one')
  await summary.write('# two')
  expect(await readFile(file, 'utf8')).toBe('before\n# one\n\n# two\n\n')
})

test('a step never has more than 1 MiB, and characters stay whole', async () => {
  await using folder = await temporaryFolder()
  const file = folder.join('summary.md')
  const summary = jobSummary({ GITHUB_STEP_SUMMARY: file })
  for (let write = 0; write < 5; write += 1) await summary.write('😀\n\n'.repeat(100_000))
  expect((await stat(file)).size).toBeLessThanOrEqual(1024 * 1024)
  const text = await readFile(file, 'utf8')
  expect(text).toContain('cut here')
  expect(text).not.toContain('\ufffd')
})

test('without a runner, or where the file cannot be written, nothing happens', async () => {
  await using folder = await temporaryFolder()
  await jobSummary({}).write('x')
  await jobSummary({ GITHUB_STEP_SUMMARY: folder.join('no', 'folder') }).write('x')
  expect(await readdir(folder.path)).toEqual([])
})

test('what is rewritten takes the place of its last version and leaves what stood before', async () => {
  await using folder = await temporaryFolder()
  const file = folder.join('summary.md')
  await writeFile(file, 'another step of ours\n')
  const summary = jobSummary({ GITHUB_STEP_SUMMARY: file })
  await summary.rewrite('# 5 % of the traffic, and a long line')
  await summary.rewrite('# 10 %')
  expect(await readFile(file, 'utf8')).toBe('another step of ours\n# 10 %\n\n')
  await summary.rewrite('# live 😀')
  await summary.write('# after it')
  expect(await readFile(file, 'utf8')).toBe('another step of ours\n# live 😀\n\n# after it\n\n')
  await jobSummary({}).rewrite('x')
  await jobSummary({ GITHUB_STEP_SUMMARY: folder.join('no', 'folder') }).rewrite('x')
})

test('however often it is rewritten, a step has one part and at most 1 MiB', async () => {
  await using folder = await temporaryFolder()
  const file = folder.join('summary.md')
  const summary = jobSummary({ GITHUB_STEP_SUMMARY: file })
  for (const length of [10, 900_000, 2_000_000, 20]) await summary.rewrite('é\n\n'.repeat(length))
  expect(await readFile(file, 'utf8')).toBe(`${'é\n\n'.repeat(20)}\n\n`)
  await summary.rewrite('é\n\n'.repeat(2_000_000))
  expect((await stat(file)).size).toBeLessThanOrEqual(1024 * 1024)
})
