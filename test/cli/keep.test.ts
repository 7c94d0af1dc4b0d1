import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordOf } from '../actions/fixtures.ts'
import { churnCheckout, registered } from '../support/churn-ledger.ts'
import { type GitFixture, git } from '../support/git-fixture.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { typed } from './terminal.ts'

let checkout: GitFixture
beforeAll(async () => {
  checkout = await churnCheckout()
})
afterAll(() => checkout[Symbol.asyncDispose]())

const decisions = 'refs/refline/models/churn/decisions'

describe('at a terminal', () => {
  test('verify says in one line that all is well, and in sentences what is not', async () => {
    const { code, stdout } = await typed(checkout.clone, 'verify')
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^churn: chain verified: \d+ events, 4 versions, 0 witnesses, releases not read in \d+\.\d s\nnote: releases were not read/,
      ),
    ])
    const { stdout: json } = await typed(checkout.clone, 'verify', '--json')
    expect(JSON.parse(json)).toMatchObject({ schema: 1, model: 'churn', verified: true, versions: 4, findings: [] })

    await using folder = await temporaryFolder()
    const bundle = folder.join('ledger.bundle')
    expect((await typed(checkout.clone, 'backup', '--output', bundle)).stdout).toMatch(/ledger.bundle: 2 refs \(churn\), 0 tags\n$/)
    const tip = await git(checkout.bare, ['rev-parse', decisions])
    await git(checkout.bare, ['update-ref', decisions, `${decisions}~2`])
    const against = await typed(checkout.clone, 'verify', 'churn', '--against', bundle)
    expect(against).toMatchObject({ code: 1, stderr: 'the ledger of churn could not be verified' })
    expect(against.stdout).toMatch(
      /^churn: NOT verified: 1 finding .*\nerror: The newest events were taken away: the ledger ends at seq \d+ .*\nwhat to do \(rewritten\): /,
    )

    const dry = await typed(checkout.clone, 'restore', bundle)
    expect(dry.stdout).toMatch(
      /^refs\/refline\/models\/churn\/runs is the same\nwould bring up to date refs\/refline\/models\/churn\/decisions\nnothing was done; --apply does it\n$/,
    )
    expect((await typed(checkout.clone, 'restore', bundle, '--apply')).code).toBe(0)
    expect(await git(checkout.bare, ['rev-parse', decisions])).toBe(tip)
    expect((await typed(checkout.clone, 'verify', '--against', bundle)).code).toBe(0)
  }, 60_000)

  test('what cannot be read is exit code 2', async () => {
    expect(await typed(checkout.clone, 'verify', '--against', 'no-such')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/--against names "no-such", and there is no such file/),
    })
    expect(await typed(checkout.clone, 'verify', '--ledger', join(checkout.root, 'gone'))).toMatchObject({ code: 2 })
    expect(await typed(checkout.clone, 'verify', 'fraud')).toMatchObject({ code: 2, stderr: expect.stringMatching(/has no record/) })
    expect(await typed(checkout.clone, 'verify', '--deep')).toMatchObject({ code: 2, stderr: expect.stringMatching(/GH_TOKEN|releases/) })
    expect(await typed(checkout.clone, 'restore', 'refline.yml')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no whole bundle/),
    })
  }, 60_000)

  test('a bundle whose ledger was tampered with is not restored', async () => {
    await using folder = await temporaryFolder()
    const bundle = folder.join('forged.bundle')
    const tree = await git(checkout.bare, ['rev-parse', `${decisions}^{tree}`])
    const forged = await git(checkout.bare, ['commit-tree', tree, '-p', decisions, '-m', 'forged'])
    await git(checkout.bare, ['update-ref', decisions, forged])
    await git(checkout.bare, ['bundle', 'create', '--quiet', bundle, decisions])
    await git(checkout.bare, ['update-ref', decisions, `${forged}~1`])
    expect(await typed(checkout.clone, 'restore', bundle, '--apply')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/the ledger of churn in \S+ is not as it was written, so nothing is restored: /),
    })
    expect(await git(checkout.bare, ['rev-parse', decisions])).toBe(await git(checkout.bare, ['rev-parse', `${forged}~1`]))
  }, 60_000)

  test('pin and unpin are decisions, and gc says what it would give up', async () => {
    const pinned = await typed(checkout.clone, 'pin', 'v1', '--reason', 'cited')
    expect(pinned.stdout).toMatch(/^request desk-[0-9a-f]{12}\npinned churn v1 \(seq \d+\)\n$/)
    const plan = JSON.parse((await typed(checkout.clone, 'gc', '--older-than', '1d', '--keep', '1', '--json')).stdout)
    expect(plan).toMatchObject({ applied: false, delete: [], waiting: [] })
    expect(plan.staying).toContainEqual({ version: 1, why: expect.stringMatching(/^it is |pinned|rolled back/) })
    expect((await typed(checkout.clone, 'unpin', '1', '--reason', 'over')).code).toBe(0)
    expect(await typed(checkout.clone, 'unpin', '1', '--reason', 'over')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/v1 is not pinned/),
    })
    expect(await typed(checkout.clone, 'pin', 'champion', '--reason', 'x')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/number such as v3/),
    })
    expect(await typed(checkout.clone, 'gc', '--older-than', 'long')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/number of days such as 90d/),
    })
    expect(await git(checkout.bare, ['log', '-1', '--format=%s', decisions])).toBe('unpin churn v1: over')
  }, 60_000)

  test('gc marks what nobody needs, once, and says when it may be deleted', async () => {
    await using folder = await temporaryFolder()
    const store = folder.join('store')
    await mkdir(store)
    const more = [5, 6].map(version => registered(version, { value: 0.9, params: {}, data: 'more', champion: 2 }))
    await using other = await churnCheckout(...more, { kind: 'alias', alias: 'challenger', from: 4, to: 6 })
    const gc = (...args: readonly string[]) => typed(other.clone, 'gc', '--older-than', '0', '--keep', '0', '--store', store, ...args)
    expect((await gc()).stdout).toMatch(
      /^churn: would mark v5; would delete the files of none\n {2}v5: nothing needs it, [\s\S]*nothing was done; --apply does it\n$/,
    )
    expect((await gc('--apply')).stdout).toMatch(/\nchurn: marked v5; deleted the files of none\n/)
    expect(await git(other.bare, ['log', '-1', '--format=%s', decisions])).toBe('mark churn v5')
    expect((await gc('--apply')).stdout).toMatch(
      /\nchurn: marked none; deleted the files of none\n {2}v5 is marked and may be deleted in 30 days\n/,
    )
    expect((await typed(other.clone, 'verify')).code).toBe(0)
  }, 60_000)

  test('collect writes the runs of a matrix in one push, each once, and compact has nothing to do', async () => {
    await using folder = await temporaryFolder()
    const runs = ['1', '2', '3'].map(digit => recordOf({ run: `churn-${digit.repeat(12)}` }))
    for (const run of runs) {
      await mkdir(folder.join(run.run, 'files', 'model'), { recursive: true })
      await writeFile(folder.join(run.run, 'run.json'), JSON.stringify(run))
      await writeFile(folder.join(run.run, 'files', 'model', 'run.json'), 'a model file')
    }
    const commits = async (): Promise<number> => Number(await git(checkout.bare, ['rev-list', '--count', 'refs/refline/models/churn/runs']))
    const before = await commits()
    expect((await typed(checkout.clone, 'collect', folder.path)).stdout).toBe('churn: 3 runs found, 3 of them new in the log of runs\n')
    expect(await commits()).toBe(before + 1)
    expect((await typed(checkout.clone, 'collect', folder.path)).stdout).toBe('churn: 3 runs found, 0 of them new in the log of runs\n')
    await mkdir(folder.join('empty'))
    expect((await typed(checkout.clone, 'collect', folder.join('empty'))).stdout).toBe('no run was found, so nothing was written\n')
    expect(await typed(checkout.clone, 'collect')).toMatchObject({ code: 2, stderr: expect.stringMatching(/no artifact service here/) })
    await writeFile(folder.join('run.json'), '{')
    expect(await typed(checkout.clone, 'collect', folder.path)).toMatchObject({ code: 2, stderr: expect.stringMatching(/is not JSON/) })
    expect((await typed(checkout.clone, 'compact')).stdout).toBe('churn: the log of runs is short enough, nothing was moved\n')
  }, 60_000)
})
