import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { actionSpecs, root } from '../actions.ts'

// How long each bundle takes to refuse its inputs, as a ratio to `node -e 0`: same run, turn about, medians. "first" is without Node's compile cache, as in
// the first step of a job; "later" with it.

const repeats = Number(process.argv[2] ?? 31)
const goal = 2.0
const temp = mkdtempSync(join(tmpdir(), 'refline-startup-'))
const base = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(INPUT_|NODE_|GITHUB_|RUNNER_)/.test(name)))

const milliseconds = (args: readonly string[], env: Readonly<Record<string, string>>, expected: number): number => {
  const started = performance.now()
  const { status, stdout } = spawnSync(process.execPath, args, { env: { ...base, ...env }, encoding: 'utf8' })
  const elapsed = performance.now() - started
  if (status !== expected) throw new Error(`node ${args.join(' ')} ended with ${status}, not ${expected}:\n${stdout}`)
  return elapsed
}
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

console.log(`startup until inputs are refused, ${repeats} repeats, Node ${process.versions.node}, goal <= ${goal.toFixed(1)}`)
console.log(
  `${'action'.padEnd(20)}${'node -e 0'.padStart(12)}${'first'.padStart(10)}${'ratio'.padStart(8)}${'later'.padStart(10)}${'ratio'.padStart(8)}`,
)
for (const spec of await actionSpecs()) {
  const required = Object.values(spec.inputs).some(input => input.required === true)
  // An action that can do without any input is sent a misspelt one, which it refuses at the same point.
  const inputs: Record<string, string> = required ? {} : { INPUT_MODLE: 'x' }
  const bundle = join(root, 'dist', `${spec.id}.js`)
  const bare: number[] = []
  const first: number[] = []
  const later: number[] = []
  milliseconds([bundle], { ...inputs, RUNNER_TEMP: temp }, 2)
  for (let repeat = 0; repeat < repeats; repeat++) {
    bare.push(milliseconds(['-e', '0'], {}, 0))
    first.push(milliseconds([bundle], inputs, 2))
    later.push(milliseconds([bundle], { ...inputs, RUNNER_TEMP: temp }, 2))
  }
  const columns = [
    `${median(bare).toFixed(1)} ms`.padStart(12),
    `${median(first).toFixed(1)} ms`.padStart(10),
    (median(first) / median(bare)).toFixed(2).padStart(8),
    `${median(later).toFixed(1)} ms`.padStart(10),
    (median(later) / median(bare)).toFixed(2).padStart(8),
  ]
  console.log(`${spec.id.padEnd(20)}${columns.join('')}`)
}
rmSync(temp, { recursive: true, force: true })
