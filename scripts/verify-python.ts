/**
 * `npm run verify:python`: the same metrics, intervals and tests once by Refline and once by Python, on the same files. See scripts/verify-python/. With
 * `-- --seed <n>` only that generated data set, with `-- --every <n>` every n-th one. Exit 1 on any difference beyond 1e-12 + 1e-9 |b|, or beyond 5 standard errors of a bootstrap.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runToEnd } from './demo/children.ts'
import { MissingTool, pythonEnvironment } from './demo/python.ts'
import { Agreement, type Expectation } from './verify-python/agreement.ts'
import { type DataSet, writeDataSets } from './verify-python/data-sets.ts'
import { ourFigures } from './verify-python/ours.ts'
import { ourTables, tablesOf } from './verify-python/tables.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const lane = join(root, 'scripts', 'verify-python')
const tablesSeed = 20240601

const numberAfter = (option: string): number | null => {
  const at = process.argv.indexOf(option)
  return at < 0 ? null : Number(process.argv[at + 1])
}
const only = numberAfter('--seed')
const every = numberAfter('--every') ?? 1

/** Lines of expected.jsonl: every data set's figures, and those of the tables. */
const readExpected = (folder: string): Map<string, Map<string, Expectation>> =>
  new Map(
    readFileSync(join(folder, 'expected.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as { name: string; figures: Record<string, Expectation> })
      .map(({ name, figures }) => [name, new Map(Object.entries(figures))]),
  )

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(0)} s`

/** How many data sets have what is special about them. */
const traitsOf = (sets: readonly DataSet[]): string => {
  const counts = new Map<string, number>()
  for (const { traits } of sets) for (const trait of new Set(traits)) counts.set(trait, (counts.get(trait) ?? 0) + 1)
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([trait, count]) => `${trait} ${count}`)
    .join(', ')
}

const verify = async (folder: string): Promise<Agreement> => {
  const python = await pythonEnvironment(
    join(root, 'node_modules', '.cache', 'refline-verify-python'),
    join(lane, 'requirements.txt'),
    [3, 11],
  )
  console.log(`${python.version}; the environment took ${seconds(started)}`)
  const generated = writeDataSets(folder, { seed: only, every })
  const tables = tablesOf(tablesSeed)
  writeFileSync(join(folder, 'sets.json'), JSON.stringify(generated))
  writeFileSync(join(folder, 'tables.json'), JSON.stringify(tables))
  const computing = performance.now()
  const reference = runToEnd(
    join(python.bin, 'python'),
    [join(lane, 'reference.py'), folder, ...(only === null ? [] : ['--without-real-sets'])],
    {
      seconds: 600,
      env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', PYTHONDONTWRITEBYTECODE: '1' },
    },
  ).then(ended => ({ ...ended, took: seconds(computing) }))
  const ours = new Map(await Promise.all(generated.map(async set => [set.name, await ourFigures(folder, set)] as const)))
  const tookUs = seconds(computing)
  const { code, output, took } = await reference
  if (code !== 0) throw new Error(`the reference ended with ${code}:\n${output}`)
  const real = JSON.parse(readFileSync(join(folder, 'real.json'), 'utf8')) as DataSet[]
  for (const set of real) ours.set(set.name, await ourFigures(folder, set))
  const expected = readExpected(folder)
  const agreement = new Agreement()
  for (const set of [...generated, ...real])
    agreement.add(set, set.task, ours.get(set.name) ?? new Map(), expected.get(set.name) ?? new Map())
  agreement.add({ name: 'tables', seed: tablesSeed }, 'tables', ourTables(tables), expected.get('tables') ?? new Map())
  console.log(`${generated.length} generated data sets and ${real.length} real holdouts: ours ${tookUs}, Python ${took}`)
  console.log(`${traitsOf([...generated, ...real])}\n`)
  return agreement
}

const started = performance.now()
mkdirSync(tmpdir(), { recursive: true })
const folder = mkdtempSync(join(tmpdir(), 'refline-verify-python-'))
try {
  const agreement = await verify(folder)
  for (const line of agreement.report()) console.log(line)
  const { equal, within, undefined: missing, wrong } = agreement.total
  const compared = (equal + within + missing + wrong).toLocaleString('en')
  console.log(
    `\n${wrong === 0 ? 'All of' : `${wrong.toLocaleString('en')} of`} ${compared} figures ${wrong === 0 ? 'agree' : 'differ'} (${seconds(started)})`,
  )
  process.exitCode = wrong === 0 ? 0 : 1
} catch (error) {
  if (!(error instanceof MissingTool)) throw error
  console.error(error.message)
  process.exitCode = 2
} finally {
  rmSync(folder, { recursive: true, force: true })
}
