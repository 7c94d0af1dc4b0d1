import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gitText } from '../support/github/git-store.ts'
import type { RepositoryControl } from '../support/github/repository-control.ts'
import { type GitHubDouble, startGitHub } from '../support/github/server.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/temporary.ts'
import { runAct } from './act.ts'

const templates = join(import.meta.dirname, '..', '..', 'action-templates')
const name = 'acme/churn'

const filesBelow = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
      .filter(path => !path.includes('__pycache__'))
      .map(path => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]),
  )

/** Two keys that GitHub knows and act's schema does not; act has neither environments nor concurrency. */
const unknownToAct = /^ +(queue: max|deployment: false)( #.*)?\n/gm

/** The sample and the workflows as somebody copies them. The image has no base here, since none can be pulled. */
const projectFiles = (): Record<string, string> => {
  const files = filesBelow(join(templates, 'sample'))
  const registry = process.env.REFLINE_E2E_REGISTRY
  files['refline.yml'] = (files['refline.yml'] ?? '').replace(
    'environments:',
    `    image: { base: scratch, name: "${registry ?? 'localhost'}/acme/churn" }\nenvironments:`,
  )
  for (const workflow of ['model-pr.yml', 'model-release.yml', 'model-maintenance.yml'])
    files[`.github/workflows/${workflow}`] = readFileSync(join(templates, workflow), 'utf8').replace(unknownToAct, '')
  return files
}

describe('the templates, run by act in host mode against the double', () => {
  let folder: TemporaryFolder
  let github: GitHubDouble
  let repository: RepositoryControl

  beforeAll(async () => {
    folder = await temporaryFolder('refline-e2e-')
    github = await startGitHub({ root: folder.join('github'), repositories: [name] })
    repository = github.repository('acme', 'churn')
    repository.setRole('alice', 'write')
    await repository.commit({ 'README.md': '# churn\n' }, { message: 'Begin' })
  })
  afterAll(async () => {
    await github?.close()
    await folder?.[Symbol.asyncDispose]()
  })

  const pullRequest = async (branch: string, runId: number) => {
    const pull = await repository.openPullRequest({ head: branch })
    const token = `pull-request-${runId}`
    github.addToken(token, { contents: 'read', actions: 'read', 'pull-requests': 'write' })
    const result = await runAct({
      github,
      repository: name,
      folder: folder.path,
      workflow: 'model-pr.yml',
      event: 'pull_request',
      ref: `refs/pull/${pull.number}/merge`,
      payload: {
        number: pull.number,
        action: 'opened',
        pull_request: { number: pull.number, head: { ref: branch, sha: pull.headSha }, base: { ref: 'main', sha: pull.baseSha } },
      },
      runId,
      token,
      environment: {},
    })
    return { pull, ...result }
  }

  it('comments once and lets a good first model pass', async () => {
    await repository.commit(projectFiles(), { branch: 'first', message: 'A first model' })
    const { pull, code, log } = await pullRequest('first', 501)
    expect(code, log).toBe(0)
    const comments = repository.comments(pull.number)
    expect(comments).toHaveLength(1)
    expect(comments[0]?.body).toContain('roc_auc')
    expect(comments[0]?.login).toBe('github-actions[bot]')
  })

  it('registers, packages and puts live what was merged', async () => {
    const sha = await repository.merge(1)
    const result = await runAct({
      github,
      repository: name,
      folder: folder.path,
      workflow: 'model-release.yml',
      event: 'push',
      ref: 'refs/heads/main',
      payload: { after: sha },
      runId: 502,
      token: github.token,
      environment: { CHURN_HOME: folder.join('production'), DOCKER_HOST: process.env.DOCKER_HOST ?? '' },
    })
    expect(result.code, result.log).toBe(0)
    const state = await gitText(repository.bare, ['show', 'refs/refline/models/churn/decisions:state.json'])
    const { environments, aliases, records } = JSON.parse(state ?? '{}') as {
      environments: Record<string, { live: { version: number } | null }>
      aliases: Record<string, number>
      records: Record<string, { image: string | null }>
    }
    expect(environments.production?.live?.version).toBe(1)
    expect(aliases.champion).toBe(1)
    expect(records[1]?.image).toMatch(/\/acme\/churn@sha256:[0-9a-f]{64}$/)
    const production = JSON.parse(readFileSync(folder.join('production', 'state.json'), 'utf8')) as { percent: Record<string, number> }
    expect(Object.values(production.percent).sort()).toEqual([0, 100])
    expect([...repository.state.releases.values()].filter(release => !release.draft)).toHaveLength(1)
  })

  const maintenance = (runId: number) =>
    runAct({
      github,
      repository: name,
      folder: folder.path,
      workflow: 'model-maintenance.yml',
      event: 'workflow_dispatch',
      ref: 'refs/heads/main',
      payload: {},
      runId,
      token: github.token,
      environment: { REFLINE_E2E_ARTIFACTS: folder.path },
    })

  it('verifies, keeps a bundle of the ledger, and says what is left to do', async () => {
    const { code, log } = await maintenance(504)
    expect(code, log).toBe(0)
    expect(log).toMatch(/churn: chain verified: \d+ events, 1 version/)
    const bundle = folder.join('refline-ledger')
    expect(await gitText(repository.bare, ['bundle', 'list-heads', bundle])).toContain('refs/refline/models/churn/decisions')
  })

  it('stops a worse model with a red check that has its report', async () => {
    const worse = (filesBelow(join(templates, 'sample'))['train.py'] ?? '').replace('"tenure", "calls", "price"', '"price"')
    await repository.commit({ 'train.py': worse }, { branch: 'worse', message: 'Only the price' })
    const { pull, code, log } = await pullRequest('worse', 503)
    expect(code, log).not.toBe(0)
    expect(log).toMatch(/Failure - Main refline\/refline\/actions\/evaluate-gate/)
    expect(repository.comments(pull.number)[0]?.body).toContain('must not merge')
  })

  it('does not tidy up where the ledger was deleted, and says so', async () => {
    await gitText(repository.bare, ['update-ref', '-d', 'refs/refline/models/churn/decisions'])
    const { code, log } = await maintenance(505)
    expect(code, log).not.toBe(0)
    expect(log).toContain('churn: NOT verified')
    expect(log).toContain('is gone: its ref does not exist')
    expect(log).not.toMatch(/Main refline\/refline\/actions\/cli@v1 .*compact/)
  })
})
