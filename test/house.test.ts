import { execFile } from 'node:child_process'
import { cp, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { temporaryFolder } from './support/temporary.ts'

const root = join(import.meta.dirname, '..')

/** A copy of the sources that may be spoilt. */
const copy = async () => {
  const folder = await temporaryFolder('refline-copy-')
  for (const part of [
    'src',
    'scripts',
    'actions',
    'test',
    'package.json',
    'tsconfig.json',
    'refline.schema.json',
    'refline.result.schema.json',
    'README.md',
    'vitest.config.ts',
  ])
    await cp(join(root, part), folder.join(part), { recursive: true })
  await symlink(join(root, 'node_modules'), folder.join('node_modules'))
  return folder
}

const edit = async (file: string, change: (text: string) => string): Promise<void> => {
  const text = await readFile(file, 'utf8')
  expect(change(text)).not.toBe(text)
  await writeFile(file, change(text))
}

const run = async (folder: string, args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> => {
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: folder, timeout: 60_000 })
    return { code: 0, output: stdout + stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, output: stdout + stderr }
  }
}

describe('the house notices', () => {
  test('an input that was changed in a spec and not generated', async () => {
    await using folder = await copy()
    const check = ['scripts/generate.ts', '--check']
    expect(await run(folder.path, check)).toMatchObject({ code: 0 })
    await edit(folder.join('src/actions/rollback/spec.ts'), text => text.replace("'dry-run'", "'dry-runs'"))
    const { code, output } = await run(folder.path, check)
    expect(code).toBe(1)
    expect(output).toContain('actions/rollback/action.yml is stale')
  }, 60_000)

  test('an import from core to an adapter', async () => {
    await using folder = await copy()
    const layers = ['node_modules/vitest/vitest.mjs', 'run', 'test/layers.test.ts']
    expect(await run(folder.path, layers)).toMatchObject({ code: 0 })
    await edit(folder.join('src/core/lineage/fold.ts'), text => `import '../../adapters/git/ledger.ts'\n${text}`)
    const { code, output } = await run(folder.path, layers)
    expect(code).toBe(1)
    expect(output).toContain('src/core/lineage/fold.ts imports src/adapters/git/ledger.ts')
  }, 60_000)
})
