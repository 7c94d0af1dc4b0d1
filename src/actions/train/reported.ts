import { basename } from 'node:path'
import { type Candidate, candidatesAt, usualCandidates } from '../../adapters/files/reported/candidates.ts'
import { readCandidate, type Surroundings } from '../../adapters/files/reported/read.ts'
import type { ModelConfiguration } from '../../core/configuration/schema.ts'
import { UserError } from '../../core/errors.ts'
import type { ReportedValue } from '../../core/lineage/run.ts'
import { mergeReadings, type Reading } from '../../core/reported/merge.ts'
import type { Log } from '../../ports/report.ts'
import { mark } from './marks.ts'

const mostMetrics = 1000
const longestName = 512
/** A source that is no file: the user's own checks, which run later. */
const ofChecks = 'checks'

/** Where metrics are looked for. */
export interface ReportedPlaces {
  readonly folder: string
  /** `train.output`, next to which and in which transformers writes. */
  readonly output: string
  /** `train.metrics`; null where it names nothing. */
  readonly named: string | null
  /** The file that a gate wants its figure from, by the name of the metric. */
  readonly sources: Readonly<Record<string, string>>
}

export const placesOf = (model: ModelConfiguration, output: string, metrics: string | undefined, folder: string): ReportedPlaces => ({
  folder,
  output,
  named: metrics ?? null,
  sources: Object.fromEntries(
    Object.entries(model.gates).flatMap(([name, gate]) =>
      gate.source === undefined || gate.source === ofChecks ? [] : [[name, gate.source] as const],
    ),
  ),
})

interface Reported {
  readonly reported: Record<string, ReportedValue>
  /** The file that each metric was read from. */
  readonly from: Record<string, string>
  /** The one file that was read, where it is one and can be kept as it is. */
  readonly only: Candidate | null
  /** How many files and stores of this training were read. */
  readonly count: number
  /** Why places that hold something were not read. */
  readonly problems: readonly string[]
}

/** What lies at the places of metrics now, so that those of an earlier training are not taken for those of this. */
export const markReported = async (places: ReportedPlaces): Promise<ReadonlyMap<string, string>> => {
  const marks = new Map<string, string>()
  const { list } = await usualCandidates(places.folder, places.output)
  const named = await Promise.all(namedPaths(places).map(path => candidatesAt(places.folder, path)))
  for (const candidate of [...list, ...named.flat()]) marks.set(candidate.path, await markOf(candidate))
  return marks
}

const namedPaths = ({ named, sources }: ReportedPlaces): readonly string[] => [
  ...new Set([...(named === null ? [] : [named]), ...Object.values(sources)]),
]

/** A database may have written to its log only. A store is not marked: its runs have times. */
const markOf = async ({ kind, path }: Candidate): Promise<string> => {
  if (kind === 'mlflow-store') return ''
  return kind === 'mlflow-database' ? `${await mark(path)} ${await mark(`${path}-wal`)}` : `${await mark(path)}`
}

/**
 * Reads what this training reported of itself. What `train.metrics` names must be there and readable, and so must a `metrics.json`; of other places an unreadable
 * one is a warning, and all that count no more are left out, because they could stand in for a NaN that it holds.
 */
export const collectReported = async (
  places: ReportedPlaces,
  before: ReadonlyMap<string, string>,
  around: Surroundings,
  log: Log,
): Promise<Reported> => {
  const written = async (candidate: Candidate): Promise<boolean> =>
    candidate.kind === 'mlflow-store' || (await markOf(candidate)) !== before.get(candidate.path)
  const read = async (candidate: Candidate): Promise<(Reading & { readonly candidate: Candidate }) | null> => {
    if (candidate.kind === 'results' && basename(candidate.path) === 'all_results.json' && before.has(candidate.path)) {
      log.warning(`${candidate.name} was there before the training, and transformers adds to it, so its figures may be old: it is not read`)
      return null
    }
    const { metrics, notes, run } = await readCandidate(candidate, around)
    for (const note of notes) log.warning(note)
    if (metrics === null) return null
    if (run !== null) log.info(`${candidate.name}: the metrics are those of the run ${run}`)
    return { file: candidate.name.slice(0, longestName), rank: candidate.rank, metrics, candidate }
  }

  let readings: (Reading & { readonly candidate: Candidate })[] = []
  if (places.named !== null) readings.push(...(await readNamed(places.named, places.folder, written, read)))

  const problems: string[] = []
  const { list, notes } = await usualCandidates(places.folder, places.output)
  for (const note of notes) log.warning(note)
  const groups = new Set<string>()
  for (const candidate of list) {
    const { onlyFirstOf } = candidate
    if (readings.some(known => known.candidate.path === candidate.path)) continue
    if (onlyFirstOf !== undefined && groups.has(onlyFirstOf)) continue
    if (!(await written(candidate))) {
      problems.push(`${candidate.name} is the file that was there before`)
      continue
    }
    if (onlyFirstOf !== undefined) groups.add(onlyFirstOf)
    try {
      const reading = await read(candidate)
      if (reading === null) continue
      const names = new Set([...readings, reading].flatMap(({ metrics }) => Object.keys(metrics)))
      if (names.size <= mostMetrics) {
        readings.push(reading)
        continue
      }
      log.warning(
        `with ${candidate.name} there are more than ${mostMetrics} metrics, so it is left out, and so is every place that counts less`,
      )
      break
    } catch (error) {
      if (!(error instanceof UserError) || candidate.kind === 'metrics') throw error
      if (candidate.kind === 'results' && !isKnownResults(candidate.path)) continue
      problems.push(error.message)
      log.warning(`metrics are left out, and so are those of every place that counts no more: ${error.message}`)
      // What it holds might have disagreed with files of the same rank.
      readings = readings.filter(known => known.rank < candidate.rank)
      break
    }
  }

  const merged = mergeReadings(readings)
  for (const line of merged.disputed) log.warning(line)
  for (const line of merged.overruled) log.info(line)
  const { reported, from } = await fromSources(merged, places, written, read, log)
  const [single] = readings
  const only = readings.length === 1 && single !== undefined && keptAsIs.has(single.candidate.kind) ? single.candidate : null
  logOrigins(from, log)
  const whole = only !== null && Object.values(from).every(file => file === single?.file)
  return { reported, from, only: whole ? only : null, count: readings.length, problems }
}

type Reader = (candidate: Candidate) => Promise<(Reading & { readonly candidate: Candidate }) | null>

const keptAsIs = new Set<Candidate['kind']>(['metrics', 'dvc', 'dvclive', 'results'])

const isText = ({ kind }: Candidate): boolean => kind !== 'mlflow-database' && kind !== 'mlflow-store'

/** Names that `save_metrics` is called with in the examples of transformers; others may be anybody's. */
const isKnownResults = (path: string): boolean => /^(all|train|eval|test|predict)_results\.json$/.test(basename(path))

const readNamed = async (path: string, folder: string, written: (candidate: Candidate) => Promise<boolean>, read: Reader) => {
  const candidates = await candidatesAt(folder, path)
  if (candidates.length === 0)
    throw new UserError(`the training command ended well but did not write ${path} (train.metrics) in ${folder}, or it holds no metrics`)
  const readings = []
  const groups = new Set<string>()
  for (const candidate of candidates) {
    if (!(await written(candidate)) || (candidate.onlyFirstOf !== undefined && groups.has(candidate.onlyFirstOf))) continue
    if (candidate.onlyFirstOf !== undefined) groups.add(candidate.onlyFirstOf)
    const reading = await read(candidate)
    if (reading !== null) readings.push(reading)
  }
  if (readings.length === 0)
    throw new UserError(
      candidates.some(isText)
        ? `the training command ended well but ${path} (train.metrics) is the file that was there before; have the command write it, or take the old one out of the repository`
        : `${path} (train.metrics) holds no run that was started by this training and ended as FINISHED; the log says what was found`,
    )
  return readings
}

/** Puts the figure of the file that a gate names in the place of any other; where that file does not give it, there is none. */
const fromSources = async (
  merged: { readonly reported: Record<string, ReportedValue>; readonly from: Record<string, string> },
  places: ReportedPlaces,
  written: (candidate: Candidate) => Promise<boolean>,
  read: Reader,
  log: Log,
) => {
  const values = new Map(Object.entries(merged.reported))
  const files = new Map(Object.entries(merged.from))
  for (const path of new Set(Object.values(places.sources))) {
    const wanted = Object.keys(places.sources).filter(name => places.sources[name] === path)
    let metrics: Readonly<Record<string, ReportedValue>> = {}
    try {
      metrics = mergeReadings(await readNamed(path, places.folder, written, read)).reported
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      log.warning(`${wanted.join(', ')} will be missing, because a gate takes it from ${path}: ${error.message}`)
    }
    for (const name of wanted) {
      values.delete(name)
      files.delete(name)
      if (!Object.hasOwn(metrics, name)) continue
      values.set(name, metrics[name] as ReportedValue)
      files.set(name, path)
    }
  }
  return { reported: Object.fromEntries(values), from: Object.fromEntries(files) }
}

const logOrigins = (from: Readonly<Record<string, string>>, log: Log): void => {
  const counts = new Map<string, number>()
  for (const file of Object.values(from)) counts.set(file, (counts.get(file) ?? 0) + 1)
  if (counts.size === 0) return
  log.info(`reported metrics: ${[...counts].map(([file, count]) => `${count} from ${file}`).join(', ')}`)
}
