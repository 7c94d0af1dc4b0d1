import { describe, expect, test } from 'vitest'
import { refsOf } from '../../../src/adapters/git/ledger.ts'
import { temporaryRepository } from '../../../src/adapters/git/repository.ts'
import { compactRuns } from '../../../src/adapters/git/run-archive.ts'
import { git, gitFixture } from '../../support/git-fixture.ts'
import { ledgerOn } from './ledgers.ts'

const runs = 'refs/refline/models/churn/runs'
const lines = (from: number, to: number, text = '') =>
  Array.from({ length: to - from }, (_, index) => ({ key: `run-${from + index}`, entry: { n: from + index, text } }))
const keys = (listed: readonly { readonly key: string }[]) => listed.map(({ key }) => key)
const newestFirst = (from: number, to: number) => keys(lines(from, to)).toReversed()
const writer = { actor: 'ann', workflow_run: '77', workflow: null, commit: null }

const compact = (bare: string, threshold: number) => {
  const clock = { now: () => Date.now(), sleep: async () => {} }
  const settings = {
    repository: temporaryRepository({ remote: bare, environment: {} }),
    remote: bare,
    clock,
    random: Math.random,
    deadlineSeconds: 60,
  }
  return compactRuns(settings, { ...refsOf('churn'), model: 'churn', end: Date.now() + 60_000 }, { release: '0.2.0', writer }, threshold)
}

describe('the log of runs', () => {
  test('takes all runs of a matrix in one push, and each once', async () => {
    await using fixture = await gitFixture()
    const ledger = ledgerOn(fixture.bare)
    expect(await ledger.log('churn', lines(0, 200))).toBe(200)
    expect(await git(fixture.bare, ['rev-list', '--count', runs])).toBe('1')
    expect(await ledgerOn(fixture.bare).log('churn', lines(150, 256))).toBe(56)
    expect(keys(await ledger.runs('churn'))).toEqual(newestFirst(0, 256))
    expect(await ledger.runs('churn', 2)).toMatchObject([
      { key: 'run-255', entry: { n: 255 }, writer: { actor: 'ann', workflow_run: '77' } },
      { key: 'run-254' },
    ])
  })

  test('spreads what is more than 64 KB over several commits of one push', async () => {
    await using fixture = await gitFixture()
    expect(await ledgerOn(fixture.bare).log('churn', lines(0, 100, 'x'.repeat(2000)))).toBe(100)
    expect(Number(await git(fixture.bare, ['rev-list', '--count', runs]))).toBeGreaterThan(3)
    expect(keys(await ledgerOn(fixture.bare).runs('churn'))).toEqual(newestFirst(0, 100))
    await expect(ledgerOn(fixture.bare).log('churn', lines(200, 201, 'x'.repeat(70_000)))).rejects.toThrow(/does not fit the log of runs/)
  })

  test('that nobody can read is begun anew; one of a newer release is not', async () => {
    await using fixture = await gitFixture()
    const put = async (text: string) => {
      const blob = await git(fixture.bare, ['hash-object', '-w', '--stdin'], { input: text })
      const tree = await git(fixture.bare, ['mktree'], { input: `100644 blob ${blob}\trecord.json\n100644 blob ${blob}\tstate.json\n` })
      await git(fixture.bare, ['update-ref', runs, await git(fixture.bare, ['commit-tree', tree, '-m', 'x'])])
    }
    await put('<html>')
    expect(await ledgerOn(fixture.bare).log('churn', lines(0, 1))).toBe(1)
    expect(keys(await ledgerOn(fixture.bare).runs('churn'))).toEqual(['run-0'])
    await put('{"release":"2.0.0","schema":3}')
    await expect(ledgerOn(fixture.bare).log('churn', lines(1, 2))).rejects.toThrow(/log of runs of churn was written by Refline 2\.0\.0/)
    await expect(ledgerOn(fixture.bare).runs('churn')).rejects.toThrow(/Use release 2\.0\.0 or newer/)
  })
})

describe('compaction of the log of runs', () => {
  test('keeps every line once, goes on while others write, and can be repeated', async () => {
    await using fixture = await gitFixture()
    const ledger = ledgerOn(fixture.bare)
    for (let n = 0; n < 12; n += 1) await ledger.log('churn', lines(n * 10, n * 10 + 10, 'x'.repeat(300)))
    expect(await compact(fixture.bare, 20)).toBe(0)
    expect(await compact(fixture.bare, 10)).toBe(120)
    expect(await git(fixture.bare, ['rev-list', '--count', runs])).toBe('1')
    expect(keys(await ledger.runs('churn'))).toEqual(newestFirst(0, 120))
    expect(keys(await ledgerOn(fixture.bare).runs('churn', 5))).toEqual(newestFirst(115, 120))
    // A writer that knows only the log as it was before writes on top of what stands there now.
    expect(await ledger.log('churn', lines(115, 125))).toBe(5)
    for (let n = 0; n < 12; n += 1) await ledgerOn(fixture.bare).log('churn', lines(125 + n, 126 + n))
    expect(await compact(fixture.bare, 10)).toBeGreaterThanOrEqual(17)
    expect(keys(await ledgerOn(fixture.bare).runs('churn'))).toEqual(newestFirst(0, 137))
  })

  test('stopped after the segments were written, it goes on and lists nothing twice', async () => {
    await using fixture = await gitFixture()
    const ledger = ledgerOn(fixture.bare)
    for (let n = 0; n < 12; n += 1) await ledger.log('churn', lines(n, n + 1))
    const before = await git(fixture.bare, ['rev-parse', runs])
    await compact(fixture.bare, 10)
    await git(fixture.bare, ['update-ref', runs, before])
    expect(keys(await ledgerOn(fixture.bare).runs('churn'))).toEqual(newestFirst(0, 12))
    await compact(fixture.bare, 10)
    expect(await git(fixture.bare, ['rev-list', '--count', runs])).toBe('1')
    expect(keys(await ledgerOn(fixture.bare).runs('churn'))).toEqual(newestFirst(0, 12))
  })

  test('an archive that Refline did not write is an error in words', async () => {
    await using fixture = await gitFixture()
    for (let n = 0; n < 12; n += 1) await ledgerOn(fixture.bare).log('churn', lines(n, n + 1))
    const blob = await git(fixture.bare, ['hash-object', '-w', '--stdin'], { input: '<html>' })
    const tree = await git(fixture.bare, ['mktree'], { input: `100644 blob ${blob}\tindex.json\n` })
    const archive = 'refs/refline/models/churn/archive'
    await git(fixture.bare, ['update-ref', archive, await git(fixture.bare, ['commit-tree', tree, '-m', 'x'])])
    await expect(ledgerOn(fixture.bare).runs('churn')).rejects.toThrow(/archive of runs of churn cannot be read: .* not written by Refline/)
    await expect(compact(fixture.bare, 10)).rejects.toThrow(/cannot be read/)
  })
})
