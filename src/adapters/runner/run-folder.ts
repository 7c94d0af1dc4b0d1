import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { assessment } from '../../core/comparison/assessment.ts'
import { UserError } from '../../core/errors.ts'
import { canonicalJson, digest } from '../../core/lineage/canonical.ts'
import { type DigestedFile, modelName, type RunRecord, runRecord } from '../../core/lineage/run.ts'
import type { RunArtifacts } from '../../ports/run-artifacts.ts'
import type { OpenRun, RunFolders, StepState } from '../../ports/run-folders.ts'

const largestRecord = 1_048_576
const mostFiles = 10_000
const runName = /^[a-z0-9-]{1,40}-[0-9a-f]{12}$/

const stepState = z.strictObject({
  schema: z.literal(1),
  model: modelName,
  run: z.string().regex(runName),
  version: z.int().min(1).nullable(),
  reason: z.string(),
})

interface RunFolderSettings {
  /** `RUNNER_TEMP`. */
  readonly temp: string
  readonly artifacts: RunArtifacts
  readonly digestFile: (path: string) => Promise<{ readonly bytes: number; readonly sha256: string }>
  readonly workflowRun: string | null
}

/** Name of the workflow artifact that carries a run between jobs. */
export const artifactName = (model: string, run: string): string => `refline.${model}.${run}`

/** Run folders on this machine, with workflow artifacts as the way between jobs. */
export const runFolders = (settings: RunFolderSettings): RunFolders => {
  const root = join(settings.temp, 'refline')
  const folderOf = (model: string, run: string) => join(root, model, run)

  const recordIn = async (folder: string, model: string, run: string, origin: string) => {
    const file = join(folder, 'run.json')
    const size = await stat(file).then(
      found => found.size,
      () => null,
    )
    if (size === null) throw new UserError(`the run folder ${folder} (${origin}) has no run.json; train again`)
    if (size > largestRecord) throw new UserError(`${file} has ${size} bytes, more than the ${largestRecord} that a run record may have`)
    const text = await readFile(file, 'utf8')
    const record = parseRecord(text, file)
    if (record.model !== model || record.run !== run)
      throw new UserError(`${file} is the record of run ${record.run} of model ${record.model}, expected ${run} of ${model}`)
    const { workflow_run: made } = record.created
    if (made !== settings.workflowRun)
      throw new UserError(
        `run ${run} of ${model} (${origin}) was made by ${workflowRunText(made)} and this is ${workflowRunText(settings.workflowRun)}: what another one left behind is not judged. Train again in this one.`,
      )
    return { record, text }
  }

  const openFolder = async (folder: string, model: string, run: string, origin: string): Promise<OpenRun> => {
    const { record, text } = await recordIn(folder, model, run, origin)
    await checkFiles(folder, record, settings.digestFile)
    return { record, digest: digest(text), folder, origin }
  }

  const originOf = (model: string, run: string): string => `artifact ${artifactName(model, run)} of this workflow run`

  const download = async (model: string, run: string): Promise<string> => {
    const name = artifactName(model, run)
    const incoming = join(root, '.incoming', run)
    await rm(incoming, { recursive: true, force: true })
    await mkdir(incoming, { recursive: true })
    await settings.artifacts.download(name, incoming)
    await refuseStrangeEntries(incoming, name)
    return incoming
  }

  const fetchArtifact = async (model: string, run: string, origin: string): Promise<OpenRun> => {
    const incoming = await download(model, run)
    // A result is worth only what the job says that made it: this job judges for itself.
    await rm(join(incoming, 'result.json'), { force: true })
    await openFolder(incoming, model, run, origin)
    const folder = folderOf(model, run)
    await rm(folder, { recursive: true, force: true })
    await mkdir(dirname(folder), { recursive: true })
    await rename(incoming, folder)
    return openFolder(folder, model, run, origin)
  }

  /** Which job, and which part of its matrix, made the run of an artifact; the download is not kept. */
  const makerOf = async (model: string, run: string): Promise<{ readonly job: string | null; readonly index: string | null }> => {
    const incoming = await download(model, run)
    const { record } = await recordIn(incoming, model, run, originOf(model, run))
    await rm(incoming, { recursive: true, force: true })
    return { job: record.created.job, index: record.created.job_index }
  }

  /**
   * Of several artifacts, newest first, the newest, where all of them are attempts of one job: training that gives other bytes each time leaves one behind
   * whenever the whole workflow is run again. Stops at the first that another job or another part of its matrix made.
   */
  const fetchLatestAttempt = async (model: string, runs: readonly string[]): Promise<OpenRun> => {
    const [latest, ...older] = runs as [string, ...string[]]
    if (older.length === 0) return fetchArtifact(model, latest, originOf(model, latest))
    const maker = await makerOf(model, latest)
    for (const run of older) {
      const other = await makerOf(model, run)
      if (maker.job === null || other.job !== maker.job || other.index !== maker.index)
        throw several(
          model,
          [...runs].sort(),
          `as artifacts of this workflow run, not all of one job (${makerText(latest, maker)}; ${makerText(run, other)})`,
        )
    }
    const origin = `${originOf(model, latest)}, the latest of ${runs.length} attempts of job ${maker.job}; before it ${older.join(', ')}`
    return fetchArtifact(model, latest, origin)
  }

  const localRuns = async (model: string): Promise<readonly string[]> => {
    const entries = await readdir(join(root, model)).catch(() => [])
    return entries.filter(entry => runName.test(entry)).sort()
  }

  return {
    stage: async model => emptied(join(root, '.staging', model)),
    scratch: async name => emptied(join(root, '.scratch', name)),
    keep: async (staged, record) => {
      await writeAtomically(join(staged, 'run.json'), `${canonicalJson(runRecord.parse(record))}\n`)
      const folder = folderOf(record.model, record.run)
      await rm(folder, { recursive: true, force: true })
      await mkdir(dirname(folder), { recursive: true })
      await rename(staged, folder)
      return openFolder(folder, record.model, record.run, 'trained by this job')
    },
    find: async (model, run, registered) => {
      const looked: string[] = []
      const local = await localRuns(model)
      const wanted = run === undefined ? local : local.filter(name => name === run)
      if (wanted.length > 1) throw several(model, wanted, `in ${join(root, model)}`)
      if (wanted[0] !== undefined) return openFolder(folderOf(model, wanted[0]), model, wanted[0], 'left by an earlier step of this job')
      looked.push(`${run === undefined ? 'any run' : run} in ${join(root, model)}: ${local.length === 0 ? 'no run' : local.join(', ')}`)

      if (settings.artifacts.available) {
        const prefix = `refline.${model}.`
        const newestFirst = [...(await settings.artifacts.list(prefix))].sort((a, b) => b.id - a.id)
        const runs = [...new Set(newestFirst.map(({ name }) => name.slice(prefix.length)).filter(name => runName.test(name)))]
        const matching = run === undefined ? runs : runs.filter(name => name === run)
        if (matching.length > 0) return fetchLatestAttempt(model, matching)
        looked.push(
          `artifacts ${prefix}* of workflow run ${settings.workflowRun ?? '(unknown)'}: ${runs.length === 0 ? 'none' : runs.join(', ')}`,
        )
      } else looked.push('artifacts of this workflow run: there is no artifact service here')

      const event = await registered()
      looked.push(`register event of this workflow run in the ledger: ${event ?? 'none'}`)
      throw new UserError(
        `no run of ${model} was found. Looked for:\n${looked.map(place => `  - ${place}`).join('\n')}\nRun the train action before this one, in this job or in one that this job needs.`,
      )
    },
    writeResult: async (run, result) => {
      const path = join(run.folder, 'result.json')
      const text = `${canonicalJson(assessment.parse(result))}\n`
      await writeAtomically(path, text)
      return { path, text }
    },
    readState: async model => {
      const file = join(root, `${modelName.parse(model)}.json`)
      const text = await readFile(file, 'utf8').catch(() => null)
      if (text === null) return null
      const parsed = stepState.safeParse(jsonOf(text, file))
      if (!parsed.success) throw new UserError(`${file} is not what an earlier step of this job writes: ${z.prettifyError(parsed.error)}`)
      return parsed.data
    },
    writeState: async state => {
      const file = join(root, `${state.model}.json`)
      await mkdir(root, { recursive: true })
      await writeAtomically(file, `${canonicalJson(stepState.parse(state) satisfies StepState)}\n`)
      return file
    },
  }
}

/** Writes beside, syncs and renames, so that the file is never seen half written, not even after a power cut. */
export const writeAtomically = async (path: string, text: string): Promise<void> => {
  const beside = `${path}.${process.pid}.tmp`
  const file = await open(beside, 'w', 0o644)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(beside, path)
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

const workflowRunText = (id: string | null): string => (id === null ? 'no workflow run' : `workflow run ${id}`)

const makerText = (run: string, { job, index }: { readonly job: string | null; readonly index: string | null }): string =>
  `${run} of ${job === null ? 'no job' : `job ${job}`}${index === null ? '' : `, index ${index}`}`

const several = (model: string, runs: readonly string[], where: string): UserError =>
  new UserError(
    `there are ${runs.length} runs of ${model} ${where}: ${runs.join(', ')}. Name the one that is meant with the input \`run\`.`,
  )

const emptied = async (folder: string): Promise<string> => {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  return folder
}

const jsonOf = (text: string, file: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new UserError(`${file} is not JSON`, { cause })
  }
}

const parseRecord = (text: string, file: string): RunRecord => {
  const value = jsonOf(text, file)
  const schema = z.object({ schema: z.number() }).safeParse(value)
  if (schema.success && schema.data.schema > 1)
    throw new UserError(`${file} has schema ${schema.data.schema}, which a newer release of Refline wrote; use that release in every job`)
  const parsed = runRecord.safeParse(value)
  if (!parsed.success) throw new UserError(`${file} is not a run record: ${z.prettifyError(parsed.error)}`)
  return parsed.data
}

const isPlainRelative = (path: string): boolean =>
  !path.startsWith('/') &&
  !path.includes('\\') &&
  !path.includes('\0') &&
  path.split('/').every(part => part !== '' && part !== '.' && part !== '..')

const listedFiles = (record: RunRecord): readonly DigestedFile[] => [
  ...record.model_files.map(file => ({ ...file, path: `model/${file.path}` })),
  ...[record.predictions, record.metrics_file, record.champion?.predictions].filter(file => file !== null && file !== undefined),
]

const checkFiles = async (folder: string, record: RunRecord, digestFile: RunFolderSettings['digestFile']): Promise<void> => {
  const files = listedFiles(record)
  if (files.length > mostFiles) throw new UserError(`run ${record.run} lists ${files.length} files, more than ${mostFiles}`)
  for (const file of files) {
    if (!isPlainRelative(file.path))
      throw new UserError(`run ${record.run} lists a file outside of its folder: ${JSON.stringify(file.path)}`)
    const found = await digestFile(join(folder, 'files', file.path))
    if (found.sha256 !== file.sha256 || found.bytes !== file.bytes)
      throw new UserError(
        `files/${file.path} of run ${record.run} is not what run.json says: ${found.bytes} bytes with SHA-256 ${found.sha256}, expected ${file.bytes} bytes with ${file.sha256}; train again`,
      )
  }
}

const refuseStrangeEntries = async (folder: string, name: string): Promise<void> => {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  if (entries.length > 2 * mostFiles) throw new UserError(`artifact ${name} holds more than ${2 * mostFiles} entries`)
  for (const entry of entries)
    if (!entry.isFile() && !entry.isDirectory())
      throw new UserError(`artifact ${name} holds ${JSON.stringify(entry.name)}, which is neither a file nor a folder`)
}
