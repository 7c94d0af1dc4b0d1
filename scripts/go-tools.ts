import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { root } from './actions.ts'

/** Programs written in Go that our checks use, each at one version, so that a new release of theirs changes no verdict of ours. */
const versions = {
  act: 'github.com/nektos/act@v0.2.89',
  actionlint: 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12',
} as const

export type GoTool = keyof typeof versions

/** Below node_modules: `npm ci` empties it, Go's own cache makes the next build short. A version has a folder of its own. */
export const goToolPath = (tool: GoTool): string =>
  join(root, 'node_modules', '.cache', 'refline-tools', versions[tool].slice(versions[tool].indexOf('@') + 1), tool)

/** Builds the tool at its version where that has not been done. Returns null, or why there is no such program in `goToolPath`. */
export const installGoTool = (tool: GoTool, path = process.env.PATH ?? ''): string | null => {
  const program = goToolPath(tool)
  if (existsSync(program)) return null
  if (!path.split(delimiter).some(folder => existsSync(join(folder, 'go')))) return `${tool} is built with Go, which is not installed`
  const folder = join(program, '..')
  mkdirSync(folder, { recursive: true })
  const env = { ...process.env, PATH: path, GOBIN: folder, GOTOOLCHAIN: 'auto', GOFLAGS: '' }
  const built = spawnSync('go', ['install', versions[tool]], { env, encoding: 'utf8', timeout: 600_000 })
  return built.status === 0 ? null : `go install ${versions[tool]} failed: ${built.error?.message ?? built.stderr.trim().slice(-2000)}`
}
