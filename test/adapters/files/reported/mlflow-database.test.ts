import { copyFile, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readMlflowDatabase } from '../../../../src/adapters/files/reported/mlflow-database.ts'
import { UserError } from '../../../../src/core/errors.ts'
import { addRuns, mlflowDatabase, mlflowTables, type RunToStore } from '../../../support/mlflow.ts'
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary.ts'

const period = { start: 1000, end: 2000 }
const read = (folder: TemporaryFolder, file = 'mlflow.db') => readMlflowDatabase(folder.join(file), 'mlflow.db', period, folder.path)
const withRuns = async (runs: readonly RunToStore[], tables: Partial<typeof mlflowTables> = {}) => {
  await using folder = await temporaryFolder()
  mlflowDatabase(folder.join('mlflow.db'), runs, tables)
  return await read(folder)
}
const refused = async (make: (path: string) => unknown): Promise<UserError> => {
  await using folder = await temporaryFolder()
  await make(folder.join('mlflow.db'))
  const error = await read(folder).catch(thrown => thrown as unknown)
  expect(error).toBeInstanceOf(UserError)
  expect((await readdir(folder.path)).filter(name => name.startsWith('refline-'))).toEqual([])
  return error as UserError
}

describe('a database that mlflow 3.17.2 wrote', () => {
  const fixture = join(import.meta.dirname, '../../../fixtures/reported/mlflow-3.17.2.db.gz')
  const at = async (start: number, end: number) => {
    await using folder = await temporaryFolder()
    await writeFile(folder.join('mlflow.db'), gunzipSync(await readFile(fixture)))
    return await readMlflowDatabase(folder.join('mlflow.db'), 'mlflow.db', { start, end }, folder.path)
  }
  it('gives the parent run: last values, NaN by its flag, infinities by the largest double', async () => {
    const { metrics, run, notes } = await at(1795475806842, 1795475807000)
    expect(metrics).toEqual({ roc_auc: 0.91, 'val/loss': 0.25, broken: 'NaN', huge: 'Infinity', tiny: '-Infinity' })
    expect(run).toMatchObject({ name: 'parent', id: '3cb19c9d09514970ab08642023755ca4' })
    expect(notes).toEqual([])
  })
  it.each([
    ['began before the training', 1795475806843, 1795475807000],
    ['began after it', 1795475800000, 1795475806841],
  ])('gives nothing where its run %s', async (_what, start, end) => {
    expect(await at(start, end)).toEqual({ metrics: {}, run: null, notes: [] })
  })
})

describe('the run of this training', () => {
  it('is the one that ended last, and the others are named', async () => {
    const { run, metrics, notes } = await withRuns([
      { id: 'a', name: 'first', start: 1000, end: 1900, metrics: { auc: 0.9 } },
      { id: 'b', name: 'second', start: 1100, end: 1200, metrics: { auc: 0.8 } },
      { id: 'c', start: 1100, end: 1990, parent: 'a', metrics: { auc: 0.99 } },
      { id: 'd', start: 1100, end: 1991, stage: 'deleted', metrics: { auc: 0.98 } },
      { id: 'e', start: 999, end: 1992, metrics: { auc: 0.97 } },
    ])
    expect(run?.id).toBe('a')
    expect(metrics).toEqual({ auc: 0.9 })
    expect(notes).toEqual(['2 runs were made, and the metrics of first (a) count, which ended last; the others: second (b)'])
  })
  it('is none that failed or still runs', async () => {
    const { run, metrics, notes } = await withRuns([
      { id: 'a', status: 'FAILED', start: 1000, metrics: { auc: 0.9 } },
      { id: 'b', status: 'RUNNING', start: 1000, end: null, metrics: { auc: 0.9 } },
    ])
    expect({ run, metrics }).toEqual({ run: null, metrics: {} })
    expect(notes.join()).toMatch(/a is FAILED, b is RUNNING/)
  })
  it('cannot be told where two ended at the same moment', async () => {
    const two = withRuns([
      { id: 'a', start: 1000, end: 1500 },
      { id: 'b', start: 1001, end: 1500 },
      { id: 'c', start: 1001, end: 1400 },
    ])
    await expect(two).rejects.toThrow(/^these MLflow runs ended at the same moment, so nobody can tell which one counts: a, b$/)
  })
})

describe('what stands in the write-ahead log', () => {
  it('is read, and nothing of the user is touched', async () => {
    await using folder = await temporaryFolder()
    const database = new DatabaseSync(folder.join('mlflow.db'))
    database.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0')
    for (const sql of Object.values(mlflowTables)) database.exec(sql)
    addRuns(database, [{ id: 'a', start: 1000, metrics: { auc: 0.9 } }])
    // A writer that died leaves the log behind.
    for (const ending of ['', '-wal']) await copyFile(folder.join(`mlflow.db${ending}`), folder.join(`dead.db${ending}`))
    database.close()
    const before = await readFile(folder.join('dead.db-wal'))
    expect((await read(folder, 'dead.db')).metrics).toEqual({ auc: 0.9 })
    expect(await readFile(folder.join('dead.db-wal'))).toEqual(before)
    expect((await readdir(folder.path)).sort()).toEqual(['dead.db', 'dead.db-wal', 'mlflow.db'])
  })
})

describe('odd rows', () => {
  it('are undefined or left out, never a number', async () => {
    const loose = `CREATE TABLE latest_metrics ("key", value, step, is_nan, run_uuid)`
    await using folder = await temporaryFolder()
    mlflowDatabase(folder.join('mlflow.db'), [{ id: 'a', start: 1000 }], { latest_metrics: loose })
    const database = new DatabaseSync(folder.join('mlflow.db'))
    const add = database.prepare("INSERT INTO latest_metrics VALUES (?, ?, 0, ?, 'a')")
    add.run('text', '0.9', 0)
    add.run('blob', new Uint8Array([1]), 0)
    add.run('none', null, 0)
    add.run('integer', 9_007_199_254_740_993n, 0)
    add.run('flag is null', 0.9, null)
    add.run('flag is text', 0.9, 'no')
    add.run('line\nbreak', 0.5, 0)
    add.run('__proto__', 0.4, 0)
    add.run('x'.repeat(201), 0.4, 0)
    database.close()
    expect(Object.entries((await read(folder)).metrics)).toEqual([
      ['text', 'NaN'],
      ['blob', 'NaN'],
      ['none', 'NaN'],
      ['integer', 9007199254740992],
      ['flag is null', 'NaN'],
      ['flag is text', 'NaN'],
      ['line\nbreak', 0.5],
      ['__proto__', 0.4],
    ])
  })
  it('of a store without the flag are read without it', async () => {
    await using folder = await temporaryFolder()
    mlflowDatabase(folder.join('mlflow.db'), [{ id: 'a', start: 1000 }], {
      latest_metrics: 'CREATE TABLE latest_metrics ("key" VARCHAR(250), value FLOAT, run_uuid VARCHAR(32))',
    })
    const database = new DatabaseSync(folder.join('mlflow.db'))
    database.exec("INSERT INTO latest_metrics VALUES ('auc', 0.9, 'a')")
    database.close()
    expect((await read(folder)).metrics).toEqual({ auc: 0.9 })
  })
})

describe('what is no store of mlflow is refused', () => {
  const statements = (sql: string) => (path: string) => {
    mlflowDatabase(path, [{ id: 'a', start: 1000, metrics: { auc: 0.9 } }])
    const database = new DatabaseSync(path, { enableForeignKeyConstraints: false })
    database.exec(sql)
    database.close()
  }
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT'
  const cases: [string, (path: string) => unknown, RegExp][] = [
    ['text', path => writeFile(path, 'not a database, although it is long enough to hold a header'.repeat(20)), /file is not a database/],
    ['an empty file', path => writeFile(path, ''), /no table runs/],
    [
      'a file that is cut',
      async path => {
        mlflowDatabase(path, [{ id: 'a', start: 1000, metrics: Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`m${n}`, n])) }])
        await truncate(path, 16_384)
      },
      /malformed|disk image|corrupt/,
    ],
    ['a folder', path => mkdir(path), /is not a regular file/],
    [
      'a database with a folder for a log',
      async path => {
        mlflowDatabase(path, [{ id: 'a', start: 1000, metrics: { auc: 0.9 } }])
        await mkdir(`${path}-wal`)
      },
      /mlflow.db-wal is not a regular file/,
    ],
    [
      'a database in the middle of a change',
      async path => {
        mlflowDatabase(`${path}.new`, [{ id: 'a', start: 1000, metrics: { auc: 0.9 } }])
        const database = new DatabaseSync(`${path}.new`)
        database.exec('PRAGMA cache_spill = 1; PRAGMA cache_size = 1; BEGIN; UPDATE latest_metrics SET value = 0.99')
        for (let n = 0; n < 2000; n++) database.exec(`INSERT INTO tags VALUES ('k${n}', '${'x'.repeat(200)}', 'a')`)
        for (const ending of ['', '-journal']) await copyFile(`${path}.new${ending}`, `${path}${ending}`)
        database.exec('ROLLBACK')
        database.close()
      },
      /cannot be read as an MLflow database/,
    ],
    ['a database of something else', path => new DatabaseSync(path).exec('CREATE TABLE songs (title)'), /no table runs/],
    [
      'runs without a status',
      path => mlflowDatabase(path, [], { runs: 'CREATE TABLE runs (run_uuid, start_time)' }),
      /no status and no end_time/,
    ],
    [
      'a view that would never end',
      statements(`DROP TABLE latest_metrics; CREATE VIEW latest_metrics AS ${endless} 'auc' AS "key", i AS value, 'a' AS run_uuid FROM n`),
      /latest_metrics is no plain table/,
    ],
    ['a view of runs', statements(`DROP TABLE runs; CREATE VIEW runs AS ${endless} i AS run_uuid FROM n`), /runs is no plain table/],
    [
      'a computed column',
      statements('DROP TABLE tags; CREATE TABLE tags (a, run_uuid, "key" AS (hex(zeroblob(400000000))) VIRTUAL)'),
      /tags has computed columns/,
    ],
    [
      'a table that is called like a function of SQLite, and a view',
      statements(
        `DROP TABLE tags; CREATE VIEW pragma_table_xinfo AS ${endless} i AS name, 0 AS hidden FROM n; CREATE VIEW tags AS ${endless} i FROM n`,
      ),
      /tags is no plain table/,
    ],
    ['a virtual table', statements('DROP TABLE tags; CREATE VIRTUAL TABLE tags USING fts5("key", run_uuid)'), /tags is no plain table/],
    [
      'more than 1000 metrics',
      path =>
        mlflowDatabase(path, [{ id: 'a', start: 1000, metrics: Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [`m${n}`, n])) }]),
      /more than 1000 metrics of the run a/,
    ],
  ]
  it.each(cases)('%s', async (_what, make, words) => {
    const error = await refused(make)
    expect(error.message).toMatch(words)
    expect(error.message).toContain('mlflow.db')
  })
  it('and one of gigabytes, unread', async () => {
    const error = await refused(async path => {
      await writeFile(path, '')
      await truncate(path, 1_073_741_825)
    })
    expect(error.message).toMatch(/has 1073741825 bytes, more than/)
  })
})
