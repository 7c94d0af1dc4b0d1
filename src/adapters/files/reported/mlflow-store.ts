import { createReadStream } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readSource } from '../../../core/configuration/source.ts'
import { UserError } from '../../../core/errors.ts'
import type { ReportedValue } from '../../../core/lineage/run.ts'
import { chooseRun, metricHistory, type Period, runOfMeta, type TrackedRun } from '../../../core/reported/mlflow.ts'
import { readText } from '../text.ts'
import type { TrackedMetrics } from './mlflow-database.ts'

const mostRuns = 10_000
const mostMetrics = 1000
const deepest = 16
const largestHistory = 268_435_456
const longestLine = 2000
/** File systems stamp by a coarser clock than that of the process. */
const coarse = 1000

/**
 * The final metrics of the run in an MLflow file store (`mlruns`) that this training made. Symbolic links are not followed. Runs of earlier trainings are told by
 * the time of their `meta.yaml` and not opened. A `meta.yaml` of this training that cannot be read is a UserError: its run might be the one that counts.
 */
export const readMlflowStore = async (path: string, name: string, period: Period): Promise<TrackedMetrics> => {
  const runs = new Map<TrackedRun, string>()
  for (const experiment of await foldersIn(path)) {
    for (const id of await foldersIn(join(path, experiment))) {
      const folder = join(path, experiment, id)
      const file = join(folder, 'meta.yaml')
      const stats = await lstat(file).catch(() => null)
      if (stats === null || stats.mtimeMs < period.start - coarse) continue
      const label = `${name}/${experiment}/${id}/meta.yaml`
      const child = (await lstat(join(folder, 'tags', 'mlflow.parentRunId')).catch(() => null)) !== null
      const text = await readText(file, label, { links: false, largest: 1_000_000 })
      const run = text === null ? null : runOfMeta(readSource(text, label).value, id, child)
      if (run === null) throw new UserError(`${label} does not describe a run`, { place: { file: label } })
      runs.set(run, folder)
      if (runs.size > mostRuns)
        throw new UserError(`${name} holds more than ${mostRuns} runs of this training; nobody can tell which one counts`)
    }
  }
  const { run, notes } = chooseRun([...runs.keys()], period)
  if (run === null) return { metrics: {}, run, notes }
  const folder = join(runs.get(run) as string, 'metrics')
  const metrics = new Map<string, ReportedValue>()
  for (const key of await metricFiles(folder, '', 0)) {
    if (key.length > 200) continue
    const value = await finalValue(join(folder, key), `${name}/…/${key}`)
    if (value === undefined) continue
    metrics.set(key, value)
    if (metrics.size > mostMetrics)
      throw new UserError(
        `${name} holds more than ${mostMetrics} metrics of the run ${run.id}; write those that are judged to a file and name it in train.metrics`,
      )
  }
  return { metrics: Object.fromEntries(metrics), run, notes }
}

/** Names of plain folders; none where there is no folder. Folders of the store's own, such as `.trash` and `models`, hold no `meta.yaml` of runs. */
const foldersIn = async (path: string): Promise<readonly string[]> => {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  return entries
    .filter(entry => entry.isDirectory() && !reserved.has(entry.name))
    .map(entry => entry.name)
    .sort()
}

const reserved = new Set(['.trash', 'models', 'tags', 'datasets', 'traces'])

const metricFiles = async (root: string, below: string, depth: number): Promise<readonly string[]> => {
  const found: string[] = []
  if (depth > deepest) return found
  const entries = await readdir(join(root, below), { withFileTypes: true }).catch(() => [])
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) found.push(...(await metricFiles(root, path, depth + 1)))
    else if (entry.isFile()) found.push(path)
  }
  return found
}

const finalValue = async (path: string, name: string): Promise<ReportedValue | undefined> => {
  const refused = (what: string): UserError => new UserError(`${name} ${what}`, { place: { file: name } })
  const { size } = await lstat(path)
  if (size > largestHistory) throw refused(`has ${size} bytes, more than the ${largestHistory} that are read`)
  const history = metricHistory()
  let rest = ''
  for await (const chunk of createReadStream(path, { encoding: 'latin1', highWaterMark: 1 << 18 })) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) history.add(line)
    if (rest.length > longestLine) throw refused('is no history of a metric')
  }
  history.add(rest)
  return history.value()
}
