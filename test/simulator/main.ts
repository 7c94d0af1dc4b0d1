import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { exhaustive, type Tally, tally } from './exhaustive.ts'
import { randomFaults } from './faults.ts'
import { standIn } from './hooks.ts'
import { loadProduction } from './production.ts'
import { seeded } from './random.ts'
import { type Finished, runSchedule, traceDigest } from './schedule.ts'
import { type Kind, makeBases, randomStory, referenceStories } from './stories.ts'

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    singles: { type: 'boolean', default: false },
    pairs: { type: 'boolean', default: false },
    part: { type: 'string', default: '1/1' },
    src: { type: 'string', default: resolve(import.meta.dirname, '../../src') },
    trace: { type: 'boolean', default: false },
    worlds: { type: 'string', default: '' },
    twice: { type: 'boolean', default: false },
  },
})

const ours = resolve(import.meta.dirname, '../../src')
const sources = resolve(values.src)
for (const folder of new Set([ours, sources])) standIn(folder)
// Deadlines of real requests: nothing here takes real time, and a timer for each would outlive thousands of schedules.
AbortSignal.timeout = () => new AbortController().signal

const print = (line: string) => console.log(line)

const show = (finished: Finished, lines: number) => {
  for (const [at, process, label, fault] of finished.trace.slice(-lines))
    print(`  ${(at / 1000).toFixed(2).padStart(8)} s  ${process.padEnd(14)} ${label}${fault === '' ? '' : `  << ${fault}`}`)
  for (const ending of finished.endings) print(`  ${ending}`)
}

const production = await loadProduction(sources)
const bases = await makeBases(await loadProduction(ours))
const startedAt = performance.now()
const found: Tally = tally()
const [part = 1, parts = 1] = values.part.split('/').map(Number)
const seed = Number(values.seed)

/** Prints what broke and ends the program: the first seed is what one wants to replay. */
const report = (finished: Finished, name: string, replay: string) => {
  if (values.trace) show(finished, Number.POSITIVE_INFINITY)
  if (finished.violations.length === 0) return
  print(`VIOLATION in ${name}:`)
  for (const violation of finished.violations) print(`  ${violation}`)
  if (!values.trace) show(finished, 40)
  print(`replay: node test/simulator/main.ts ${replay}`)
  process.exitCode = 1
}

const worlds = values.worlds === '' ? undefined : (values.worlds.split(',') as Kind[])

const singleSchedule = async (at: number): Promise<Finished> => {
  const story = randomStory(bases, seeded(at), worlds)
  const finished = await runSchedule(production, story, at, randomFaults)
  if (values.trace) print(`seed ${at}, world ${story.name}: ${story.jobs.map(job => JSON.stringify(job)).join(' ')}`)
  report(
    finished,
    `seed ${at} (world ${story.name})`,
    `--seed ${at} --schedules 1${worlds === undefined ? '' : ` --worlds ${values.worlds}`} --trace`,
  )
  return finished
}

const schedules = Number(values.schedules)
for (let count = part - 1; count < schedules && process.exitCode === undefined; count += parts) {
  const finished = await singleSchedule(seed + count)
  found.add(finished)
  if (values.twice && traceDigest(await singleSchedule(seed + count)) !== traceDigest(finished)) {
    print(`seed ${seed + count} does not give the same trace twice`)
    process.exitCode = 1
  }
}
if (schedules > 0) print(found.words(`schedules from seed ${seed}`, performance.now() - startedAt))

for (const [wanted, size] of [
  [values.singles, 1],
  [values.pairs, 2],
] as const) {
  if (!wanted || process.exitCode !== undefined) continue
  for (const story of referenceStories(bases)) {
    const since = performance.now()
    const all = tally()
    for await (const { finished, faults } of exhaustive(production, story, size, part, parts)) {
      all.add(finished)
      report(finished, `${story.name} with ${faults}`, `--schedules 0 --${size === 1 ? 'singles' : 'pairs'}`)
      if (finished.violations.length > 0) break
    }
    print(all.words(`${size === 1 ? 'single faults' : 'pairs of faults'} in "${story.name}"`, performance.now() - since))
  }
}
