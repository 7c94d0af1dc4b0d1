import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../../core/errors.ts'
import { type RunRecord, runRecord } from '../../core/lineage/run.ts'
import type { RunArtifacts } from '../../ports/run-artifacts.ts'

const largest = 8 << 20
const mostRuns = 10_000

const readRecord = async (file: string): Promise<RunRecord> => {
  const { size } = await stat(file)
  if (size > largest) throw new UserError(`${file} has ${size} bytes, more than a run record of ${largest} bytes`)
  let value: unknown
  try {
    value = JSON.parse(await readFile(file, 'utf8'))
  } catch {
    throw new UserError(`${file} is not JSON, so it is no run record; was the job that made it stopped?`)
  }
  const parsed = runRecord.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new UserError(`${file} is no run record that this release reads: ${issue?.path.join('.') || 'its top'}: ${issue?.message}`)
  }
  return parsed.data
}

/**
 * The run records of all run folders (those with a run.json) in a folder and below, each run once. What else lies there does not matter. Throws a UserError where the
 * folder is not there or a run.json cannot be read.
 */
export const runRecordsBelow = async (folder: string): Promise<readonly RunRecord[]> => {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => {
    throw new UserError(`there is no folder ${folder}`)
  })
  // A file of the model may be called run.json as well; those lie below `files`.
  const found = entries.filter(
    entry => entry.isFile() && entry.name === 'run.json' && !/(^|\/)files(\/|$)/.test(entry.parentPath.slice(folder.length)),
  )
  if (found.length > mostRuns) throw new UserError(`${folder} holds ${found.length} runs, more than ${mostRuns}`)
  const runs = new Map<string, RunRecord>()
  for (const entry of found) {
    const record = await readRecord(join(entry.parentPath, entry.name))
    runs.set(record.run, record)
  }
  return [...runs.values()].sort((a, b) => (a.created.at < b.created.at ? -1 : a.created.at > b.created.at ? 1 : a.run < b.run ? -1 : 1))
}

/** The run records of all run artifacts of this workflow run. */
export const runRecordsOfArtifacts = async (artifacts: RunArtifacts): Promise<readonly RunRecord[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'refline-collect-'))
  try {
    for (const { id, name } of await artifacts.list('refline.')) await artifacts.download(name, join(folder, String(id)))
    return await runRecordsBelow(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
