import { spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Mutant } from './mutants.ts'
import { mutated } from './mutate.ts'

const program = join(import.meta.dirname, 'main.ts')

export interface Told {
  readonly code: number | null
  readonly lines: readonly string[]
}

/** Runs the simulator in a process of its own; `code` 1 means that it found a violation. */
export const simulate = (...argv: readonly string[]): Promise<Told> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8')
      })
    child.once('error', reject)
    child.once('close', code => resolve({ code, lines: text.split('\n').filter(line => line !== '') }))
  })

/** The same on both cores: each process takes every other schedule. */
export const simulateInTwo = (...argv: readonly string[]): Promise<readonly Told[]> =>
  Promise.all(['1/2', '2/2'].map(part => simulate(...argv, '--part', part)))

export interface Hunt {
  readonly mutant: Mutant
  /** The schedule in which it was found, or null. */
  readonly seed: number | null
  /** What broke, in words; without a find, how the search ended. */
  readonly words: string
}

const hunt = async (mutant: Mutant): Promise<Hunt> => {
  using copy = mutated(mutant)
  const among = mutant.worlds === undefined ? [] : ['--worlds', mutant.worlds]
  const { code, lines } = await simulate(
    '--src',
    copy.src,
    '--seed',
    String(mutant.seed),
    '--schedules',
    String(mutant.schedules),
    ...among,
  )
  const at = lines.findIndex(line => line.startsWith('VIOLATION in seed '))
  if (code !== 1 || at < 0) return { mutant, seed: null, words: lines.slice(0, 3).join(' ') }
  return { mutant, seed: Number(/seed (\d+)/.exec(lines[at] ?? '')?.[1]), words: (lines[at + 1] ?? '').trim() }
}

/** Looks for each mutant with the simulator, two at a time. */
export const huntAll = async (mutants: readonly Mutant[]): Promise<readonly Hunt[]> => {
  const found: Hunt[] = []
  const waiting = [...mutants]
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) found.push(await hunt(next))
  }
  await Promise.all([worker(), worker()])
  return found
}

/** A line of the table of mutants. */
export const huntLine = ({ mutant, seed, words }: Hunt): string =>
  `${mutant.name.padEnd(34)} ${seed === null ? 'SURVIVED' : `after ${seed - mutant.seed + 1} schedules`.padEnd(20)} ${words.slice(0, 110)}`
