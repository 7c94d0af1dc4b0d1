import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readForAudit, signing } from '../../../src/adapters/git/audit-source.ts'
import { unbundled } from '../../../src/adapters/git/bundle.ts'
import { audit } from '../../../src/core/lineage/audit/audit.ts'
import { registerEvent } from '../../core/lineage/events-for-tests.ts'
import { bareRepository, git, gitFixture } from '../../support/git-fixture.ts'
import { startGitHttp } from '../../support/git-http.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { hastyClock } from '../github/support.ts'
import { ledgerOn } from './ledgers.ts'

const bundle = join(import.meta.dirname, '..', '..', 'fixtures', 'ledgers', 'schema-1.bundle')
const settingsOf = (remote: string) => ({ remote, environment: {}, clock: hastyClock(), random: Math.random, deadlineSeconds: 20 })
const auditOf = async (remote: string, against: string | null = null) =>
  audit(
    {
      ...(await readForAudit(settingsOf(remote), 'churn', against === null ? null : { name: against, remote: against })),
      releases: null,
      workflowRuns: null,
    },
    signing,
  )

describe('a ledger of schema 1, which release 0.1 wrote', () => {
  test('has no finding, and none when it goes on in schema 2', async () => {
    await using folder = await temporaryFolder('refline-audit-')
    const bare = folder.join('churn.git')
    await bareRepository(bare)
    await git(bare, ['fetch', '--quiet', bundle, 'refs/refline/*:refs/refline/*'])
    const before = await auditOf(bare)
    expect(before.findings.filter(({ kind }) => kind !== 'tag')).toEqual([])
    expect(before).toMatchObject({ events: 19 })
    const pin = { id: 'pin:-:2:78', subject: 'pin churn v2' }
    await ledgerOn(bare).append('churn', pin, () => ({ events: [{ kind: 'pin', version: 2, reason: 'for the report' }] }))
    expect((await unbundled(bundle, undefined, copy => auditOf(bare, copy))).findings.filter(({ kind }) => kind !== 'tag')).toEqual([])
  }, 30_000)
})

test('over HTTP the tag of a first version, which sits on a commit of the code, is no witness and no finding', async () => {
  await using fixture = await gitFixture()
  await git(fixture.bare, ['config', 'uploadpack.allowFilter', 'true'])
  await using server = await startGitHttp(fixture.root)
  const remote = `${server.url}/acme/churn.git`
  const tag = 'refline/churn/000000000001'
  await git(fixture.bare, ['update-ref', `refs/tags/${tag}`, 'refs/heads/main'])
  await ledgerOn(remote).append('churn', { id: 'register:-:1:77', subject: 'register churn v1' }, () => ({ events: [registerEvent(1)] }))
  const { witnesses } = await readForAudit(settingsOf(remote), 'churn')
  expect(witnesses).toEqual([
    { kind: 'tag', name: tag, commit: await git(fixture.bare, ['rev-parse', 'main']), record: null, ancestry: [] },
  ])
  expect(await auditOf(remote)).toMatchObject({ events: 1, findings: [] })
})

test('a copy without this ledger is said to be none', async () => {
  await using fixture = await gitFixture()
  await ledgerOn(fixture.bare).append('churn', { id: 'register:-:1:77', subject: 'register churn v1' }, () => ({
    events: [registerEvent(1)],
  }))
  await expect(readForAudit(settingsOf(fixture.bare), 'churn', { name: fixture.clone, remote: fixture.clone })).rejects.toThrow(
    /has no ledger of churn .*git fetch origin/,
  )
})
