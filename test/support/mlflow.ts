import { DatabaseSync } from 'node:sqlite'

export interface RunToStore {
  readonly id: string
  readonly name?: string
  readonly status?: string
  readonly start: number
  readonly end?: number | null
  readonly stage?: string
  readonly parent?: string
  /** Value, and whether it stands for NaN. */
  readonly metrics?: Readonly<Record<string, number | 'NaN'>>
}

/** The tables of mlflow 3.17.2 that hold runs and their metrics, as its migrations leave them. */
export const mlflowTables = {
  runs: `CREATE TABLE "runs" (run_uuid VARCHAR(32) NOT NULL, name VARCHAR(250), source_type VARCHAR(20), source_name VARCHAR(500),
    entry_point_name VARCHAR(50), user_id VARCHAR(256), status VARCHAR(9), start_time BIGINT, end_time BIGINT, source_version VARCHAR(50),
    lifecycle_stage VARCHAR(20), artifact_uri VARCHAR(200), experiment_id INTEGER, deleted_time BIGINT, CONSTRAINT run_pk PRIMARY KEY (run_uuid),
    CONSTRAINT runs_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')),
    CHECK (status IN ('SCHEDULED', 'FAILED', 'FINISHED', 'RUNNING', 'KILLED')))`,
  latest_metrics: `CREATE TABLE "latest_metrics" ("key" VARCHAR(250) NOT NULL, value FLOAT NOT NULL, timestamp BIGINT, step BIGINT NOT NULL,
    is_nan BOOLEAN NOT NULL, run_uuid VARCHAR(32) NOT NULL, CONSTRAINT latest_metric_pk PRIMARY KEY ("key", run_uuid),
    FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid), CHECK (is_nan IN (0, 1)))`,
  tags: `CREATE TABLE "tags" ("key" VARCHAR(250) NOT NULL, value VARCHAR(8000), run_uuid VARCHAR(32) NOT NULL,
    CONSTRAINT tag_pk PRIMARY KEY ("key", run_uuid), FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid))`,
}

/** Adds runs as mlflow stores them; the tables must be there. */
export const addRuns = (database: DatabaseSync, runs: readonly RunToStore[]): void => {
  database.exec('BEGIN')
  for (const { id, name = null, status = 'FINISHED', start, end = start + 1, stage = 'active', parent, metrics = {} } of runs) {
    database
      .prepare(
        'INSERT INTO runs (run_uuid, name, status, start_time, end_time, lifecycle_stage, experiment_id) VALUES (?, ?, ?, ?, ?, ?, 1)',
      )
      .run(id, name, status, start, end, stage)
    if (parent !== undefined) database.prepare("INSERT INTO tags VALUES ('mlflow.parentRunId', ?, ?)").run(parent, id)
    for (const [key, value] of Object.entries(metrics))
      database
        .prepare('INSERT INTO latest_metrics VALUES (?, ?, ?, 0, ?, ?)')
        .run(key, value === 'NaN' ? 0 : value, start, value === 'NaN' ? 1 : 0, id)
  }
  database.exec('COMMIT')
}

/** Writes a database with these runs; `tables` replaces statements that make tables. */
export const mlflowDatabase = (path: string, runs: readonly RunToStore[], tables: Partial<typeof mlflowTables> = {}): void => {
  const database = new DatabaseSync(path)
  for (const sql of Object.values({ ...mlflowTables, ...tables })) database.exec(sql)
  addRuns(database, runs)
  database.close()
}
