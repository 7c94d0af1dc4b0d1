import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { historyDocument } from '../../src/core/lineage/views/history.ts'
import { lineageDocument } from '../../src/core/lineage/views/lineage.ts'
import { logDocument } from '../../src/core/lineage/views/log.ts'
import { runsDocument } from '../../src/core/lineage/views/runs.ts'
import { showDocument } from '../../src/core/lineage/views/show.ts'
import { statusDocument } from '../../src/core/lineage/views/status.ts'
import { churnCheckout, runOf } from '../support/churn-ledger.ts'
import { type GitFixture, git } from '../support/git-fixture.ts'
import { startGitHttp } from '../support/git-http.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { refline, reflineWith, typed } from './terminal.ts'

let checkout: GitFixture
beforeAll(async () => {
  checkout = await churnCheckout({ kind: 'quarantine', version: 4, reason: 'red \u001b[31m\n::error::forged \u202e ##[group]x' })
})
afterAll(() => checkout[Symbol.asyncDispose]())

/** What a command printed; it must end well and complain about nothing. */
const printed = async (...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await typed(checkout.clone, ...args)
  expect([code, stderr]).toEqual([0, ''])
  return stdout
}

describe('in a checkout, without any token', () => {
  test('status', async () => {
    expect(await printed('status')).toMatch(/^churn: 4 versions, ledger at seq 23\n {2}champion +v2\n/)
    expect(statusDocument.parse(JSON.parse(await printed('status', '--json')))).toMatchObject({ champion: 2, challenger: 4 })
  })

  test('log', async () => {
    const text = await printed('log', 'churn', '--last', '1', '--kind', 'rollback', '--environment', 'production')
    expect(text).toMatch(
      /^2026-11-20 12:00 {2}seq 17 {2}oncall, .*\n {4}rollback in production v3 → v2.*\n {4}quarantine v3.*\n {4}alias champion: v3 → v2\n1 older/,
    )
    const document = logDocument.parse(JSON.parse(await printed('log', '--all', '--json')))
    expect(document.records).toHaveLength(23)
    expect(logDocument.parse(JSON.parse(await printed('log', '--since', '2027-01-01', '--json'))).records).toEqual([])
  })

  test('show', async () => {
    expect(await printed('show', 'champion')).toMatch(/^churn v2 {2}\(champion\)\n/)
    expect(showDocument.parse(JSON.parse(await printed('show', runOf(3), '--json')))).toMatchObject({ version: { version: 3 } })
    const { run } = showDocument.parse(JSON.parse(await printed('show', 'churn-18d9be40f6c1', '--json')))
    expect(run).toMatchObject({ outcome: 'kept', record: { job: 'train', metrics: { roc_auc: 0.895, loss: 0.2 } } })
  })

  test('runs', async () => {
    expect(
      (await printed('runs'))
        .split('\n')
        .slice(1, 4)
        .map(line => line.split(' ')[0]),
    ).toEqual(['churn-bbbbbbbbbbbb', 'churn-18d9be40f6c1', runOf(1)])
    const { runs } = runsDocument.parse(JSON.parse(await printed('runs', '--metric', 'loss', '--sort', '--json', '--last', '2')))
    expect(runs.map(({ run }) => run)).toEqual(['churn-bbbbbbbbbbbb', 'churn-18d9be40f6c1'])
    const gates = '{ roc_auc: { min: 0.7 }, loss: { max: 1, direction: lower } }'
    await writeFile(join(checkout.clone, 'lower.yml'), `models: { churn: { task: binary, primary: roc_auc, gates: ${gates} } }\n`)
    expect(await printed('runs', '--metric', 'loss', '--sort', '--last', '1', '--config', 'lower.yml')).toContain(runOf(1))
    expect(await printed('runs', '--metric', 'roc_auc', '--sort')).toMatch(
      /churn-000000000001[^\n]*v1 +0\.91\n.*kept out +0\.895\n.*NaN\n$/,
    )
  })

  test('history', async () => {
    expect(await printed('history', 'roc_auc', '--last', '3')).toMatch(/ v2 .*★ champion, live in production\n.* v3 .*quarantined\n.* v4 /)
    const { points } = historyDocument.parse(JSON.parse(await printed('history', 'roc_auc', '--environment', 'production', '--json')))
    expect(points.map(({ version }) => version)).toEqual([1, 2, 3])
  })

  test('lineage', async () => {
    expect(await printed('lineage', 'v2', '--depth', '0')).toMatch(
      /^churn v2 .*\n├─ made from run churn-000000000002 .*\n│ {2}├─ at commit /,
    )
    expect(await printed('lineage', 'v2', '--format', 'mermaid')).toMatch(/^flowchart LR\n/)
    expect(await printed('lineage', 'v2', '--format', 'dot')).toMatch(/^digraph lineage \{\n[\s\S]*\n\}\n$/)
    const json = await printed('lineage', 'v2', '--format', 'json')
    expect(lineageDocument.parse(JSON.parse(json)).version).toBe(2)
    expect(await printed('lineage', 'champion', '--json')).toBe(json)
  })

  test('text of users is harmless in lines, and unchanged in JSON', async () => {
    for (const args of [['log'], ['show', 'v4'], ['status'], ['log', '--json'], ['show', 'v4', '--json']]) {
      const text = await printed(...args)
      expect(text).not.toMatch(/^\s*::|##\[|\u202e/m)
      expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
    }
    const { version } = showDocument.parse(JSON.parse(await printed('show', 'v4', '--json')))
    expect(version?.quarantine?.reason).toBe('red \u001b[31m\n::error::forged \u202e ##[group]x')
  })

  test('from a folder below the root too', async () => {
    await checkout.commit('a folder', { 'models/notes.md': '' })
    expect(await typed(join(checkout.clone, 'models'), 'status')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^churn:/) })
  })
})

test.each([
  [['status'], /^churn: 4 versions/],
  [['log'], /^2026-11-20 12:00 {2}seq 23 /],
  [['show', '3'], /^churn v3\n/],
  [['runs'], /^run {2,}when/],
  [['history', 'roc_auc'], /^roc_auc of churn/],
  [['lineage', 'v3'], /^churn v3 /],
])('%j as a program of its own', async (args, words) => {
  expect(await refline(checkout.clone, ...args)).toEqual({ code: 0, stdout: expect.stringMatching(words), stderr: '' })
})

describe('what cannot be answered is 2, with what to do', () => {
  test.each([
    [['show', 'v9'], /churn has no version 9: there is v1 to v4/],
    [['show'], /<what> is missing/],
    [['show', 'chmpion'], /did you mean champion\?/],
    [['log', '--kind', 'rolback'], /did you mean rollback\?/],
    [['log', '--environment', 'prod'], /knows no environment "prod"; there is production/],
    [['history', 'roc_auk'], /did you mean roc_auc\?/],
    [['runs', '--sort'], /name it with --metric/],
    [['runs', '--metric', 'roc_ac'], /did you mean roc_auc\?/],
    [['lineage', 'v2', '--json', '--format', 'dot'], /ask for two formats/],
    [['status', 'chrun'], /the ledger of chrun in .*churn\.git has no record.*did you mean churn\?/],
    [['status', 'churn', '--model', 'fraud'], /two models are named/],
    [['status', 'Chürn'], /is no model name/],
    [['status', '--config', 'none.yml'], /there is no none\.yml/],
    [['status', '--ledger', '-x'], /--ledger needs a value/],
    [['status', '--ledger', 'ext::sh -c id'], /The option --ledger is no remote/],
    [['status', '--ledger', '/nonexistent/r.git'], /could not be read/],
  ])('%j: %s', async (args, words) => {
    const { code, stdout, stderr } = await typed(checkout.clone, ...args)
    expect(stderr).toMatch(words)
    expect([code, stdout]).toEqual([2, ''])
  })

  test('outside of any checkout it says what is missing, and --ledger with a model is enough', async () => {
    await using folder = await temporaryFolder()
    expect(await typed(folder.path, 'status')).toMatchObject({ code: 2, stderr: expect.stringContaining('there is no refline.yml here') })
    expect(await typed(folder.path, 'status', 'churn')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('give the option --ledger'),
    })
    expect(await typed(folder.path, 'status', 'churn', '--ledger', checkout.bare)).toMatchObject({ code: 0 })
    expect(await typed(join(checkout.clone, '.git'), 'status', 'churn', '--ledger', '../../repositories/acme/churn.git')).toMatchObject({
      code: 0,
    })
    expect(await typed(folder.path, 'show', runOf(2), '--ledger', checkout.bare)).toMatchObject({ code: 0 })
  })
})

test('over https a token of the environment goes to its own server and to no other', async () => {
  const basic = `basic ${Buffer.from('x-access-token:secret').toString('base64')}`
  await using server = await startGitHttp(checkout.root, { authorize: ({ authorization }) => (authorization === basic ? 200 : 401) })
  await using folder = await temporaryFolder()
  await git(folder.path, ['init', '--quiet', '.'])
  await git(folder.path, ['remote', 'add', 'origin', `${server.url}/acme/churn.git`])
  const ask = (env: Readonly<Record<string, string>>) => reflineWith(env, folder.path, 'status', 'churn')
  expect(await ask({ GH_TOKEN: 'secret', GITHUB_SERVER_URL: server.url })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('champion'),
  })
  expect(await ask({ GITHUB_SERVER_URL: server.url })).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/could not be read.*Set GH_TOKEN/),
  })
  const before = server.requests.length
  expect(await ask({ GITHUB_TOKEN: 'secret' })).toMatchObject({ code: 2 })
  const others = server.requests.slice(before)
  expect(others.length).toBeGreaterThan(0)
  expect(others.every(({ authorization }) => authorization === null)).toBe(true)
})
