import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { around } from '../../src/cli/around.ts'
import { repositoryOf } from '../../src/cli/github.ts'
import { type Terminal, terminalOn } from '../../src/cli/terminal.ts'
import { registerEvent } from '../core/lineage/events-for-tests.ts'
import { gitFixture } from '../support/git-fixture.ts'

const nothing = { operands: [], options: {}, flags: new Set<string>() }
const terminalIn = (folder: string, env: Terminal['env'], printed: string[] = []): Terminal =>
  terminalOn(text => printed.push(text), { width: null, env, folder })

describe('a command that writes', () => {
  test.each([
    [{}, 'Grace Hopper', null],
    [{ GITHUB_ACTOR: 'octocat', GITHUB_RUN_ID: '77' }, 'octocat', '77'],
  ])('with %j is written by %s', async (env, actor, run) => {
    await using checkout = await gitFixture()
    await checkout.git('config', 'user.name', 'Grace Hopper')
    const found = around(nothing, terminalIn(checkout.clone, env), 'churn')
    const ledger = await found.ledger()
    await ledger.append('churn', { id: `register:-:1:${found.request()}`, subject: 'a test' }, () => ({ events: [registerEvent(1)] }))
    const [record] = await ledger.records('churn')
    expect(record?.writer).toMatchObject({ actor, workflow_run: run, commit: expect.stringMatching(/^[0-9a-f]{40}$/) })
  })

  test('has the workflow run as its request, else a new one that is printed', () => {
    const printed: string[] = []
    expect(around(nothing, terminalIn('.', { GITHUB_RUN_ID: '77' }, printed)).request()).toBe('77')
    expect(printed).toEqual([])
    const made = around(nothing, terminalIn('.', {}, printed)).request()
    expect(made).toMatch(/^desk-[0-9a-f]{12}$/)
    expect(printed).toEqual([`request ${made}\n`])
    expect(around(nothing, terminalIn('.', {}, printed)).request()).not.toBe(made)
  })
})

describe('the folder that refline.yml names', () => {
  const configuration = `models: { churn: { task: binary, primary: roc_auc, gates: { roc_auc: { min: 0.9 } } } }
store: { kind: files, path: kept }
`
  test('is the store at a desk, also from a folder of the checkout, and not in a workflow or for a ledger elsewhere', async () => {
    await using checkout = await gitFixture()
    await writeFile(join(checkout.clone, 'refline.yml'), configuration)
    await mkdir(join(checkout.clone, 'kept', 'refline', 'churn', '0123456789ab'), { recursive: true })
    await mkdir(join(checkout.clone, 'below'))
    const store = (env: Terminal['env'], folder = '.', options = {}) =>
      around({ ...nothing, options }, terminalIn(join(checkout.clone, folder), env), 'churn').store()
    for (const folder of ['.', 'below'])
      expect(await (await store({}, folder)).releases('churn')).toMatchObject([{ tag: 'refline/churn/0123456789ab', draft: true }])
    await expect(store({ GITHUB_ACTIONS: 'true', GH_TOKEN: 'x' })).rejects.toThrow('churn.git is none')
    await expect(store({ GH_TOKEN: 'x' }, '.', { ledger: checkout.bare })).rejects.toThrow('churn.git is none')
  })
})

describe('the releases of a remote', () => {
  test.each([
    ['https://github.com/acme/churn.git', 'acme/churn'],
    ['https://github.com/acme/churn', 'acme/churn'],
    ['git@github.com:acme/churn.git', 'acme/churn'],
    ['ssh://git@github.com:22/acme/my.model.git', 'acme/my.model'],
    ['https://gitlab.com/acme/churn.git', null],
    ['git@evil.test:acme/churn.git', null],
    ['https://github.com.evil.test/acme/churn', null],
    ['https://github.com/acme', null],
    ['https://github.com/acme/churn/more', null],
    ['/srv/github.com/acme/churn.git', null],
    ['file:///srv/acme/churn.git', null],
  ])('%s is %s', (remote, expected) => {
    const found = repositoryOf(remote, 'https://github.com')
    expect(found === null ? null : `${found.owner}/${found.name}`).toBe(expected)
  })

  test('need a repository there, and a token', async () => {
    await using checkout = await gitFixture()
    const store = (env: Terminal['env']) => around(nothing, terminalIn(checkout.clone, env), 'churn').store()
    await expect(store({ GH_TOKEN: 'x' })).rejects.toThrow('churn.git is none: name one with --ledger')
    await checkout.git('remote', 'set-url', 'origin', 'https://github.com/acme/churn.git')
    await expect(store({})).rejects.toThrow('needs a token: set GH_TOKEN')
    expect(await store({ GH_TOKEN: 'x' })).toHaveProperty('prove')
  })
})
