import { constants, copyFile, mkdtemp, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { UserError } from '../../../core/errors.ts'
import type { ReportedValue } from '../../../core/lineage/run.ts'
import { chooseRun, type Period, type TrackedRun, valueOfRow } from '../../../core/reported/mlflow.ts'

const largest = 1_073_741_824
const mostRuns = 10_000
const mostMetrics = 1000

export interface TrackedMetrics {
  readonly metrics: Record<string, ReportedValue>
  /** The run they are of; null where this training made none that could be told. */
  readonly run: TrackedRun | null
  readonly notes: readonly string[]
}

type Sqlite = typeof import('node:sqlite')

const load = async (name: string): Promise<Sqlite> => {
  try {
    return await import('node:sqlite')
  } catch (cause) {
    throw new UserError(`${name} needs SQLite, which this Node.js (${process.version}) does not have; run the action with Node.js 24`, {
      cause,
    })
  }
}

/**
 * The final metrics of the run in an MLflow database that this training made. Reads a copy below `scratch`, so that nothing is written next to the user's file;
 * only tables are read, never a view. A database that is no MLflow store or is damaged is a UserError.
 */
export const readMlflowDatabase = async (path: string, name: string, period: Period, scratch: string): Promise<TrackedMetrics> => {
  const sqlite = await load(name)
  try {
    return await readThroughCopy(sqlite, path, name, period, scratch)
  } catch (cause) {
    if (cause instanceof UserError || (cause as NodeJS.ErrnoException).code === undefined) throw cause
    throw new UserError(`${name} cannot be read as an MLflow database: ${(cause as Error).message}`, { place: { file: name }, cause })
  }
}

const readThroughCopy = async (sqlite: Sqlite, path: string, name: string, period: Period, scratch: string): Promise<TrackedMetrics> => {
  await requireReadable(path, name)
  const folder = await mkdtemp(join(scratch, 'refline-mlflow-'))
  let database: DatabaseSync | null = null
  try {
    const copy = join(folder, 'copy.db')
    await copyFile(path, copy, constants.COPYFILE_FICLONE)
    // What was committed may still stand in the log alone; the index of the log (-shm) is made anew from it.
    for (const ending of ['-wal', '-journal']) await copyIfThere(`${path}${ending}`, `${name}${ending}`, `${copy}${ending}`)
    database = new sqlite.DatabaseSync(copy, { readOnly: true, allowExtension: false })
    database.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON')
    return metricsOf(database, name, period)
  } finally {
    database?.close()
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

/** A pipe would be waited for without end, and a log that is left out would show figures of yesterday. */
const requireReadable = async (path: string, name: string): Promise<void> => {
  const found = await stat(path)
  if (!found.isFile()) throw new UserError(`${name} is not a regular file`, { place: { file: name } })
  if (found.size > largest)
    throw new UserError(`${name} has ${found.size} bytes, more than the ${largest} that are read`, { place: { file: name } })
}

const copyIfThere = async (path: string, name: string, copy: string): Promise<void> => {
  if ((await stat(path).catch(() => null)) === null) return
  await requireReadable(path, name)
  await copyFile(path, copy)
}

type Row = Readonly<Record<string, unknown>>

const metricsOf = (database: DatabaseSync, name: string, period: Period): TrackedMetrics => {
  const query = (sql: string, ...values: (string | number)[]): readonly Row[] => {
    const statement = database.prepare(sql)
    statement.setReadBigInts(true)
    return statement.all(...values) as readonly Row[]
  }
  const runColumns = requireTable(query, name, 'runs', ['run_uuid', 'status', 'start_time', 'end_time', 'lifecycle_stage'])
  const metricColumns = requireTable(query, name, 'latest_metrics', ['key', 'value', 'run_uuid'])
  requireTable(query, name, 'tags', ['key', 'run_uuid'])

  const title = runColumns.has('name') ? 'substr(name, 1, 80)' : "''"
  const rows = query(
    `SELECT substr(run_uuid, 1, 64) AS id, ${title} AS name, substr(status, 1, 20) AS status, start_time AS start, end_time AS end,
       lifecycle_stage = 'active' AS active,
       EXISTS (SELECT 1 FROM tags WHERE tags.run_uuid = runs.run_uuid AND tags.key = 'mlflow.parentRunId') AS child
     FROM runs WHERE start_time >= ? AND start_time <= ? LIMIT ${mostRuns + 1}`,
    period.start,
    period.end,
  )
  if (rows.length > mostRuns)
    throw new UserError(`${name} holds more than ${mostRuns} runs of this training; nobody can tell which one counts`)
  const { run, notes } = chooseRun(rows.map(runOf), period)
  if (run === null) return { metrics: {}, run, notes }

  const nan = metricColumns.has('is_nan') ? 'is_nan' : '0'
  const found = query(
    `SELECT "key" AS name, CASE WHEN typeof(value) IN ('real', 'integer') THEN value END AS value, ${nan} AS nan
     FROM latest_metrics WHERE run_uuid = ? AND length("key") <= 200 LIMIT ${mostMetrics + 1}`,
    run.id,
  )
  if (found.length > mostMetrics)
    throw new UserError(
      `${name} holds more than ${mostMetrics} metrics of the run ${run.id}; write those that are judged to a file and name it in train.metrics`,
    )
  const metrics = found.map(row => {
    const value = typeof row.value === 'number' || typeof row.value === 'bigint' ? Number(row.value) : null
    return [String(row.name), valueOfRow(value, !isZero(row.nan))] as const
  })
  return { metrics: Object.fromEntries(metrics), run, notes }
}

/** The columns of a table. A view, a virtual table or a computed column would run what somebody else wrote. */
const requireTable = (
  query: (sql: string, ...values: string[]) => readonly Row[],
  name: string,
  table: string,
  wanted: readonly string[],
): ReadonlySet<string> => {
  const foreign = (what: string): UserError =>
    new UserError(`${name} is no MLflow database that can be read here: ${what}`, { place: { file: name } })
  // By statements of PRAGMA: a table of the file could be called like the functions that tell the same.
  const [entry] = query(`PRAGMA main.table_list("${table}")`)
  if (entry === undefined) throw foreign(`it has no table ${table}`)
  if (entry.type !== 'table') throw foreign(`${table} is no plain table`)
  const columns = query(`PRAGMA main.table_xinfo("${table}")`)
  if (columns.some(column => column.hidden !== 0n)) throw foreign(`${table} has computed columns`)
  const names = new Set(columns.map(column => String(column.name)))
  const missing = wanted.filter(column => !names.has(column))
  if (missing.length > 0) throw foreign(`its table ${table} has no ${missing.join(' and no ')}`)
  return names
}

const isZero = (flag: unknown): boolean => (typeof flag === 'bigint' || typeof flag === 'number') && Number(flag) === 0

const timeOf = (value: unknown): number | null => (typeof value === 'bigint' || typeof value === 'number' ? Number(value) : null)

const runOf = (row: Row): TrackedRun => ({
  id: String(row.id),
  name: typeof row.name === 'string' ? row.name : '',
  status: String(row.status),
  start: timeOf(row.start),
  end: timeOf(row.end),
  active: row.active === 1n,
  child: row.child === 1n,
})
