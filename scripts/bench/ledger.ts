/**
 * `npm run bench -- ledger`: rows 6 and 7 of the design's section 15, and our ledger beside GTO and an MLflow registry in SQLite, on this machine, in this run. Every turn of ours
 * opens a fresh ledger in a fresh folder, as a fresh runner does, and takes turns with bare git. `--sizes 100,1500` for a try, `--no-peers` without Python, `--large` with 100,000
 * versions of ours, `--patience 900` waits so many seconds for one command of GTO, `--repeats 9` and `--slow-repeats 3` set how often, `--cache` where the
 * Python environment is kept.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGitHttp } from '../../test/support/git-http.ts'
import { root } from '../actions.ts'
import { MissingTool, pythonEnvironment } from '../demo/python.ts'
import { progress } from './ledger/figures.ts'
import { type Measured, measureSize } from './ledger/sizes.ts'
import { printTable } from './ledger/table.ts'

const option = (name: string, otherwise: string): string => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : (process.argv[at + 1] ?? '')
}
const count = (name: string, otherwise: number): number => {
  const value = Number(option(name, String(otherwise)))
  if (!Number.isInteger(value) || value < 1) throw new MissingTool(`--${name} must be a whole number of at least 1.`)
  return value
}

const largest = 100_000
const here = join(root, 'scripts', 'bench', 'ledger')

const measure = async (temp: string): Promise<void> => {
  const sizes = option('sizes', '100,1500,10000').split(',').map(Number)
  if (sizes.some(size => !Number.isInteger(size) || size < 10))
    throw new MissingTool('--sizes must be whole numbers of at least 10, such as 100,1500.')
  const settings = { repeats: count('repeats', 9), slowRepeats: count('slow-repeats', 3), patience: count('patience', 60) }
  const requirements = join(here, 'requirements.txt')
  const python = process.argv.includes('--no-peers')
    ? null
    : await pythonEnvironment(option('cache', join(root, 'node_modules', '.cache', 'refline-bench-ledger')), requirements, [3, 10], 'gto')
  const libraries = readFileSync(requirements, 'utf8').trim().split('\n').join(', ')
  const git = execFileSync('git', ['--version'], { encoding: 'utf8' }).trim()
  console.log(`Node ${process.versions.node}; ${git}; ${python === null ? 'no peers' : `${python.version} (${libraries})`}`)

  const repositories = join(temp, 'repositories')
  mkdirSync(repositories)
  await using server = await startGitHttp(repositories)
  const place = { server, repositories, temp, scripts: here, bin: python?.bin ?? null }
  const found: Measured[] = []
  for (const size of sizes) found.push(await measureSize(place, size, settings, true))
  if (process.argv.includes('--large') && !sizes.includes(largest)) found.push(await measureSize(place, largest, settings, false))
  printTable(found, settings.patience)
}

const temp = realpathSync(mkdtempSync(join(tmpdir(), 'refline-bench-ledger-')))
try {
  progress('making what is needed')
  await measure(temp)
} catch (error) {
  if (!(error instanceof MissingTool)) throw error
  console.error(error.message)
  process.exitCode = 2
} finally {
  rmSync(temp, { recursive: true, force: true })
}
