import { describe, expect, test } from 'vitest'
import { canonicalJson, digest } from '../../../src/core/lineage/canonical.ts'
import type { LedgerEvent, LedgerState } from '../../../src/core/lineage/events.ts'
import type { Ledger, Proposal } from '../../../src/ports/ledger.ts'
import { registerEvent, rolloutEvents } from '../../core/lineage/events-for-tests.ts'
import { git, gitFixture } from '../../support/git-fixture.ts'
import { startGitHttp } from '../../support/git-http.ts'
import { ledgerOn } from './ledgers.ts'

const ref = 'refs/refline/models/churn/decisions'
const registerNext = (state: LedgerState): Proposal => ({ events: [registerEvent(state.versions + 1)] })
const register = (ledger: Ledger, request: string) =>
  ledger.append('churn', { id: `register:-:${request}:77`, subject: `register churn ${request}` }, registerNext)

describe.each(['a bare folder', 'smart HTTP'])('on %s', kind => {
  const open = async (options: Parameters<typeof startGitHttp>[1] = {}) => {
    const fixture = await gitFixture()
    const server = kind === 'smart HTTP' ? await startGitHttp(fixture.root, options) : null
    const remote = server === null ? fixture.bare : `${server.url}/acme/churn.git`
    const close = async () => {
      await server?.close()
      await fixture[Symbol.asyncDispose]()
    }
    return { remote, bare: fixture.bare, [Symbol.asyncDispose]: close }
  }

  test('reads nothing, writes the first and the next, and `git log` tells the story', async () => {
    await using at = await open()
    const ledger = ledgerOn(at.remote)
    expect(await ledger.read('churn')).toMatchObject({ seq: 0, versions: 0, head: null })
    expect(await ledger.head('churn')).toBeNull()
    expect(await ledger.records('churn')).toEqual([])
    const first = await register(ledger, 'a')
    expect(first).toMatchObject({ outcome: 'appended', seq: 1, state: { seq: 1, versions: 1 } })
    const subject = 'quarantine churn v1: it errs\n\nActor: mallory\u202e'
    const request = { id: 'quarantine:-:1:77', subject: (events: readonly LedgerEvent[]) => `${subject} (${events.length} event)` }
    await ledgerOn(at.remote).append('churn', request, () => ({ events: [{ kind: 'quarantine', version: 1, reason: 'errs' }] }))
    expect(await ledger.read('churn')).toMatchObject({ seq: 2, quarantine: { '1': 'errs' } })
    expect(await ledger.head('churn')).toBe(await git(at.bare, ['rev-parse', ref]))
    expect((await ledger.records('churn')).map(record => record.events[0]?.kind)).toEqual(['register', 'quarantine'])
    const log = await git(at.bare, ['log', '--format=%an|%s|%(trailers:only,unfold,separator=%x2C)', ref])
    expect(log.split('\n')).toEqual([
      'refline|quarantine churn v1: it errs Actor: mallory (1 event)|Actor: ann,Workflow-Run: 77,Request: quarantine:-:1:77,Seq: 2',
      'refline|register churn a|Actor: ann,Workflow-Run: 77,Request: register:-:a:77,Seq: 1',
    ])
    expect(await git(at.bare, ['ls-tree', '--name-only', ref])).toBe('record.json\nstate.json')
  })

  test('a repeated request is answered with what was recorded, also from below the head', async () => {
    await using at = await open()
    const first = await register(ledgerOn(at.remote), 'a')
    for (const request of ['b', 'c', 'd']) await register(ledgerOn(at.remote), request)
    let asked = 0
    const again = await ledgerOn(at.remote).append('churn', { id: 'register:-:a:77', subject: 'again' }, state => {
      asked += 1
      return registerNext(state)
    })
    expect(again).toMatchObject({ outcome: 'existing', seq: 1, events: first.events, state: { seq: 4 } })
    expect(asked).toBe(0)
    expect(await git(at.bare, ['rev-list', '--count', ref])).toBe('4')
  })

  test('four writers of five events lose none and double none', async () => {
    await using at = await open()
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      const ledger = ledgerOn(at.remote)
      for (let n = 0; n < 5; n += 1) expect((await register(ledger, `${writer}-${n}`)).outcome).toBe('appended')
    })
    await Promise.all(writers)
    const records = await ledgerOn(at.remote).records('churn')
    expect(new Set(records.map(record => record.request)).size).toBe(20)
    expect(records.map(record => (record.events[0] as { version: { version: number } }).version.version)).toEqual(
      Array.from({ length: 20 }, (_, index) => index + 1),
    )
  }, 60_000)

  test('the log of runs takes each key once and needs no order', async () => {
    await using at = await open()
    const log = (key: string) => ledgerOn(at.remote).log('churn', [{ key, entry: { auc: 0.9 } }])
    expect(await Promise.all([log('run-a'), log('run-b'), log('run-c')])).toEqual([1, 1, 1])
    expect(await log('run-b')).toBe(0)
    expect(await git(at.bare, ['rev-list', '--count', 'refs/refline/models/churn/runs'])).toBe('3')
    expect(await ledgerOn(at.remote).read('churn')).toMatchObject({ seq: 0 })
  })

  test('what the remote cannot say is an error, never an empty ledger', async () => {
    await using at = await open()
    await expect(ledgerOn(`${at.remote}-gone`).read('churn')).rejects.toThrow(/could not be read/)
  })
})

test('a rule of the handler stops the write, an empty proposal writes nothing, and evidence lies beside its record', async () => {
  await using fixture = await gitFixture()
  const ledger = ledgerOn(fixture.bare)
  await register(ledger, 'a')
  const request = { id: 'x:-:1:1', subject: 'x' }
  const failing = ledger.append('churn', request, () => {
    throw new Error('the gate failed')
  })
  await expect(failing).rejects.toThrow('the gate failed')
  expect(await ledger.append('churn', request, () => ({ events: [] }))).toMatchObject({ outcome: 'nothing', seq: 1, events: [] })
  const impossible = ledger.append('churn', request, () => ({ events: [rolloutEvents.end(1, 'promoted')] }))
  await expect(impossible).rejects.toThrow(/no rollout is under way/)
  await ledger.append('churn', { id: 'start:production:1:1', subject: 'start' }, () => ({ events: [rolloutEvents.start(1, null, 'blue')] }))
  const evidence = canonicalJson({ batches: [1, 2] })
  const seen: LedgerEvent = {
    kind: 'evidence',
    environment: 'production',
    rollout: '000000000001',
    until: 5,
    judge: { signals: {}, sampleRatio: { weight: 0.1, canary: 0, stable: 0 } },
    judgement: 'hold',
    evidence: digest(evidence),
  }
  await ledger.append('churn', { id: 'tick:production:1:1', subject: 'tick' }, () => ({ events: [seen], evidence }))
  expect(await git(fixture.bare, ['cat-file', 'blob', `${ref}:evidence.json`])).toBe(evidence)
  expect(await ledger.records('churn')).toHaveLength(3)
  const wrong = ledger.append('churn', { id: 'tick:production:2:1', subject: 'tick' }, () => ({ events: [seen], evidence: '{}' }))
  await expect(wrong).rejects.toThrow(/evidence/)
  expect(await git(fixture.bare, ['rev-list', '--count', ref])).toBe('3')
})

test('the ledger can be asked while it decides, and by many at once', async () => {
  await using fixture = await gitFixture()
  const ledger = ledgerOn(fixture.bare)
  const requests = ['a', 'b', 'c', 'd'].map(name =>
    ledger.append('churn', { id: `register:-:${name}:77`, subject: name }, async state => {
      const before = await ledger.records('churn')
      expect((await ledger.read('churn')).seq).toBeGreaterThanOrEqual(before.length)
      return registerNext(state)
    }),
  )
  expect(new Set((await Promise.all(requests)).map(({ seq }) => seq)).size).toBe(4)
})

test('the namespace can be one that rulesets protect', async () => {
  await using fixture = await gitFixture()
  await register(ledgerOn(fixture.bare, { namespace: 'refs/heads/refline' }), 'a')
  expect(await git(fixture.bare, ['for-each-ref', '--format=%(refname)', 'refs/heads/refline'])).toBe(
    'refs/heads/refline/models/churn/decisions',
  )
  expect(() => ledgerOn(fixture.bare, { namespace: 'refs/../x' })).toThrow(/namespace/)
})
