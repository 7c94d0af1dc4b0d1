import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runStep } from '../support/bundle.ts'
import { temporaryFolder } from '../support/temporary.ts'

const actions = readdirSync(join(import.meta.dirname, '..', '..', 'actions'))

test('there are eight actions', () => {
  expect(actions.toSorted()).toEqual(
    ['build-model-image', 'canary-deploy', 'cli', 'compare-champion', 'evaluate-gate', 'register', 'rollback', 'train'].toSorted(),
  )
})

describe.each(actions)('%s', action => {
  test('refuses a misspelt input, naming the one that was meant, before doing anything', async () => {
    await using folder = await temporaryFolder()
    const step = await runStep({
      action,
      inputs: { modle: 'churn', reason: 'because' },
      workspace: folder.path,
      temp: folder.join('temp'),
      expressions: { 'github.token': 'no-token', 'strategy.job-index': '' },
    })
    expect(step, step.stdout + step.stderr).toMatchObject({ exitCode: 2, outputs: {}, summary: '' })
    expect(step.errors.join('\n')).toMatch(/`modle`; did you mean `model`\?/)
  })
})
