import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { type GitHubDouble, startGitHub } from '../../support/github/server.ts'
import { temporaryFolder } from '../../support/temporary.ts'

const adapter = pathToFileURL(join(import.meta.dirname, '../../../src/adapters/runner/file-cache.ts')).href

/** The client reads its surroundings from process.env, so it gets a process of its own, as in a job. */
const program = `
import { fileCache } from '${adapter}'
const [verb, key, folder] = process.argv.slice(1)
console.log('RESULT ' + JSON.stringify((await fileCache(process.env)[verb](key, folder)) ?? null))
process.exit(0)
`

const run = async (double: GitHubDouble, argv: readonly string[], environment: Readonly<Record<string, string>> = {}) => {
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', '--input-type=module', '-e', program, ...argv], {
    env: {
      PATH: process.env.PATH ?? '',
      GITHUB_SERVER_URL: double.serverUrl,
      GITHUB_WORKSPACE: '/',
      RUNNER_TEMP: process.env.TMPDIR ?? '/tmp',
      ACTIONS_CACHE_SERVICE_V2: 'True',
      ACTIONS_RESULTS_URL: double.resultsUrl,
      ACTIONS_RUNTIME_TOKEN: double.runtimeToken({ repository: 'acme/churn', runId: 7, job: 'measure' }),
      ...environment,
    },
  })
  const line = /^RESULT (.*)$/m.exec(stdout)?.[1]
  return { result: line === undefined ? undefined : (JSON.parse(line) as unknown), stdout }
}

const kept = async () => {
  const folder = await temporaryFolder('refline-cache-')
  await mkdir(folder.join('kept'))
  await writeFile(folder.join('kept/model.bin'), randomBytes(3 << 20))
  return folder
}

test('the real client saves a folder in one job and restores it in another', async () => {
  await using double = await startGitHub()
  await using folder = await kept()
  const bytes = await readFile(folder.join('kept/model.bin'))
  expect(await run(double, ['restore', 'refline-model-a', folder.join('kept')])).toMatchObject({ result: false })
  const saved = await run(double, ['save', 'refline-model-a', folder.join('kept')])
  expect(saved, saved.stdout).toMatchObject({ result: null })
  await rm(folder.join('kept'), { recursive: true })
  const restored = await run(double, ['restore', 'refline-model-a', folder.join('kept')])
  expect(restored, restored.stdout).toMatchObject({ result: true })
  expect((await readFile(folder.join('kept/model.bin'))).equals(bytes)).toBe(true)
}, 60_000)

test('a key that only begins like another is not that one, and a taken key keeps what it has', async () => {
  await using double = await startGitHub()
  await using folder = await kept()
  const bytes = await readFile(folder.join('kept/model.bin'))
  await run(double, ['save', 'refline-model-abc', folder.join('kept')])
  expect(await run(double, ['restore', 'refline-model-ab', folder.join('kept')])).toMatchObject({ result: false })
  await writeFile(folder.join('kept/model.bin'), 'another model')
  expect(await run(double, ['save', 'refline-model-abc', folder.join('kept')])).toMatchObject({ result: null })
  expect(await run(double, ['restore', 'refline-model-abc', folder.join('kept')])).toMatchObject({ result: true })
  expect((await readFile(folder.join('kept/model.bin'))).equals(bytes)).toBe(true)
}, 60_000)

test.each([
  ['a service that refuses', '/twirp/github.actions.results.api.v1.CacheService/GetCacheEntryDownloadURL'],
  ['a download that breaks off', '/caches/'],
])(
  '%s restores nothing and fails nothing',
  async (_what, path) => {
    await using double = await startGitHub()
    await using folder = await kept()
    await run(double, ['save', 'refline-model-a', folder.join('kept')])
    await rm(folder.join('kept'), { recursive: true })
    double.fault(path === '/caches/' ? { path, kind: 'truncate', times: 99 } : { path, kind: 'status', status: 403, times: 99 })
    const { result, stdout } = await run(double, ['restore', 'refline-model-a', folder.join('kept')], {
      SEGMENT_DOWNLOAD_TIMEOUT_MINS: '1',
    })
    expect(result, stdout).toBe(false)
  },
  60_000,
)

test.each([
  ['without a service', { ACTIONS_RESULTS_URL: '' }],
  ['without a token', { ACTIONS_RUNTIME_TOKEN: '' }],
  ['on an Enterprise Server without caches', { GITHUB_SERVER_URL: 'https://github.example.org' }],
])('%s nothing is found, nothing is saved, nobody is asked', async (_what, environment) => {
  await using double = await startGitHub()
  await using folder = await kept()
  expect(await run(double, ['restore', 'refline-model-a', folder.join('kept')], environment)).toMatchObject({ result: false })
  expect(await run(double, ['save', 'refline-model-a', folder.join('kept')], environment)).toMatchObject({ result: null })
})
