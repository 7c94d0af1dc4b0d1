import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ledgerRemote } from '../../../src/adapters/git/remote.ts'
import type { LedgerState } from '../../../src/core/lineage/events.ts'
import type { Ledger } from '../../../src/ports/ledger.ts'
import { registerEvent } from '../../core/lineage/events-for-tests.ts'
import { type GitFixture, git, gitFixture } from '../../support/git-fixture.ts'
import { startGitHttp } from '../../support/git-http.ts'
import { ledgerOn } from './ledgers.ts'

const ref = 'refs/refline/models/churn/decisions'
const register = (ledger: Ledger, request: string) =>
  ledger.append('churn', { id: `register:-:${request}:77`, subject: request }, (state: LedgerState) => ({
    events: [registerEvent(state.versions + 1)],
  }))

/** The remote of a workspace as an action finds it, from its `origin` or from the input `ledger`. */
const remoteOf = async (workspace: string, override: string | null = null): Promise<string> =>
  (await ledgerRemote({ workspace, serverUrl: 'https://github.com', repository: null, token: null, override })).remote

const shallow = async (fixture: GitFixture, origin: string): Promise<string> => {
  await fixture.commit('second', { 'a.txt': 'a' })
  const workspace = join(fixture.root, 'shallow')
  await git(fixture.root, ['clone', '--quiet', '--depth=1', origin, workspace])
  expect(await git(workspace, ['rev-parse', '--is-shallow-repository'])).toBe('true')
  return workspace
}

type Remote = (fixture: GitFixture, server: string) => Promise<{ readonly remote: string; readonly holds: string }>
const remotes: readonly (readonly [string, Remote])[] = [
  ['smart HTTP', async (fixture, server) => ({ remote: `${server}/acme/churn.git`, holds: fixture.bare })],
  ['file://', async fixture => ({ remote: await remoteOf(fixture.clone, `file://${fixture.bare}`), holds: fixture.bare })],
  ['a bare folder', async fixture => ({ remote: await remoteOf(fixture.clone, '../repositories/acme/churn.git'), holds: fixture.bare })],
  ['a checkout itself', async fixture => ({ remote: await remoteOf(fixture.clone, '.'), holds: fixture.clone })],
  [
    'a linked worktree',
    async fixture => {
      const tree = join(fixture.root, 'tree')
      await fixture.git('worktree', 'add', '--quiet', '--detach', tree)
      return { remote: await remoteOf(tree, '.'), holds: fixture.clone }
    },
  ],
  [
    'the origin of a shallow checkout over HTTP',
    async (fixture, server) => ({ remote: await remoteOf(await shallow(fixture, `${server}/acme/churn.git`)), holds: fixture.bare }),
  ],
  [
    'the origin of a shallow checkout by file://',
    async fixture => ({ remote: await remoteOf(await shallow(fixture, `file://${fixture.bare}`)), holds: fixture.bare }),
  ],
  [
    'a shallow checkout itself',
    async fixture => {
      const workspace = await shallow(fixture, `file://${fixture.bare}`)
      return { remote: await remoteOf(workspace, '.'), holds: workspace }
    },
  ],
]

describe.each(remotes)('%s', (_, prepare) => {
  test('holds a ledger: several jobs write, repeat, log and read', async () => {
    await using fixture = await gitFixture()
    await using server = await startGitHttp(fixture.root)
    const { remote, holds } = await prepare(fixture, server.url)
    const job = () => ledgerOn(remote)
    expect(await job().read('churn')).toMatchObject({ seq: 0 })
    expect(await register(job(), 'a')).toMatchObject({ outcome: 'appended', seq: 1 })
    const both = await Promise.all([register(job(), 'b'), register(job(), 'c')])
    expect(both.map(({ outcome }) => outcome)).toEqual(['appended', 'appended'])
    expect(await register(job(), 'a')).toMatchObject({ outcome: 'existing', seq: 1 })
    const line = [{ key: 'run-a', entry: { auc: 0.9 } }]
    expect([await job().log('churn', line), await job().log('churn', line)]).toEqual([1, 0])
    expect(await job().runs('churn')).toMatchObject(line)
    expect((await job().records('churn')).map(record => record.seq)).toEqual([1, 2, 3])
    expect(await git(holds, ['rev-list', '--count', ref])).toBe('3')
  }, 60_000)

  test('is left as it was beside its ledger', async () => {
    await using fixture = await gitFixture()
    await using server = await startGitHttp(fixture.root)
    const { remote, holds } = await prepare(fixture, server.url)
    const refs = async () => (await git(holds, ['for-each-ref', '--format=%(refname) %(objectname)'])).split('\n')
    const before = await refs()
    await register(ledgerOn(remote), 'a')
    const after = await refs()
    expect(after.filter(line => !line.startsWith('refs/refline/'))).toEqual(before)
    expect(after).toHaveLength(before.length + 1)
    expect(await git(fixture.clone, ['status', '--porcelain'])).toBe('')
  })
})
