/**
 * `npm run bench -- ledger`: rows 6 and 7 of the design's section 15, and our ledger beside GTO and an MLflow registry in SQLite, on this machine, in this run. Every turn of
 * ours opens a fresh ledger in a fresh folder, as a fresh runner does, and takes turns with bare git. `--sizes 100,1500` and `--runs 2000` for a try, `--no-peers` without
 * Python, `--large` with 100,000 versions of ours, `--patience 900` waits so many seconds for one command of GTO, `--repeats 15` and `--slow-repeats 3` set how often, `--cache`
 * where the Python environment is kept. Ends with 0 where a goal is missed, which is printed, and with 1 where something did not work.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGitHttp } from '../../test/support/git-http.ts'
import { root } from '../actions.ts'
import { MissingTool, pythonEnvironment } from '../demo/python.ts'
import { progress } from './ledger/figures.ts'
import { runTimes } from './ledger/runs.ts'
import { measureOurs, measurePeers, type Peers } from './ledger/sizes.ts'
import { printTable } from './ledger/table.ts'

const option = (name: string, otherwise: string): string => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : (process.argv[at + 1] ?? '')
}
const numbers = (name: string, otherwise: string, least: number): readonly number[] => {
  const values = option(name, otherwise).split(',').map(Number)
  if (values.every(value => Number.isInteger(value) && value >= least)) return values
  throw new MissingTool(`--${name} must be whole numbers of at least ${least}, such as ${otherwise}.`)
}
const count = (name: string, otherwise: number): number => numbers(name, String(otherwise), 1)[0] as number

const largest = 100_000
const here = join(root, 'scripts', 'bench', 'ledger')

const measure = async (temp: string): Promise<void> => {
  // The champion is moved at every tenth version.
  const sizes = numbers('sizes', '100,1500,10000', 11)
  const settings = { repeats: count('repeats', 15), slowRepeats: count('slow-repeats', 3), patience: count('patience', 60) }
  const requirements = join(here, 'requirements.txt')
  const cache = option('cache', join(root, 'node_modules', '.cache', 'refline-bench-ledger'))
  const python = process.argv.includes('--no-peers') ? null : await pythonEnvironment(cache, requirements, [3, 10], 'gto')
  const libraries = readFileSync(requirements, 'utf8').trim().split('\n').join(', ')
  const git = execFileSync('git', ['--version'], { encoding: 'utf8' }).trim()
  console.log(`Node ${process.versions.node}; ${git}; ${python === null ? 'no peers' : `${python.version} (${libraries})`}`)

  const repositories = join(temp, 'repositories')
  mkdirSync(repositories)
  await using server = await startGitHttp(repositories)
  const place = { server, repositories, temp, scripts: here }
  const ours = await measureOurs(place, process.argv.includes('--large') ? [...sizes, largest] : sizes, settings)
  const runs = await runTimes({ repositories, url: server.url, temp }, count('runs', 10_000), settings.slowRepeats)
  const peers = new Map<number, Peers>()
  if (python !== null) for (const size of sizes) peers.set(size, await measurePeers(place, python.bin, size, settings))
  printTable(ours, peers, runs, settings.patience)
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
