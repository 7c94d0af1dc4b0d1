import { describe, expect, test } from 'vitest'
import type { LedgerState } from '../../../src/core/lineage/events.ts'
import type { Ledger } from '../../../src/ports/ledger.ts'
import { registerEvent } from '../../core/lineage/events-for-tests.ts'
import { bareRepository, git, gitFixture } from '../../support/git-fixture.ts'
import { type GitFault, type GitRequest, startGitHttp } from '../../support/git-http.ts'
import { ledgerOn } from './ledgers.ts'

const ref = 'refs/refline/models/churn/decisions'
const registerNext = (state: LedgerState) => ({ events: [registerEvent(state.versions + 1)] })
const register = (ledger: Ledger, request: string) =>
  ledger.append('churn', { id: `register:-:${request}:77`, subject: `register churn ${request}` }, registerNext)
const pushes = (request: GitRequest) => request.service === 'git-receive-pack' && request.step === 'exchange'

const served = async (faults: (request: GitRequest) => GitFault, authorize?: (request: GitRequest) => 200 | 401 | 403 | 404) => {
  const fixture = await gitFixture()
  const server = await startGitHttp(fixture.root, { faults, ...(authorize === undefined ? {} : { authorize }) })
  const close = async () => {
    await server.close()
    await fixture[Symbol.asyncDispose]()
  }
  return { remote: `${server.url}/acme/churn.git`, server, bare: fixture.bare, [Symbol.asyncDispose]: close }
}

describe('answers that are lost or wrong', () => {
  test('a push that landed and whose answer was lost is recognised: one record, appended', async () => {
    await using at = await served(request => (pushes(request) && request.index % 2 === 0 ? 'drop-after' : null))
    const ledger = ledgerOn(at.remote)
    for (const request of ['a', 'b', 'c']) expect(await register(ledger, request)).toMatchObject({ outcome: 'appended' })
    expect(await git(at.bare, ['rev-list', '--count', ref])).toBe('3')
    expect(await ledger.records('churn')).toHaveLength(3)
  })

  test('a push that never arrived, and 500s while reading and writing, are tried again', async () => {
    await using at = await served(request => {
      if (pushes(request)) return request.index < 3 ? 'drop-before' : null
      return request.service === 'git-upload-pack' && request.step === 'advertise' && request.index % 3 === 0 ? 500 : null
    })
    expect(await register(ledgerOn(at.remote), 'a')).toMatchObject({ outcome: 'appended', seq: 1 })
    expect(await git(at.bare, ['rev-list', '--count', ref])).toBe('1')
  })

  test('writers whose answers are lost at random neither lose nor double', async () => {
    await using at = await served(request => (pushes(request) && request.index % 3 === 1 ? 'drop-after' : null))
    const writers = ['a', 'b', 'c'].map(async name => {
      const ledger = ledgerOn(at.remote)
      for (let n = 0; n < 3; n += 1) await register(ledger, `${name}${n}`)
    })
    await Promise.all(writers)
    expect(new Set((await ledgerOn(at.remote).records('churn')).map(record => record.request)).size).toBe(9)
  }, 60_000)

  test('the deadline ends it, in words, and nothing was written', async () => {
    await using at = await served(request => (pushes(request) ? 503 : null))
    const started = Date.now()
    await expect(register(ledgerOn(at.remote, { deadlineSeconds: 1 }), 'a')).rejects.toThrow(
      /could not be written within 1 s: \d+ attempts/,
    )
    expect(Date.now() - started).toBeLessThan(20_000)
    expect(await ledgerOn(at.remote).read('churn')).toMatchObject({ seq: 0 })
  })
})

describe('a remote that may only be read', () => {
  const readOnly = () =>
    served(
      () => null,
      request => (request.service === 'git-receive-pack' ? 403 : 200),
    )

  test('a decision is an error at once that says what is needed', async () => {
    await using at = await readOnly()
    await expect(register(ledgerOn(at.remote), 'a')).rejects.toThrow(/refused it \(.*403.*permissions: contents: write/)
    expect(at.server.requests.filter(request => request.service === 'git-receive-pack')).toHaveLength(1)
  })

  test('the log of runs says denied', async () => {
    await using at = await readOnly()
    expect(await ledgerOn(at.remote).log('churn', [{ key: 'run-a', entry: {} }])).toBeNull()
  })

  test('a request that is recorded already needs no writing', async () => {
    await using at = await readOnly()
    await register(ledgerOn(at.bare), 'a')
    expect(await register(ledgerOn(at.remote), 'a')).toMatchObject({ outcome: 'existing', seq: 1 })
  })

  test('a remote that asks for credentials is an error without a prompt', async () => {
    await using at = await served(
      () => null,
      () => 401,
    )
    await expect(ledgerOn(at.remote).read('churn')).rejects.toThrow(/could not be read/)
  })

  test('a rule of the server against this ref ends the write', async () => {
    await using fixture = await gitFixture()
    await git(fixture.bare, ['config', '--add', 'receive.hideRefs', 'refs/refline'])
    await expect(register(ledgerOn(fixture.bare), 'a')).rejects.toThrow(/refused it/)
  })
})

describe('tampering is seen', () => {
  /** Writes a commit with these files as the ledger's head, as somebody with write access could. */
  const forge = async (bare: string, files: Readonly<Record<string, string>>, parent: string | null) => {
    const lines: string[] = []
    for (const [name, text] of Object.entries(files)) {
      lines.push(`100644 blob ${await git(bare, ['hash-object', '-w', '--stdin'], { input: text })}\t${name}`)
    }
    const tree = await git(bare, ['mktree'], { input: `${lines.join('\n')}\n` })
    const commit = await git(bare, ['commit-tree', tree, ...(parent === null ? [] : ['-p', parent]), '-m', 'forged'])
    await git(bare, ['update-ref', ref, commit])
  }
  const filesAt = async (bare: string, commit: string) => ({
    'record.json': await git(bare, ['cat-file', 'blob', `${commit}:record.json`]),
    'state.json': await git(bare, ['cat-file', 'blob', `${commit}:state.json`]),
  })
  const three = async () => {
    const fixture = await gitFixture()
    for (const request of ['a', 'b', 'c']) await register(ledgerOn(fixture.bare), request)
    return fixture
  }

  test.each([
    [
      'a changed record',
      (files: Record<string, string>) => ({ ...files, 'record.json': files['record.json']?.replace('"ann"', '"eve"') ?? '' }),
      /does not belong/,
    ],
    ['a state without its record', (files: Record<string, string>) => ({ 'state.json': files['state.json'] ?? '' }), /lacks record\.json/],
    ['another layout of JSON', (files: Record<string, string>) => ({ ...files, 'state.json': ` ${files['state.json']}` }), /not canonical/],
    ['no JSON', (files: Record<string, string>) => ({ ...files, 'state.json': '<html>' }), /not JSON/],
    [
      'a newer schema',
      (files: Record<string, string>) => ({ ...files, 'record.json': '{"schema":3}' }),
      /a newer Refline .*schema 3.*newest release/,
    ],
    [
      'a newer schema of a known release',
      (files: Record<string, string>) => ({ ...files, 'record.json': '{"release":"1.4.0","schema":3}' }),
      /by Refline 1\.4\.0 .*reads 1 to 2.*Use release 1\.4\.0 or newer/,
    ],
    [
      'unknown fields',
      (files: Record<string, string>) => ({ ...files, 'state.json': files['state.json']?.replace('{', '{"x":1,') ?? '' }),
      /not as expected/,
    ],
  ])('%s in the head is refused', async (_, change, words) => {
    await using fixture = await three()
    const head = await git(fixture.bare, ['rev-parse', ref])
    await forge(fixture.bare, change(await filesAt(fixture.bare, head)), `${head}~1`)
    await expect(ledgerOn(fixture.bare).read('churn')).rejects.toThrow(words)
    await expect(register(ledgerOn(fixture.bare), 'd')).rejects.toThrow(words)
  })

  test('a state that lies about the past is found by records()', async () => {
    await using fixture = await three()
    const head = await git(fixture.bare, ['rev-parse', ref])
    const files = await filesAt(fixture.bare, head)
    await forge(
      fixture.bare,
      { ...files, 'state.json': files['state.json'].replace('"versions":3', '"versions":7') },
      await git(fixture.bare, ['rev-parse', `${head}~1`]),
    )
    await expect(ledgerOn(fixture.bare).records('churn')).rejects.toThrow(/not the fold of its records/)
  })

  test('a dropped record and a dropped parent are found by records()', async () => {
    await using fixture = await three()
    const head = await git(fixture.bare, ['rev-parse', ref])
    const files = await filesAt(fixture.bare, head)
    await forge(fixture.bare, files, await git(fixture.bare, ['rev-parse', `${head}~2`]))
    await expect(ledgerOn(fixture.bare).records('churn')).rejects.toThrow(/record 2 does not follow/)
    await forge(fixture.bare, files, null)
    await expect(ledgerOn(fixture.bare).records('churn')).rejects.toThrow(/record 1 does not follow/)
  })

  test('a ledger that is cut back or replaced while a job runs is noticed by that job', async () => {
    await using fixture = await three()
    const ledger = ledgerOn(fixture.bare)
    await ledger.read('churn')
    const head = await git(fixture.bare, ['rev-parse', ref])
    await git(fixture.bare, ['update-ref', ref, `${head}~1`])
    await expect(ledger.read('churn')).rejects.toThrow(/was rewritten while this job ran/)
    await expect(ledger.records('churn')).rejects.toThrow(/was rewritten while this job ran/)
    await git(fixture.bare, ['update-ref', '-d', ref])
    await expect(register(ledger, 'd')).rejects.toThrow(/was rewritten while this job ran/)
  })

  test('an orphan commit is not taken by the remote: history is never replaced', async () => {
    await using fixture = await three()
    const other = `${fixture.root}/other.git`
    await bareRepository(other)
    await register(ledgerOn(other), 'z')
    const before = await git(fixture.bare, ['rev-parse', ref])
    await expect(git(other, ['push', fixture.bare, `${ref}:${ref}`])).rejects.toThrow(/rejected/)
    expect(await git(fixture.bare, ['rev-parse', ref])).toBe(before)
  })
})
