import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { actionNames, root } from '../../scripts/actions.ts'

const dist = join(root, 'dist')
const folder = mkdtempSync(join(tmpdir(), 'refline-bundle-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Starts a bundle in an empty workspace, away from the repository, so that nothing of node_modules can be found. */
const start = (name: string, env: Readonly<Record<string, string>>) =>
  spawnSync(process.execPath, [join(dist, `${name}.js`)], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 30_000,
    env: { PATH: process.env.PATH, HOME: folder, GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: folder, RUNNER_TEMP: folder, ...env },
  })

describe('dist', () => {
  test('has a stub for every action and nothing of an action that is gone', () => {
    const stubs = readdirSync(dist).filter(name => name.endsWith('.js') && !name.endsWith('index.js'))
    expect(stubs.sort()).toEqual([...actionNames(), 'checks', 'download', 'refline'].map(name => `${name}.js`).sort())
  })

  test('ships the licences of what it contains', () => {
    expect(readFileSync(join(dist, 'licenses.txt'), 'utf8')).toMatch(/^zod$/m)
    expect(existsSync(join(dist, 'package.json'))).toBe(true)
  })
})

describe('dist/refline.js', () => {
  const refline = (...args: readonly string[]) =>
    spawnSync(process.execPath, [join(dist, 'refline.js'), ...args], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 30_000,
      env: { PATH: process.env.PATH },
    })

  test('begins as a program does, and tells its commands', () => {
    expect(readFileSync(join(dist, 'refline.js'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
    const { status, stdout } = refline('--help')
    expect(stdout).toMatch(/evaluate .*\n.*import /)
    expect(status).toBe(0)
  })

  test.each([
    ['evaluate', '--predictions', 'p.csv'],
    ['import', 'thresholds.py'],
    ['status'],
    ['log'],
    ['show', 'v1'],
    ['runs'],
    ['history', 'roc_auc'],
    ['lineage', 'v1'],
  ])('%s loads all of its code, and says what it misses in an empty folder', (...args) => {
    const { status, stderr } = refline(...args)
    expect(stderr).toMatch(/^error: .*there is no/)
    expect(status).toBe(2)
  })
})

describe.each(actionNames())('dist/%s.js', name => {
  test('refuses a misspelt input', () => {
    const { status, stdout } = start(name, { INPUT_MODLE: 'churn' })
    expect(stdout).toContain('did you mean `model`?')
    expect(status).toBe(2)
  })

  test('loads all of its code, and says what it misses in an empty workspace', () => {
    const { status, stdout, stderr } = start(name, { INPUT_REASON: 'a test', INPUT_MODEL: 'churn' })
    expect(`${stdout}${stderr}`).not.toMatch(/Cannot find (module|package)|is not a function|is not defined/)
    expect(stdout).toMatch(/^::error/m)
    expect(status).toBe(2)
  })
})
