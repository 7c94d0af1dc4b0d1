import { mkdir, readdir, readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { startScenario } from '../support/scenario.ts'
import { configurationFile, params } from '../support/scenario-files.ts'
import { temporaryFolder } from '../support/temporary.ts'

const withStore = (path: string): string => `${configurationFile(null)}store: { kind: files, path: ${path} }\n`

test('models live in a folder that the base branch names: registered there, judged from there, and no release is made', async () => {
  await using folder = await temporaryFolder()
  await using scenario = await startScenario({ files: { 'refline.yml': withStore(folder.join('models')) } })
  const step = async (request: object, action: string) => {
    const done = await (await scenario.job(request)).step(action)
    return { ...done, said: `${done.stdout}${done.stderr}` }
  }
  expect(await step({ runId: 1, job: 'measure' }, 'train')).toMatchObject({ exitCode: 0 })
  // A mount that is missing is not made up for by an empty folder.
  const unmounted = await step({ runId: 1, job: 'version' }, 'register')
  expect(unmounted.exitCode).toBe(2)
  expect(unmounted.said).toMatch(/store\.path names .*models, and there is nothing on this machine: mount the bucket/)
  await mkdir(folder.join('models'))
  const registered = await step({ runId: 1, job: 'version' }, 'register')
  expect(registered, registered.said).toMatchObject({ exitCode: 0, outputs: { outcome: 'created' } })
  expect(scenario.repository.state.releases.size).toBe(0)
  const [tag = ''] = await readdir(folder.join('models', 'refline', 'churn'))
  expect(JSON.parse(await readFile(folder.join('models', 'refline', 'churn', tag, 'published.json'), 'utf8'))).toMatchObject({
    assets: [{ path: 'manifest.json' }, { path: 'model.json' }, { path: 'predictions.csv' }, { path: 'result.json' }, { path: 'run.json' }],
  })

  // The change names another store, where there is no champion; it is compared with the champion all the same.
  const elsewhere = { 'params.yaml': params(3), 'refline.yml': withStore(folder.path) }
  await scenario.repository.commit(elsewhere, { branch: 'better', message: 'Elsewhere' })
  const { number } = await scenario.repository.openPullRequest({ head: 'better', title: 'Elsewhere' })
  expect(await step({ runId: 2, job: 'measure', pullRequest: number }, 'train')).toMatchObject({ exitCode: 0 })
  const judged = await step({ runId: 2, job: 'gate', pullRequest: number }, 'evaluate-gate')
  expect(judged, judged.said).toMatchObject({ exitCode: 0, outputs: { verdict: 'pass' } })
  expect(await readFile(judged.outputs.result ?? '', 'utf8')).toMatch(/"opponent":\{[^{}]*"version":1/)
}, 60_000)
