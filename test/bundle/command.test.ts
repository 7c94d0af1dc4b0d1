import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lineageDocument } from '../../src/core/lineage/views/lineage.ts'
import { runStep, type StepRequest } from '../support/bundle.ts'
import { churnCheckout } from '../support/churn-ledger.ts'
import type { GitFixture } from '../support/git-fixture.ts'
import { gitText } from '../support/github/git-store.ts'
import { startGitHub } from '../support/github/server.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary.ts'

let checkout: GitFixture
let folder: TemporaryFolder
beforeAll(async () => {
  checkout = await churnCheckout({ kind: 'quarantine', version: 4, reason: 'broken\n::error::forged ``` <b>@team</b>' })
  folder = await temporaryFolder()
})
afterAll(async () => {
  await checkout[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const command = (text: string, options: Partial<StepRequest> = {}) =>
  runStep({
    action: 'cli',
    inputs: { command: text },
    workspace: checkout.clone,
    temp: folder.path,
    expressions: { 'github.token': 'no-token' },
    ...options,
  })

describe('the action cli', () => {
  test('prints what the command prints, and puts it into the job summary', async () => {
    const step = await command('refline log --kind "rollback"')
    expect(step, step.stdout + step.stderr).toMatchObject({ exitCode: 0, outputs: { result: '', reason: '' } })
    expect(step.stdout).toContain('rollback in production v3 → v2')
    expect(step.summary).toMatch(/^<code>refline log --kind rollback<\/code>\n\n```text\n[^`]*rollback in production v3 → v2[^`]*\n```\n/)
  })

  test('with --json the document is a file, and the model and the ledger may be inputs', async () => {
    const step = await command('lineage champion --json', {
      inputs: { command: 'lineage champion --json', model: 'churn', ledger: checkout.bare },
      workspace: folder.path,
    })
    expect(step, step.stdout + step.stderr).toMatchObject({ exitCode: 0 })
    const document = lineageDocument.parse(JSON.parse(await readFile(step.outputs.result ?? '', 'utf8')))
    expect(document).toMatchObject({ model: 'churn', version: 2 })
    expect(step.summary).toContain('```json\n{\n  "schema": 1,')
  })

  test('text of users becomes neither a workflow command nor an end of the fence', async () => {
    const step = await command('show v4')
    expect(step.exitCode).toBe(0)
    expect(step.commands.filter(({ name }) => name !== 'add-mask')).toEqual([])
    const [, fence = ''] = /^(`+)text$/m.exec(step.summary) ?? []
    expect(fence).toHaveLength(4)
    expect(step.summary.trimEnd().endsWith(`\n${fence}`)).toBe(true)
    expect(step.summary.split('\n').filter(line => line.startsWith(fence))).toHaveLength(2)
  })

  test('decisions are written from the default branch, or from a ref that the workflow allows', async () => {
    const pin = 'pin v1 --reason "for the auditor"'
    const at = (ref: string, event: string, inputs: Readonly<Record<string, string>> = {}) =>
      command(pin, { inputs: { command: pin, ...inputs }, env: { GITHUB_REF: ref, GITHUB_EVENT_NAME: event, GITHUB_RUN_ID: '9' } })
    const proposed = await at('refs/pull/7/merge', 'pull_request')
    expect(proposed.exitCode).toBe(2)
    expect(proposed.errors.join()).toContain('nothing of an unmerged change may decide it')
    const elsewhere = await at('refs/heads/topic', 'push')
    expect(elsewhere.exitCode).toBe(2)
    expect(elsewhere.errors.join()).toContain('name the ref in the input `allow-ref`')
    const looked = await command('gc', { env: { GITHUB_REF: 'refs/heads/topic', GITHUB_EVENT_NAME: 'push' } })
    expect(looked, looked.stdout + looked.stderr).toMatchObject({ exitCode: 0 })
    const allowed = await at('refs/heads/topic', 'push', { 'allow-ref': 'refs/heads/topic' })
    expect(allowed, allowed.stdout + allowed.stderr).toMatchObject({ exitCode: 0 })
    expect(allowed.stdout).toContain('pinned churn v1')
  })

  test('a version leaves its quarantine by somebody with permission to write, for a reason of whatever text', async () => {
    const github = await startGitHub({ root: folder.join('github'), repositories: ['acme/churn'] })
    await using _ = { [Symbol.asyncDispose]: () => github.close() }
    github.repository('acme', 'churn').setRole('alice', 'write')
    github.repository('acme', 'churn').setRole('mallory', 'read')
    const release = (actor: string, inputs: Readonly<Record<string, string>> = {}) =>
      command('release 3', {
        inputs: { command: 'release 3', reason: '"the proxy" --model fraud\n::error::x', ledger: checkout.bare, model: 'churn', ...inputs },
        env: {
          GITHUB_ACTOR: actor,
          GITHUB_API_URL: github.apiUrl,
          GITHUB_REPOSITORY: 'acme/churn',
          GITHUB_REF: 'refs/heads/main',
          GITHUB_EVENT_NAME: 'workflow_dispatch',
          GITHUB_RUN_ID: '17',
        },
        expressions: { 'github.token': github.token },
      })
    const refused = await release('mallory')
    expect(refused, refused.stdout).toMatchObject({ exitCode: 2 })
    expect(refused.errors.join()).toContain('mallory may not release churn v3 from quarantine: that needs permission to write, found read')
    const done = await release('alice')
    expect(done, done.stdout + done.stderr).toMatchObject({ exitCode: 0 })
    expect(done.stdout).toContain('released churn v3')
    expect(done.stdout).toContain('it was quarantined for: errors doubled')
    const [record] = (await gitText(checkout.bare, ['show', 'refs/refline/models/churn/decisions:record.json']))?.split('\n') ?? []
    expect(JSON.parse(record ?? '{}').events).toEqual([{ kind: 'release', version: 3, reason: '"the proxy" --model fraud\n::error::x' }])
    expect(await release('alice')).toMatchObject({ exitCode: 0 })
    const other = await command('status', { inputs: { command: 'status', reason: 'x' } })
    expect(other.errors.join()).toContain('unknown option --reason')
  })

  test('a verdict that says no is 1 and what cannot be done is 2, as at a terminal', async () => {
    const gates = 'models:\n  churn: { task: binary, primary: loss, gates: { loss: { max: 0.1, direction: lower } } }\n'
    await checkout.commit('metrics', { 'metrics.json': '{ "loss": 0.2 }', 'strict.yml': gates })
    const failing = await command('evaluate --metrics metrics.json --config strict.yml')
    expect(failing, failing.stdout + failing.stderr).toMatchObject({ exitCode: 1, outputs: { reason: expect.stringContaining('loss') } })
    const unknown = await command('shwo v4')
    expect(unknown).toMatchObject({ exitCode: 2, outputs: {} })
    expect(unknown.errors.join()).toContain('did you mean show?')
    const open = await command('show "v4')
    expect(open).toMatchObject({ exitCode: 2 })
    expect(open.errors.join()).toContain('is opened and not closed')
  })
})
