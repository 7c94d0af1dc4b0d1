/**
 * `npm run bench -- judge`: how often the judge is wrong and what its answers cost, in simulated rollouts, beside the rules of others. Writes docs/judge-figures.md, and ends
 * with 1 where a bound does not hold. `--runs 10000` rollouts a cell and `--seed 1` may be set, `--only row-9` takes the tables whose names contain it; then the page goes to
 * the terminal, or to the file that `--output` names.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../actions.ts'
import { defaults } from './judge/defaults.ts'
import { checked, page, type SectionResult } from './judge/page.ts'
import { sections } from './judge/sections.ts'
import { runOnAllProcessors } from './judge/threads.ts'

const { values } = parseArgs({
  options: { runs: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' }, output: { type: 'string' } },
})
const number = (name: 'runs' | 'seed'): number => {
  const value = Number(values[name] ?? defaults[name])
  if (Number.isSafeInteger(value) && value >= 1) return value
  console.error(`--${name} is "${values[name]}"; it must be a whole number of at least 1`)
  process.exit(2)
}
const settings = { runs: number('runs'), seed: number('seed') }
const chosen = sections.filter(({ id }) => id.includes(values.only ?? ''))
if (chosen.length === 0) {
  console.error(`--only ${values.only}: there is no such table; there are ${sections.map(({ id }) => id).join(', ')}`)
  process.exit(2)
}

const cells = sections.flatMap(section => section.cells.map(cell => ({ section, cell })))
const indices = cells.flatMap(({ section }, index) => (chosen.includes(section) ? [index] : []))
const started = performance.now()
let finished = 0
const tallies = await runOnAllProcessors(indices, settings, index => {
  finished += 1
  const shown = `${finished} of ${indices.length} cells: ${cells[index]?.cell.id.replaceAll('**', '')}`
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${shown}`)
  else if (finished % 25 === 0 || finished === indices.length) console.error(shown)
})
if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')

const results: readonly SectionResult[] = chosen.map(section => ({
  section,
  results: section.cells.map(cell => {
    const tally = tallies.get(cells.findIndex(one => one.cell === cell))
    if (!tally) throw new Error(`${cell.id} was not rolled out`)
    return { cell, tally }
  }),
}))
const text = page(results, settings)
const isWhole = values.only === undefined && values.runs === undefined && values.seed === undefined
const output = values.output ?? (isWhole ? join(root, 'docs', 'judge-figures.md') : null)
if (output !== null) writeFileSync(output, text)
console.log(text)
console.log(
  `${indices.length} cells in ${Math.round((performance.now() - started) / 1000)} s${output === null ? '' : `, written to ${output}`}`,
)
const bounds = checked(results)
const broken = bounds.filter(({ held }) => !held.holds)
for (const { cell, held } of broken)
  console.error(
    `${cell.id.replaceAll('**', '')}: ${held.bound.of} is ${held.figure}, which is beyond its bound of ${'most' in held.bound ? held.bound.most : held.bound.least}`,
  )
console.log(`${bounds.length - broken.length} of ${bounds.length} bounds hold`)
if (broken.length > 0) process.exitCode = 1
