import { realpath } from 'node:fs/promises'
import { UserError } from '../../../core/errors.ts'
import type { Period } from '../../../core/reported/mlflow.ts'
import { type Candidate, isWithin } from './candidates.ts'
import { type Metrics, readDvcLive, readDvcMetrics, readMetricsFile, readResults, readTrainerState } from './metrics-file.ts'
import { readMlflowDatabase } from './mlflow-database.ts'
import { readMlflowStore } from './mlflow-store.ts'

export interface Surroundings {
  /** When the training ran, for stores that hold the runs of many trainings. */
  readonly period: Period
  /** Folder that everything read must really lie in, wherever symbolic links lead. */
  readonly root: string
  /** Folder for copies that are removed again. */
  readonly scratch: string
}

export interface Read {
  /** Null where the candidate holds no metrics of this training. */
  readonly metrics: Metrics | null
  readonly notes: readonly string[]
  /** The run of a store that the metrics are of. */
  readonly run: string | null
}

/** Reads the metrics of one candidate. What cannot be read, or lies elsewhere behind a symbolic link, is a UserError. */
export const readCandidate = async (candidate: Candidate, around: Surroundings): Promise<Read> => {
  try {
    return await readKind(candidate, around)
  } catch (cause) {
    const code = cause instanceof UserError ? undefined : (cause as NodeJS.ErrnoException).code
    if (code === undefined) throw cause
    throw new UserError(`${candidate.name} cannot be read: ${code}`, { place: { file: candidate.name }, cause })
  }
}

const readKind = async (candidate: Candidate, around: Surroundings): Promise<Read> => {
  const { kind, path, name } = candidate
  await requireInside(path, name, around.root)
  if (kind === 'mlflow-database' || kind === 'mlflow-store') {
    const { metrics, run, notes } =
      kind === 'mlflow-store'
        ? await readMlflowStore(path, name, around.period)
        : await readMlflowDatabase(path, name, around.period, around.scratch)
    const title = run === null ? null : run.name === '' ? run.id : `${run.name} (${run.id})`
    return { metrics: run === null ? null : metrics, notes: notes.map(note => `${name}: ${note}`), run: title }
  }
  return { metrics: await readers[kind](path, name), notes: [], run: null }
}

const readers = {
  metrics: readMetricsFile,
  dvc: readDvcMetrics,
  dvclive: readDvcLive,
  results: readResults,
  'trainer-state': readTrainerState,
}

const requireInside = async (path: string, name: string, root: string): Promise<void> => {
  if (!isWithin(await realpath(root), await realpath(path)))
    throw new UserError(`${name} leads out of the checkout by a symbolic link, so it is not read`, { place: { file: name } })
}
