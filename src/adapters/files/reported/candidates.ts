import type { Dirent } from 'node:fs'
import { lstat, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { readSource } from '../../../core/configuration/source.ts'
import { UserError } from '../../../core/errors.ts'
import { metricsNamedBy } from '../../../core/reported/dvc.ts'
import { readText } from '../text.ts'

export type Kind = 'metrics' | 'dvc' | 'dvclive' | 'results' | 'trainer-state' | 'mlflow-database' | 'mlflow-store'

/** A file or folder that may hold metrics. */
export interface Candidate {
  readonly kind: Kind
  readonly path: string
  /** As people name it: `/`-separated, from the folder of the model. */
  readonly name: string
  /** Less counts more; of equals none counts more than another. */
  readonly rank: number
  /** Of candidates with the same value only the first that this training wrote is read: the others are older states of it. */
  readonly onlyFirstOf?: string
}

export interface Candidates {
  readonly list: readonly Candidate[]
  readonly notes: readonly string[]
}

const mostInFolder = 200
const deepest = 8
const metricEnding = /\.(json|ya?ml|toml)$/i

const named = (folder: string, path: string): string => relative(folder, path).split(sep).join('/')

/** What a path that somebody wrote down leads to; none where there is nothing. Files are told by their names, folders by what is in them. */
export const candidatesAt = async (folder: string, path: string): Promise<readonly Candidate[]> => {
  const full = resolve(folder, path)
  const stats = await stat(full).catch(() => null)
  if (stats === null) return []
  const one = (kind: Kind, at = full, name = path): Candidate => ({ kind, path: at, name, rank: 0 })
  if (!stats.isDirectory()) return [one(kindOfFile(full))]
  const entries = [...(await entriesOf(full))].sort((a, b) => (a.name < b.name ? -1 : 1))
  if (basename(full) === 'mlruns' || (await anyHolds(full, 'meta.yaml'))) return [one('mlflow-store')]
  const inside = entries.filter(entry => entry.isFile() || entry.isSymbolicLink()).map(entry => join(full, entry.name))
  const metrics = inside.find(file => basename(file) === 'metrics.json')
  if (metrics !== undefined) return [one('dvclive', metrics, named(folder, metrics))]
  const training = await ofTransformers(full, folder, () => 0)
  if (training.length > 0) return training.map((candidate, rank) => ({ ...candidate, rank: rank / training.length }))
  return inside
    .filter(file => metricEnding.test(file))
    .slice(0, mostInFolder)
    .map(file => one('metrics', file, named(folder, file)))
}

const entriesOf = (path: string): Promise<readonly Dirent[]> =>
  readdir(path, { withFileTypes: true }).catch(cause => {
    throw new UserError(`${path} cannot be read: ${(cause as NodeJS.ErrnoException).code}`, { place: { file: path }, cause })
  })

const kindOfFile = (path: string): Kind => {
  if (/\.(db|sqlite3?)$/i.test(path)) return 'mlflow-database'
  return basename(path) === 'trainer_state.json' ? 'trainer-state' : 'metrics'
}

const anyHolds = async (folder: string, name: string): Promise<boolean> => {
  for (const entry of await entriesOf(folder))
    if (entry.isDirectory() && (await lstat(join(folder, entry.name, name)).catch(() => null)) !== null) return true
  return false
}

/**
 * The places where the libraries of training scripts write metrics, as far as there is something: DVCLive and what `dvc.yaml` names, transformers (next to and in
 * the model, then in the folder), `mlflow.db`, `mlruns`, and `metrics.json`, `.yaml`, `.yml` and `.toml`.
 */
export const usualCandidates = async (folder: string, output: string): Promise<Candidates> => {
  const list: Candidate[] = []
  const notes: string[] = []
  let rank = 1
  const add = async (kind: Kind, path: string): Promise<void> => {
    if (list.some(known => known.path === path) || (await stat(path).catch(() => null)) === null) return
    list.push({ kind, path, name: named(folder, path), rank })
  }

  await add('dvclive', join(folder, 'dvclive', 'metrics.json'))
  const dvc = await namedByDvc(folder)
  notes.push(...dvc.notes)
  for (const path of dvc.paths) for (const file of await filesAt(path)) await add('dvc', file)

  const out = resolve(folder, output)
  const places = [out, dirname(out), folder].filter(place => isWithin(folder, place))
  for (const place of new Set(places)) list.push(...(await ofTransformers(place, folder, () => ++rank)))

  rank++
  await add('mlflow-database', join(folder, 'mlflow.db'))
  rank++
  await add('mlflow-store', join(folder, 'mlruns'))
  rank++
  for (const ending of ['json', 'yaml', 'yml', 'toml']) await add('metrics', join(folder, `metrics.${ending}`))
  return { list, notes }
}

/** Whether a path is a folder or something below it. */
export const isWithin = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)

const namedByDvc = async (folder: string): Promise<{ readonly paths: readonly string[]; readonly notes: readonly string[] }> => {
  try {
    const text = await readText(join(folder, 'dvc.yaml'), 'dvc.yaml')
    if (text === null) return { paths: [], notes: [] }
    const { paths, templates } = metricsNamedBy(readSource(text, 'dvc.yaml').value)
    const notes = templates.map(path => `dvc.yaml names the metrics ${path}, which only DVC can resolve; they are not read`)
    return { paths: paths.filter(path => !/\.py$/i.test(path)).map(path => resolve(folder, path)), notes: notes.slice(0, 5) }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { paths: [], notes: [`dvc.yaml cannot be read, so the metrics that it names are not known: ${error.message}`] }
  }
}

/** The file, or all metrics files of the folder and its folders. Links to files are taken, as DVC makes them to its cache; links to folders are not followed. */
const filesAt = async (path: string, depth = 0): Promise<readonly string[]> => {
  const stats = await stat(path).catch(() => null)
  if (stats === null) return []
  if (!stats.isDirectory()) return depth === 0 || (stats.isFile() && metricEnding.test(path)) ? [path] : []
  if (depth > deepest || (depth > 0 && (await lstat(path)).isSymbolicLink())) return []
  const found: string[] = []
  for (const { name } of [...(await entriesOf(path))].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    found.push(...(await filesAt(join(path, name), depth + 1)))
    if (found.length >= mostInFolder) break
  }
  return found.slice(0, mostInFolder)
}

/** What the Trainer of transformers leaves in its folder: results first, as they are written last, then its state, else that of the newest checkpoint. */
const ofTransformers = async (place: string, folder: string, next: () => number): Promise<Candidate[]> => {
  const entries = await readdir(place, { withFileTypes: true }).catch(() => [])
  const one = (kind: Kind, path: string): Candidate => ({ kind, path, name: named(folder, path), rank: next() })
  const names = entries.filter(entry => !entry.isDirectory()).map(entry => entry.name)
  const results = names.filter(name => name.endsWith('_results.json') && name !== 'all_results.json').sort()
  const found = [...names.filter(name => name === 'all_results.json'), ...results].map(name => one('results', join(place, name)))
  if (names.includes('trainer_state.json')) found.push(one('trainer-state', join(place, 'trainer_state.json')))
  const step = (name: string): number => Number(name.slice('checkpoint-'.length))
  const checkpoints = entries.filter(entry => entry.isDirectory() && /^checkpoint-\d{1,12}$/.test(entry.name)).map(entry => entry.name)
  for (const name of checkpoints.sort((a, b) => step(b) - step(a))) {
    const path = join(place, name, 'trainer_state.json')
    if ((await lstat(path).catch(() => null)) !== null) found.push(one('trainer-state', path))
  }
  return found.map(candidate => (candidate.kind === 'trainer-state' ? { ...candidate, onlyFirstOf: place } : candidate))
}
