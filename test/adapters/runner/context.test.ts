import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { runnerContext } from '../../../src/adapters/runner/context.ts'
import { UserError } from '../../../src/core/errors.ts'

const folder = mkdtempSync(join(tmpdir(), 'refline-context-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const event = (text: string): string => {
  const path = join(folder, 'event.json')
  writeFileSync(path, text)
  return path
}
const payload = (value: unknown): NodeJS.ProcessEnv => ({ GITHUB_EVENT_PATH: event(JSON.stringify(value)) })

describe('runnerContext', () => {
  test('reads what the runner sets', () => {
    const context = runnerContext({
      GITHUB_REPOSITORY: 'acme/churn',
      GITHUB_SHA: 'a'.repeat(40),
      GITHUB_REF: 'refs/pull/7/merge',
      GITHUB_EVENT_NAME: 'pull_request',
      GITHUB_RUN_ID: '12',
      GITHUB_JOB: 'gate',
      GITHUB_WORKFLOW_REF: 'acme/churn/.github/workflows/model-pr.yml@refs/heads/feature/a@b',
      GITHUB_ACTOR: 'octocat',
      GITHUB_API_URL: 'https://ghe.example/api/v3/',
      GITHUB_SERVER_URL: 'https://ghe.example',
      GITHUB_WORKSPACE: '/w',
      RUNNER_TEMP: '/t',
      ...payload({ pull_request: { number: 7 }, repository: { default_branch: 'trunk' } }),
    })
    expect(context).toMatchObject({
      repository: { owner: 'acme', name: 'churn' },
      commit: 'a'.repeat(40),
      runId: '12',
      workflow: 'model-pr.yml',
      apiUrl: 'https://ghe.example/api/v3',
      serverUrl: 'https://ghe.example',
      workspace: '/w',
      temp: '/t',
      pullRequest: 7,
      defaultBranch: 'trunk',
      mergeGroupBase: null,
    })
  })

  test('at a desk everything that only GitHub knows is null', () => {
    expect(runnerContext({})).toMatchObject({
      repository: null,
      commit: null,
      ref: null,
      event: null,
      payload: null,
      runId: null,
      workflow: null,
      pullRequest: null,
      defaultBranch: null,
      apiUrl: 'https://api.github.com',
      workspace: process.cwd(),
    })
  })

  test('the number of a pull request comes from the payload, else from the ref', () => {
    expect(runnerContext({ GITHUB_REF: 'refs/pull/41/merge' }).pullRequest).toBe(41)
    expect(runnerContext({ GITHUB_REF: 'refs/heads/refs/pull/41' }).pullRequest).toBeNull()
    expect(runnerContext(payload({ pull_request: { number: '7; rm -rf' } })).pullRequest).toBeNull()
  })

  test('a merge group names its base', () => {
    expect(runnerContext(payload({ merge_group: { base_sha: 'b'.repeat(40) } })).mergeGroupBase).toBe('b'.repeat(40))
  })

  test.each(['a', 'a/b/c', '/', 'a/'])('%j is no repository', name => {
    expect(runnerContext({ GITHUB_REPOSITORY: name }).repository).toBeNull()
  })

  test('a payload with unexpected shapes gives nulls, and one that is no JSON is refused', () => {
    expect(runnerContext(payload({ repository: 'x', pull_request: null, merge_group: [] }))).toMatchObject({
      pullRequest: null,
      defaultBranch: null,
    })
    expect(runnerContext(payload(null)).defaultBranch).toBeNull()
    expect(() => runnerContext({ GITHUB_EVENT_PATH: event('{') })).toThrow(UserError)
    expect(runnerContext({ GITHUB_EVENT_PATH: join(folder, 'none.json') }).payload).toBeNull()
  })
})
