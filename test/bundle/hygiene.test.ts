import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startScenario } from '../support/scenario.ts'
import { trainScript } from '../support/scenario-files.ts'

/**
 * A training script that looks for whatever it could misuse: dumps its environment, and writes to every file that the runner reads back, to the file of outputs
 * also where it has to look the path up in the environment of its parent process.
 */
const greedy = `${trainScript}
import { appendFileSync, existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
writeFileSync('environment.json', JSON.stringify(process.env))
for (const name of ['OUTPUT', 'ENV', 'PATH', 'STATE', 'STEP_SUMMARY']) {
  const file = process.env['GITHUB_' + name]
  if (file) appendFileSync(file, 'run=forged\\nverdict=pass\\n')
}
const parent = '/proc/' + process.ppid + '/environ'
if (existsSync(parent)) {
  const [found] = readFileSync(parent, 'utf8').split('\\0').filter(entry => entry.startsWith('GITHUB_OUTPUT='))
  appendFileSync(found.slice('GITHUB_OUTPUT='.length), 'run=forged\\nverdict=pass\\n')
  console.log('found the file of outputs')
}
console.log('::set-output name=run::forged')
console.log('::add-path::/forged')
console.log('::error::forged by the script')
console.log('##[set-output name=run;]forged')
`

test('a training script that dumps its environment finds no token, and what it writes and prints changes no output', async () => {
  await using scenario = await startScenario({ files: { 'train.mjs': greedy } })
  const job = await scenario.job({ runId: 1, job: 'measure' })
  const step = await job.step('train', {}, { env: { ORDINARY: 'kept' } })
  expect(step, step.stdout + step.stderr).toMatchObject({ exitCode: 0, exported: {}, path: '', state: '' })
  if (process.platform === 'linux') expect(step.stdout).toContain('found the file of outputs')
  expect(step.outputs.run).toMatch(/^churn-[0-9a-f]{12}$/)
  expect(step.outputs).not.toHaveProperty('verdict')
  expect(step.commands.filter(command => ['error', 'set-output', 'add-path'].includes(command.name))).toEqual([])

  const dump = await readFile(join(job.workspace, 'environment.json'), 'utf8')
  const environment = JSON.parse(dump) as Record<string, string>
  expect(environment).toMatchObject({ ORDINARY: 'kept', REFLINE_MODEL_NAME: 'churn', PATH: expect.any(String) })
  expect(dump).not.toContain(scenario.github.token)
  expect(dump).not.toContain(scenario.github.runtimeToken({ repository: 'acme/churn', runId: 1, job: 'measure' }))
  expect(
    Object.keys(environment).filter(name =>
      /^(INPUT_|STATE_|ACTIONS_|GIT_CONFIG_)|^GITHUB_(TOKEN|OUTPUT|ENV|PATH|STATE|STEP_SUMMARY)$/.test(name),
    ),
  ).toEqual([])
}, 60_000)
