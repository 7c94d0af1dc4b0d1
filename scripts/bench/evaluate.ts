/**
 * `npm run bench -- evaluate`: rows 2 to 4 of the design's section 15, and our reader against others. Everything on the same seeded rows, on this machine, in this run:
 * each figure is the median of three processes of their own, taking turns, timed inside from the start of reading to the last figure (starting Node, Python and their libraries is
 * not in it). `--rows 100000` for a try, `--memory-rows 0` without the figure of memory.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../actions.ts'
import { MissingTool, pythonEnvironment } from '../demo/python.ts'
import { writeHoldout } from './evaluate/data.ts'

const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? otherwise : Number(process.argv[at + 1])
}
const rows = option('rows', 1_000_000)
const memoryRows = option('memory-rows', rows * 10)
const repeats = option('repeats', 3)
const resamples = 2000
/** Resamples of scikit-learn's metrics that are really drawn; one of a million rows takes seconds. */
const drawn = option('drawn', 2)
/** Rows on which ends of intervals are compared: scipy resamples them all. */
const agreementRows = Math.min(rows, 20_000)

interface Found {
  readonly total: number
  readonly seconds: Readonly<Record<string, number>>
  readonly megabytes: number
  readonly figures: Readonly<Record<string, number>>
}

const libraries = ['pandas, C engine', 'pandas, pyarrow engine', 'polars', 'DuckDB']
/** Without what nobody but Refline does: unique ids, the digest. */
const readAndAssess = ({ seconds }: Found): number => (seconds.read as number) + (seconds.assess as number)

const here = join(root, 'scripts', 'bench', 'evaluate')
const lastLine = (program: string, args: readonly string[]): unknown => {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stderr}`)
  return JSON.parse(stdout.trim().split('\n').at(-1) as string)
}
const ours = (...paths: string[]): Found => lastLine(process.execPath, [join(here, 'ours.ts'), ...paths]) as Found
const middle = <T>(values: readonly T[], of: (value: T) => number): T => [...values].sort((a, b) => of(a) - of(b))[values.length >> 1] as T
const total = (found: Found): number => found.total
/** Every one in turn, `repeats` times over, so that what else the machine does meets all of them. */
const inTurn = (...each: (() => Found)[]): Found[][] => {
  const found = each.map((): Found[] => [])
  for (let repeat = 0; repeat < repeats; repeat++) for (const [index, one] of each.entries()) (found[index] as Found[]).push(one())
  return found
}

const inSeconds = (value: number): string => (value >= 100 ? `${Math.round(value).toLocaleString('en')} s` : `${value.toFixed(3)} s`)
const line = (what: string, value: string, note = ''): void => console.log(`  ${what.padEnd(46)}${value.padStart(12)}  ${note}`.trimEnd())
const goal = (reached: boolean, words: string): string => `goal ${words}: ${reached ? 'reached' : 'NOT REACHED'}`
const stages = (seconds: Found['seconds']): string =>
  Object.entries(seconds)
    .map(([name, value]) => `${name} ${inSeconds(value)}`)
    .join(', ')

const measure = async (folder: string, python: string): Promise<void> => {
  const peer = (script: string, ...args: (string | number)[]): Found => lastLine(python, [join(here, script), ...args.map(String)]) as Found
  const both = await writeHoldout(folder, rows)
  console.log(
    `\n${rows.toLocaleString('en')} rows, ${(statSync(both.challenger).size / 1e6).toFixed(1)} MB of CSV; ids in no order, scores with 17 digits\n`,
  )

  const [own, same, ...others] = inTurn(
    () => ours(both.challenger),
    () => peer('same_in_numpy.py', both.challenger),
    ...libraries.map(library => () => peer('readers.py', library, both.challenger)),
  ) as [Found[], Found[], ...Found[][]]
  const mine = middle(own, total)
  const numpy = middle(same, total)
  const reads = others.map(found => middle(found, total).total)
  const arrow = reads[libraries.indexOf('pandas, pyarrow engine')] as number

  console.log('reading the file')
  const reading = middle(own, found => found.seconds.read as number).seconds.read as number
  line('Refline, one thread', inSeconds(reading))
  for (const [index, library] of libraries.entries())
    line(library, inSeconds(reads[index] as number), `Refline takes ${(reading / (reads[index] as number)).toFixed(2)} x`)

  console.log('\nevaluating: 12 metrics with intervals and 2 slice columns; unique ids and the digest of the holdout besides')
  line('Refline, everything', inSeconds(mine.total), stages(mine.seconds))
  const measured = middle(own, readAndAssess)
  const ratio = readAndAssess(measured) / arrow
  line("reading and metrics to pandas' pyarrow read_csv", `${ratio.toFixed(2)} x`, goal(ratio <= 3, '<= 3 x'))
  line('everything to the same', `${(mine.total / arrow).toFixed(2)} x`, goal(mine.total <= 3 * arrow, '<= 3 x'))
  line(
    'the same algorithms in numpy',
    inSeconds(numpy.total),
    `${stages(numpy.seconds)}; ${(numpy.total / mine.total).toFixed(2)} x Refline`,
  )
  const sklearn = peer('bootstrap.py', drawn, resamples, both.challenger)
  line(
    'pandas + scikit-learn + scipy bootstrap',
    inSeconds(sklearn.total),
    `${resamples} resamples, extrapolated from ${drawn} of all rows`,
  )
  line(
    'Refline is faster by',
    `${Math.round(sklearn.total / mine.total).toLocaleString('en')} x`,
    goal(sklearn.total >= 10 * mine.total, '>= 10 x'),
  )
  checkPoints(mine, numpy, sklearn)

  console.log('\ncomparing two models on the same rows: the same and 12 paired differences')
  const [pairs] = inTurn(() => ours(both.challenger, both.champion)) as [Found[]]
  const compared = middle(pairs, total)
  line('Refline', inSeconds(compared.total), stages(compared.seconds))
  const paired = peer('bootstrap.py', drawn, resamples, both.challenger, both.champion)
  line("scipy's paired bootstrap", inSeconds(paired.total), `${resamples} resamples, extrapolated from ${drawn} of all rows`)
  line(
    'Refline is faster by',
    `${Math.round(paired.total / compared.total).toLocaleString('en')} x`,
    goal(paired.total >= 50 * compared.total, '>= 50 x'),
  )
  const fewer = agreementRows === rows ? both : await writeHoldout(folder, agreementRows)
  agreement(ours(fewer.challenger, fewer.champion), peer('agreement.py', resamples, fewer.challenger, fewer.champion) as never)

  if (memoryRows > 0) await memory(folder)
}

/** Points must be the same numbers, or the times say nothing. */
const checkPoints = (mine: Found, same: Found, sklearn: Found): void => {
  let largest = 0
  for (const [name, value] of Object.entries(sklearn.figures)) {
    const gaps = [value, same.figures[`${name}.value`] as number].map(other => Math.abs(other - (mine.figures[`${name}.value`] as number)))
    largest = Math.max(largest, ...gaps.map(gap => (Number.isNaN(gap) ? Number.POSITIVE_INFINITY : gap)))
  }
  line('largest difference of a point from either', largest.toExponential(1), goal(largest <= 1e-9, '<= 1e-9'))
}

const agreement = (mine: Found, theirs: Readonly<Record<string, { low: number; high: number; sd: number }>>): void => {
  let worstEnd = 0
  let worstDeviation = 0
  for (const [name, { low, high, sd }] of Object.entries(theirs)) {
    const [ourLow, ourHigh] = [mine.figures[`${name}.difference.low`] as number, mine.figures[`${name}.difference.high`] as number]
    const width = high - low
    const end = Math.max(Math.abs(ourLow - low), Math.abs(ourHigh - high)) / width
    // The standard deviation of a bootstrap of B resamples is itself off by 1 / sqrt(2 B) of it.
    const deviation = (Math.abs((ourHigh - ourLow) / (2 * 1.959963984540054) - sd) / sd) * Math.sqrt(2 * resamples)
    worstEnd = Math.max(worstEnd, end)
    worstDeviation = Math.max(worstDeviation, deviation)
    line(`  ${name}`, `${(100 * end).toFixed(1)} %`, `of the width between the ends; sd ${deviation.toFixed(1)} Monte-Carlo errors apart`)
  }
  const what = `on ${agreementRows.toLocaleString('en')} rows, all ${resamples} resamples drawn`
  line('ends of intervals', `${(100 * worstEnd).toFixed(1)} %`, `${goal(worstEnd <= 0.06, '<= 6 %')} (${what})`)
  line('standard deviations', worstDeviation.toFixed(1), goal(worstDeviation <= 4, '<= 4 Monte-Carlo errors'))
}

const memory = async (folder: string): Promise<void> => {
  console.log(`\nmemory: one model of ${memoryRows.toLocaleString('en')} rows`)
  const { challenger } = await writeHoldout(folder, memoryRows, false)
  const found = ours(challenger)
  line('most resident memory of the process', `${Math.round(found.megabytes)} MB`, goal(found.megabytes <= 600, '<= 600 MB'))
  line('evaluating', inSeconds(found.total), stages(found.seconds))
}

const folder = mkdtempSync(join(tmpdir(), 'refline-bench-evaluate-'))
try {
  const python = await pythonEnvironment(
    join(root, 'node_modules', '.cache', 'refline-bench-evaluate'),
    join(here, 'requirements.txt'),
    [3, 11],
  )
  console.log(`Node ${process.versions.node}; ${python.version}`)
  await measure(folder, join(python.bin, 'python'))
} catch (error) {
  if (!(error instanceof MissingTool)) throw error
  console.error(error.message)
  process.exitCode = 2
} finally {
  rmSync(folder, { recursive: true, force: true })
}
