import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { Octokit } from '@octokit/rest'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../temporary.ts'
import { type GitHubDouble, startGitHub } from './server.ts'

/** The client reads its surroundings from process.env, so it gets a process of its own, as in a job. */
const program = `
import { DefaultArtifactClient } from '@actions/artifact'
const [verb, name, folder, file] = process.argv.slice(1)
const client = new DefaultArtifactClient()
if (verb === 'upload') console.log('RESULT ' + JSON.stringify(await client.uploadArtifact(name, [file], folder)))
if (verb === 'download') {
  const { artifact } = await client.getArtifact(name)
  console.log('RESULT ' + JSON.stringify(await client.downloadArtifact(artifact.id, { path: folder, expectedHash: artifact.digest })))
}
if (verb === 'list') console.log('RESULT ' + JSON.stringify((await client.listArtifacts()).artifacts.map(artifact => artifact.name)))
if (verb === 'delete') console.log('RESULT ' + JSON.stringify(typeof (await client.deleteArtifact(name)).id))
`

const run = (double: GitHubDouble, job: { readonly runId: number; readonly job: string }, argv: readonly string[]) =>
  new Promise<{ code: number | null; result: unknown; output: string }>((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, ...argv], {
      env: {
        PATH: process.env.PATH ?? '',
        GITHUB_SERVER_URL: double.serverUrl,
        GITHUB_API_URL: double.apiUrl,
        GITHUB_WORKSPACE: '/',
        GITHUB_RETENTION_DAYS: '90',
        ACTIONS_RESULTS_URL: double.resultsUrl,
        ACTIONS_RUNTIME_TOKEN: double.runtimeToken({ repository: 'acme/churn', ...job }),
      },
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('error', reject)
    child.on('close', code => {
      const line = /^RESULT (.*)$/m.exec(output)?.[1]
      resolve({ code, result: line === undefined ? undefined : JSON.parse(line), output })
    })
  })

test('the real artifact client uploads in one job and lists, downloads and deletes in another', async () => {
  await using double = await startGitHub()
  await using folder = await temporaryFolder()
  const bytes = randomBytes(9 * 1024 * 1024) // two blocks of the client's 8 MiB
  await writeFile(folder.join('model.bin'), bytes)
  const name = 'refline.churn.r1'
  const uploaded = await run(double, { runId: 7, job: 'measure' }, ['upload', name, folder.path, folder.join('model.bin')])
  expect(uploaded, uploaded.output).toMatchObject({
    code: 0,
    result: { id: expect.any(Number), digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
  })
  const other = { runId: 7, job: 'judge' }
  expect((await run(double, other, ['list'])).result).toEqual([name])
  expect((await run(double, { runId: 8, job: 'judge' }, ['list'])).result).toEqual([])
  const downloaded = await run(double, other, ['download', name, folder.join('down')])
  expect(downloaded, downloaded.output).toMatchObject({ code: 0, result: { digestMismatch: false } })
  expect((await readFile(folder.join('down', 'model.bin'))).equals(bytes)).toBe(true)
  const again = await run(double, other, ['upload', name, folder.path, folder.join('model.bin')])
  expect(again.code).not.toBe(0)
  expect(again.output).toContain('already exists')

  const api = new Octokit({ auth: double.token, baseUrl: double.apiUrl })
  const at = { owner: 'acme', repo: 'churn' }
  const { data } = await api.actions.listWorkflowRunArtifacts({ ...at, run_id: 7, name })
  expect(data).toMatchObject({ total_count: 1, artifacts: [{ name, expired: false, workflow_run: { id: 7 } }] })
  expect((await api.actions.getArtifact({ ...at, artifact_id: data.artifacts[0]?.id ?? 0 })).data.name).toBe(name)
  expect((await api.actions.listArtifactsForRepo({ ...at, name: 'other' })).data.total_count).toBe(0)
  const zip = (await api.actions.downloadArtifact({ ...at, artifact_id: data.artifacts[0]?.id ?? 0, archive_format: 'zip' })).data
  expect(
    Buffer.from(zip as ArrayBuffer)
      .subarray(0, 2)
      .toString(),
  ).toBe('PK')
  expect((await run(double, other, ['delete', name])).result).toBe('number')
  expect((await run(double, other, ['list'])).result).toEqual([])
}, 60_000)
