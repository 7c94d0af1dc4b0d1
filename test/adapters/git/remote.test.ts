import { chmod, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { codeDigest, headCommit } from '../../../src/adapters/git/checkout.ts'
import { ledgerRemote } from '../../../src/adapters/git/remote.ts'
import { gitFixture } from '../../support/git-fixture.ts'
import { startGitHttp } from '../../support/git-http.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { ledgerOn } from './ledgers.ts'

const base = { serverUrl: 'https://github.com', repository: { owner: 'acme', name: 'churn' }, token: 's3cret', override: null }
const headerOf = (environment: Readonly<Record<string, string>>) =>
  Buffer.from(environment.GIT_CONFIG_VALUE_1?.split(' ').at(-1) ?? '', 'base64').toString()

describe('where the ledger is kept', () => {
  test("the checkout's origin comes first, then the workflow's repository, and an input before both", async () => {
    await using fixture = await gitFixture()
    await using empty = await temporaryFolder()
    expect(await ledgerRemote({ ...base, workspace: fixture.clone })).toEqual({ remote: fixture.bare, environment: {} })
    const server = await ledgerRemote({ ...base, workspace: empty.path })
    expect(server.remote).toBe('https://github.com/acme/churn.git')
    expect((await ledgerRemote({ ...base, workspace: fixture.clone, override: 'sub/ledger.git' })).remote).toBe(
      join(fixture.clone, 'sub/ledger.git'),
    )
    await expect(ledgerRemote({ ...base, workspace: empty.path, repository: null })).rejects.toThrow(/nowhere to keep the ledger/)
  })

  test('the token goes to the server it belongs to and to no other', async () => {
    await using fixture = await gitFixture()
    const at = (override: string) => ledgerRemote({ ...base, workspace: fixture.clone, override })
    const own = await at('https://github.com/acme/other.git')
    expect(own.environment.GIT_CONFIG_KEY_1).toBe('http.https://github.com/.extraheader')
    expect(headerOf(own.environment)).toBe('x-access-token:s3cret')
    for (const other of ['https://github.com.evil.example/a.git', 'http://github.com/a.git', 'https://evil.example/github.com/a.git']) {
      expect((await at(other)).environment).toEqual({})
    }
  })

  test('credentials in a URL are never shown and go to their own server', async () => {
    await using fixture = await gitFixture()
    const found = await ledgerRemote({ ...base, workspace: fixture.clone, override: 'https://bob:p%40ss@git.example/a.git' })
    expect(found.remote).toBe('https://git.example/a.git')
    expect(found.environment.GIT_CONFIG_KEY_1).toBe('http.https://git.example/.extraheader')
    expect(headerOf(found.environment)).toBe('bob:p@ss')
  })

  test.each(['ext::sh -c "touch x"', '-upload-pack=x', 'data:x', 'a\nb'])('%s is refused', async override => {
    await using fixture = await gitFixture()
    await expect(ledgerRemote({ ...base, workspace: fixture.clone, override })).rejects.toThrow(/no remote that a ledger can be kept in/)
  })

  test('an origin by SSH gives way to the repository of the workflow where there is a token', async () => {
    await using fixture = await gitFixture()
    await fixture.git('remote', 'set-url', 'origin', 'git@github.com:acme/churn.git')
    expect((await ledgerRemote({ ...base, workspace: fixture.clone })).remote).toBe('https://github.com/acme/churn.git')
    expect((await ledgerRemote({ ...base, workspace: fixture.clone, token: null })).remote).toBe('git@github.com:acme/churn.git')
  })

  test('the credentials arrive at the server', async () => {
    await using fixture = await gitFixture()
    const wanted = `basic ${Buffer.from('x-access-token:s3cret').toString('base64')}`
    await using server = await startGitHttp(fixture.root, { authorize: request => (request.authorization === wanted ? 200 : 401) })
    const found = await ledgerRemote({ ...base, workspace: fixture.clone, serverUrl: server.url, override: `${server.url}/acme/churn.git` })
    expect(await ledgerOn(found.remote, { environment: found.environment }).read('churn')).toMatchObject({ seq: 0 })
    await expect(ledgerOn(found.remote).read('churn')).rejects.toThrow(/could not be read/)
  })
})

describe('the checkout', () => {
  const all = { include: [] as string[], exclude: ['**/*.md', '.github/**'] }

  test('the code digest follows tracked content, not commits, documents or files that Git does not track', async () => {
    await using fixture = await gitFixture({ 'README.md': '# churn', 'train.py': 'print(1)\n', 'src/model.py': 'x = 1\n' })
    const of = (settings: { include: string[]; exclude: string[] } = all) => codeDigest({ workspace: fixture.clone, ...settings })
    const before = await of()
    expect(before).toMatch(/^[0-9a-f]{64}$/)
    await fixture.commit('docs', { 'README.md': '# other' })
    await writeFile(join(fixture.clone, 'untracked.py'), 'x')
    expect(await of()).toBe(before)
    await writeFile(join(fixture.clone, 'train.py'), 'print(2)\n')
    const dirty = await of()
    expect(dirty).not.toBe(before)
    await fixture.commit('change', { 'train.py': 'print(2)\n', 'untracked.py': 'x' })
    await rm(join(fixture.clone, 'untracked.py'))
    expect(await of()).toBe(dirty)
    await chmod(join(fixture.clone, 'train.py'), 0o755)
    await fixture.git('add', 'train.py')
    expect(await of()).not.toBe(dirty)
    expect(await of({ include: ['src'], exclude: [] })).toBe(await of({ include: ['src/**'], exclude: [] }))
    expect(await of({ include: ['src'], exclude: [] })).not.toBe(await of())
  })

  test('a folder outside a checkout has no code digest and no commit', async () => {
    await using folder = await temporaryFolder()
    expect(await codeDigest({ workspace: folder.path, ...all })).toBeNull()
    expect(await headCommit(folder.path)).toBeNull()
    await using fixture = await gitFixture()
    expect(await headCommit(fixture.clone)).toBe(await fixture.git('rev-parse', 'HEAD'))
  })
})
