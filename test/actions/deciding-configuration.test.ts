import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { storeSettings } from '../../src/actions/deciding-configuration.ts'
import type { Forge } from '../../src/ports/forge.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { contextOf } from './fixtures.ts'
import { base, forgeOf } from './judging.ts'

const withStore = (store: string): string => `models:
  churn: { task: binary, primary: roc_auc, gates: { roc_auc: { min: 0.9 } } }
${store}`
const folder = (path: string): string => withStore(`store: { kind: files, path: ${path} }\n`)
const head = 'c'.repeat(40)
const pull = { event: 'pull_request', ref: 'refs/pull/7/merge', commit: head }

describe('the store that counts', () => {
  const asked = async (checkout: string | null, change: object, forge: Forge | null) => {
    await using workspace = await temporaryFolder()
    if (checkout !== null) await writeFile(join(workspace.path, 'refline.yml'), checkout)
    return await storeSettings({ ...contextOf(workspace.path, { ...change }), workspace: workspace.path }, forge, 'refline.yml')
  }

  test.each<readonly [string, string | null, object, Forge | null, object]>([
    [
      "is the base branch's on a pull request, whatever the change names",
      folder('/mnt/mine'),
      pull,
      forgeOf({ [base]: { 'refline.yml': folder('/mnt/models') }, [head]: { 'refline.yml': folder('/mnt/mine') } }),
      { kind: 'files', path: '/mnt/models' },
    ],
    [
      "is GitHub's where the base names none",
      folder('/mnt/mine'),
      pull,
      forgeOf({ [base]: { 'refline.yml': withStore('') } }),
      { kind: 'github' },
    ],
    ["is GitHub's where the base has no configuration", folder('/mnt/mine'), pull, forgeOf({ [base]: {} }), { kind: 'github' }],
    [
      "is the merge queue's base",
      folder('/mnt/mine'),
      { ...pull, event: 'merge_group', ref: 'refs/heads/gh-readonly-queue/main/pr-7', mergeGroupBase: 'd'.repeat(40) },
      forgeOf({ ['d'.repeat(40)]: { 'refline.yml': folder('/mnt/queue') } }),
      { kind: 'files', path: '/mnt/queue' },
    ],
    [
      "is the commit's elsewhere, whatever a training script made of the checkout",
      folder('/mnt/mine'),
      { commit: head },
      forgeOf({ [head]: { 'refline.yml': folder('/mnt/models') } }),
      { kind: 'files', path: '/mnt/models' },
    ],
    ["is the checkout's on a laptop", folder('models'), {}, null, { kind: 'files', path: 'models' }],
    ["is GitHub's where nothing is configured", null, {}, null, { kind: 'github' }],
  ])('%s', async (_, checkout, change, forge, expected) => {
    expect(await asked(checkout, change, forge)).toEqual(expected)
  })

  test('cannot be told on a pull request without a token', async () => {
    await expect(asked(folder('/mnt/mine'), pull, null)).rejects.toThrow(/base branch cannot be read without a token/)
  })
})
