import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { root } from './actions.ts'
import { goToolPath, installGoTool } from './go-tools.ts'

// Everything that must hold before a commit counts: types, style, generated files, a fresh dist, sizes, workflows. All checks run; any failure is exit 1.
// With `--strict` (CI) a check that cannot run is a failure; without it, it is skipped and the last line says so.

const isStrict = process.argv.includes('--strict')
const skipped: string[] = []

const program = (name: string): string => join(root, 'node_modules', name)
const run = (command: string, ...args: readonly string[]) => spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 })
const passes = (command: string, ...args: readonly string[]): string | null => {
  const { status, stdout, stderr, error } = run(command, ...args)
  return status === 0 ? null : (error?.message ?? `${stdout}${stderr}`.trim())
}

const files = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter(name => statSync(join(folder, name)).isFile())
        .sort()
    : []

const distIsFresh = (): string | null => {
  const fresh = join(root, 'build/fresh-dist')
  const failed = passes(process.execPath, 'scripts/build.ts', '--out', 'build/fresh-dist')
  if (failed !== null) return failed
  const [ours, built] = [files(join(root, 'dist')), files(fresh)]
  const different = [...new Set([...ours, ...built])].filter(
    name =>
      !ours.includes(name) || !built.includes(name) || !readFileSync(join(root, 'dist', name)).equals(readFileSync(join(fresh, name))),
  )
  rmSync(join(root, 'build'), { recursive: true, force: true })
  return different.length === 0 ? null : `stale: ${different.join(', ')}\nrun \`npm run build\``
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`
const atMost = (what: string, bytes: number, limit: number): string | null => {
  console.log(`  ${what}: ${megabytes(bytes)} of ${megabytes(limit)}`)
  return bytes <= limit ? null : `${what} is ${megabytes(bytes)}, at most ${megabytes(limit)} is allowed`
}

const distSize = (): string | null =>
  atMost(
    'dist',
    files(join(root, 'dist')).reduce((sum, name) => sum + statSync(join(root, 'dist', name)).size, 0),
    12e6,
  )

/** What every job that uses an action downloads. */
const archiveSize = (): string | null => {
  const archive = spawnSync('git', ['archive', 'HEAD'], { cwd: root, maxBuffer: 1 << 30 })
  return archive.status === 0 ? atMost('git archive HEAD | gzip', gzipSync(archive.stdout).length, 4e6) : String(archive.stderr)
}

const workflows = (): string | null => {
  const missing = installGoTool('actionlint')
  if (missing !== null && isStrict) return missing
  if (missing !== null) {
    skipped.push(`workflows are not linted: ${missing}`)
    return null
  }
  const actionlint = goToolPath('actionlint')
  const templates = readdirSync(join(root, 'action-templates')).filter(name => name.endsWith('.yml'))
  return passes(actionlint) ?? passes(actionlint, ...templates.map(name => join('action-templates', name)))
}

const checks: readonly (readonly [string, () => string | null])[] = [
  ['types', () => passes(process.execPath, program('typescript/bin/tsc'), '-p', '.')],
  ['style', () => passes(process.execPath, program('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings')],
  ['generated files', () => passes(process.execPath, 'scripts/generate.ts', '--check')],
  ['dist is fresh', distIsFresh],
  ['size of dist', distSize],
  ['size of a download', archiveSize],
  ['workflows', workflows],
]
for (const [name, check] of checks) {
  const started = performance.now()
  const problem = check()
  console.log(`${problem === null ? 'ok    ' : 'FAILED'} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
  if (problem === null) continue
  console.log(problem.replace(/^/gm, '  '))
  process.exitCode = 1
}
for (const line of skipped) console.log(`\nSKIPPED: ${line}`)
