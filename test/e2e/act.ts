import { spawn } from 'node:child_process'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { gitText } from '../support/github/git-store.ts'
import type { GitHubDouble } from '../support/github/server.ts'

const root = join(import.meta.dirname, '..', '..')

export interface ActRequest {
  readonly github: GitHubDouble
  /** `owner/name`. */
  readonly repository: string
  /** Of the test; everything is made below it. */
  readonly folder: string
  readonly workflow: string
  readonly event: 'pull_request' | 'push' | 'workflow_dispatch'
  readonly ref: string
  readonly payload: Readonly<Record<string, unknown>>
  readonly runId: number
  readonly token: string
  readonly environment: Readonly<Record<string, string>>
}

export interface ActResult {
  readonly code: number | null
  readonly log: string
}

/** `actions/` and `dist/` alone, as a job on GitHub gets them: act copies the whole folder for each step. */
const installActions = async (folder: string): Promise<string> => {
  const installed = join(folder, 'refline')
  for (const name of ['actions', 'dist']) await cp(join(root, name), join(installed, name), { recursive: true })
  return installed
}

const must = async (folder: string, argv: readonly string[]): Promise<string> => {
  const output = await gitText(folder, argv)
  if (output === null) throw new Error(`git ${argv.join(' ')} failed in ${folder}`)
  return output
}

/** Runs a workflow of a checked-out ref with act, on this machine instead of in containers. */
export const runAct = async (request: ActRequest): Promise<ActResult> => {
  const { github, folder, runId } = request
  const checkout = join(folder, `run-${runId}`, 'checkout')
  await mkdir(checkout, { recursive: true })
  await must(checkout, ['init', '--quiet'])
  await must(checkout, ['remote', 'add', 'origin', `${github.serverUrl}/${request.repository}`])
  await must(checkout, ['fetch', '--quiet', '--depth=1', `${github.url}/${request.repository}.git`, request.ref])
  await must(checkout, ['checkout', '--quiet', '--detach', 'FETCH_HEAD'])
  const event = join(folder, `run-${runId}`, 'event.json')
  const [owner = '', name = ''] = request.repository.split('/')
  const repository = { full_name: request.repository, name, owner: { login: owner }, default_branch: 'main', private: false }
  await writeFile(event, JSON.stringify({ ref: request.ref, repository, ...request.payload }))
  const began = new Date().toISOString()
  const run = {
    id: runId,
    actor: 'alice',
    headSha: await must(checkout, ['rev-parse', 'HEAD']),
    path: `.github/workflows/${request.workflow}`,
    event: request.event,
    createdAt: began,
  }
  const knownRuns = github.repository(owner, name).state.workflowRuns
  knownRuns.set(runId, { ...run, updatedAt: began })
  const variables = {
    GITHUB_API_URL: github.apiUrl,
    GITHUB_SERVER_URL: github.serverUrl,
    GITHUB_REPOSITORY: request.repository,
    GITHUB_RUN_ID: String(runId),
    // act does not set these two.
    GITHUB_WORKFLOW_REF: `${request.repository}/.github/workflows/${request.workflow}@${request.ref}`,
    ACTIONS_RESULTS_URL: github.resultsUrl,
    ACTIONS_RUNTIME_TOKEN: github.runtimeToken({ repository: request.repository, runId, job: 'act' }),
    ...request.environment,
  }
  const argv = [
    request.event,
    '--workflows',
    `.github/workflows/${request.workflow}`,
    '--eventpath',
    event,
    '--actor',
    'alice',
    '--platform',
    'ubuntu-latest=-self-hosted',
    '--local-repository',
    `refline/refline@v1=${await installActions(folder)}`,
    '--local-repository',
    `actions/setup-python@v6=${join(root, 'test', 'e2e', 'setup-python')}`,
    '--local-repository',
    `actions/upload-artifact@v7=${join(root, 'test', 'e2e', 'upload-artifact')}`,
    // act's own artifact server is older than the client that the actions use; the double speaks both.
    '--artifact-server-addr',
    '127.0.0.1',
    '--cache-server-addr',
    '127.0.0.1',
    '--secret',
    'GITHUB_TOKEN',
    ...Object.entries(variables).flatMap(([variable, value]) => ['--env', `${variable}=${value}`]),
  ]
  return new Promise((resolve, reject) => {
    // act runs actions with the first `node` of the PATH, whatever they ask for.
    const path = `${dirname(process.execPath)}:${process.env.PATH}`
    const child = spawn('act', argv, { cwd: checkout, env: { ...process.env, PATH: path, GITHUB_TOKEN: request.token }, timeout: 200_000 })
    let log = ''
    const take = (part: Buffer) => {
      log += part.toString()
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.once('error', reject)
    child.once('close', code => {
      knownRuns.set(runId, { ...run, updatedAt: new Date().toISOString() })
      resolve({ code, log })
    })
  })
}
