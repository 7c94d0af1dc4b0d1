import { rm, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { folderStore } from '../../../src/adapters/files/model-store.ts'
import { readForAudit, signing } from '../../../src/adapters/git/audit-source.ts'
import { backUp, restore } from '../../../src/adapters/git/backup.ts'
import { unbundled } from '../../../src/adapters/git/bundle.ts'
import { verifyModel } from '../../../src/cli/verifying.ts'
import { canonicalJson, digest } from '../../../src/core/lineage/canonical.ts'
import { registerEvent } from '../../core/lineage/events-for-tests.ts'
import { type GitFixture, git, gitFixture } from '../../support/git-fixture.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { hastyClock } from '../github/support.ts'
import { ledgerOn } from './ledgers.ts'

const decisions = 'refs/refline/models/churn/decisions'
const settingsOf = (remote: string) => ({ remote, environment: {}, clock: hastyClock(), random: Math.random, deadlineSeconds: 20 })

/** A ledger of two versions whose files are in a folder and whose tags are on the remote; a log of runs; and a second model. */
const world = async () => {
  const fixture = await gitFixture()
  const folder = await temporaryFolder('refline-backup-test-')
  const store = folderStore(folder.join('store'))
  const ledger = ledgerOn(fixture.bare)
  for (const version of [1, 2]) {
    const text = canonicalJson({
      schema: 1,
      files: [{ path: 'm', bytes: version, sha256: digest(String(version)) }],
      packing: {
        kind: 'file',
        bytes: version,
        sha256: digest(String(version)),
        parts: [{ path: 'm', bytes: version, sha256: digest(String(version)) }],
      },
    })
    await writeFile(folder.join('manifest.json'), text)
    const manifest = { path: 'manifest.json', bytes: Buffer.byteLength(text), sha256: digest(text) }
    const commit = await ledger.head('churn')
    const uploads = [{ ...manifest, from: folder.join('manifest.json') }]
    const published = await store.publish({
      model: 'churn',
      digest: manifest.sha256,
      owner: `churn-00000000000${version}`,
      commit,
      uploads,
    })
    const facts = { tag: published.tag, assets: [manifest], digest: manifest.sha256, ...(commit === null ? {} : { tagged: commit }) }
    await ledger.append('churn', { id: `register:-:${version}:77`, subject: `register churn v${version}` }, () => ({
      events: [registerEvent(version, 'churn', facts)],
    }))
    await store.describe(published.tag, `churn v${version}`, 'the card')
    await git(fixture.bare, ['update-ref', `refs/tags/${published.tag}`, commit ?? 'refs/heads/main'])
  }
  await ledger.log('churn', [{ key: 'run-a', entry: { auc: 0.9 } }])
  await ledgerOn(fixture.bare).append('fraud', { id: 'register:-:1:77', subject: 'register fraud v1' }, () => ({
    events: [registerEvent(1, 'fraud')],
  }))
  const verify = (against: string | null = null) =>
    verifyModel(
      { model: 'churn', deep: false, against },
      {
        read: (model, copy) =>
          copy === null
            ? readForAudit(settingsOf(fixture.bare), model)
            : unbundled(copy, undefined, remote => readForAudit(settingsOf(fixture.bare), model, { name: copy, remote })),
        signing,
        store,
        workflowRuns: null,
        clock: { now: () => Date.now() },
      },
    )
  return {
    fixture,
    store,
    verify,
    bundle: folder.join('ledger.bundle'),
    [Symbol.asyncDispose]: async () => {
      await folder[Symbol.asyncDispose]()
      await fixture[Symbol.asyncDispose]()
    },
  }
}

const deleteAll = async ({ bare }: GitFixture): Promise<void> => {
  const refs = (await git(bare, ['for-each-ref', '--format=delete %(refname)', 'refs/refline', 'refs/tags/refline'])).split('\n')
  await git(bare, ['update-ref', '--stdin'], { input: `${refs.join('\n')}\n` })
}

const whatOf = async (remote: string, bundle: string, apply: boolean) =>
  Object.fromEntries((await restore(settingsOf(remote), bundle, apply)).map(({ ref, what }) => [ref, what]))

describe('the restore drill', () => {
  test('backup, loss, restore, verify, append', async () => {
    await using at = await world()
    const { bare } = at.fixture
    const backup = await backUp(settingsOf(bare), at.bundle)
    expect(backup.refs).toHaveLength(4)
    expect(backup.leftOut).toHaveLength(1)
    await deleteAll(at.fixture)
    expect((await at.verify()).findings[0]).toMatchObject({
      kind: 'gone',
      sentence: expect.stringContaining('The ledger of churn is gone'),
    })

    const dry = await whatOf(bare, at.bundle, false)
    expect(Object.values(dry)).toEqual(Array(4).fill('create'))
    expect(await git(bare, ['for-each-ref', 'refs/refline'])).toBe('')
    expect(await whatOf(bare, at.bundle, true)).toEqual(dry)
    expect(Object.values(await whatOf(bare, at.bundle, true))).toEqual(Array(4).fill('same'))

    expect(await at.verify(at.bundle)).toMatchObject({ events: 2, witnesses: 2, findings: [] })
    const appended = await ledgerOn(bare).append('churn', { id: 'pin:-:v1:78', subject: 'pin churn v1' }, () => ({
      events: [{ kind: 'pin', version: 1, reason: 'after the drill' }],
    }))
    expect(appended).toMatchObject({ outcome: 'appended', seq: 3 })
    expect(await ledgerOn(bare).runs('churn')).toMatchObject([{ key: 'run-a' }])
    expect(await whatOf(bare, at.bundle, true)).toMatchObject({ [decisions]: 'newer' })
    expect((await at.verify(at.bundle)).findings).toEqual([])
  }, 60_000)

  test('what is only behind is brought up to date, and what differs is never touched', async () => {
    await using at = await world()
    const { bare } = at.fixture
    await backUp(settingsOf(bare), at.bundle)
    const tip = await git(bare, ['rev-parse', decisions])
    await git(bare, ['update-ref', decisions, `${decisions}~1`])
    expect(await whatOf(bare, at.bundle, true)).toMatchObject({ [decisions]: 'fast-forward' })
    expect(await git(bare, ['rev-parse', decisions])).toBe(tip)
    await git(bare, ['update-ref', decisions, 'refs/heads/main'])
    expect(await whatOf(bare, at.bundle, true)).toMatchObject({ [decisions]: 'differs' })
    expect(await git(bare, ['rev-parse', decisions])).toBe(await git(bare, ['rev-parse', 'refs/heads/main']))
  }, 60_000)

  test('nothing to back up, and no bundle, are said', async () => {
    await using fixture = await gitFixture()
    await using folder = await temporaryFolder()
    await expect(backUp(settingsOf(fixture.bare), folder.join('x.bundle'))).rejects.toThrow(/nothing to back up/)
    await writeFile(folder.join('x.bundle'), 'no bundle')
    await expect(restore(settingsOf(fixture.bare), folder.join('x.bundle'), false)).rejects.toThrow(/no whole bundle/)
    await rm(folder.join('x.bundle'))
    await git(fixture.clone, ['bundle', 'create', folder.join('x.bundle'), 'HEAD'])
    await expect(restore(settingsOf(fixture.bare), folder.join('x.bundle'), false)).rejects.toThrow(/no backup of ledgers/)
  })
})
