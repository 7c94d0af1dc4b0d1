import { copyFile, cp, lstat, mkdir, realpath, writeFile } from 'node:fs/promises'
import { basename, extname, join, resolve } from 'node:path'
import { digestFile, digestOfFiles, digestTree } from '../../adapters/files/digest.ts'
import type { Surroundings } from '../../adapters/files/reported/read.ts'
import { readText } from '../../adapters/files/text.ts'
import type { ModelConfiguration } from '../../core/configuration/schema.ts'
import { UserError } from '../../core/errors.ts'
import { endingOf } from '../../core/evaluation/file-formats.ts'
import { canonicalJson } from '../../core/lineage/canonical.ts'
import { readParams } from '../../core/lineage/params.ts'
import type { DigestedFile, Lineage, ReportedValue } from '../../core/lineage/run.ts'
import type { Log } from '../../ports/report.ts'
import { mark } from './marks.ts'
import { collectReported, markReported, placesOf, type ReportedPlaces } from './reported.ts'

/** Digests of the declared data. Data that is not there is a UserError: a model cannot be traced to what nobody can see. */
export const digestData = async (paths: readonly string[], folder: string): Promise<Lineage['data']> => {
  const data: Lineage['data'] = []
  for (const path of paths) {
    const full = resolve(folder, path)
    if (!(await exists(full)))
      throw new UserError(`train.data names ${path}, which is not in ${folder}; fetch it in a step before this one, or correct the path`)
    const files = await digestTree(full)
    if (files.length === 0) throw new UserError(`train.data names the folder ${path}, which holds no files`)
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    const single = files[0] as DigestedFile
    data.push({
      path,
      files: files.length,
      bytes,
      sha256: files.length === 1 && basename(full) === single.path ? single.sha256 : digestOfFiles(files),
    })
  }
  return data
}

/** The params file as plain data; none configured means none. */
export const collectParams = async (path: string | undefined, folder: string): Promise<Record<string, unknown>> => {
  if (path === undefined) return {}
  const text = await readText(resolve(folder, path), path)
  if (text === null) throw new UserError(`train.params names ${path}, which cannot be read in ${folder}`)
  return readParams(text, path)
}

/** What the training command must write; `marks` tell whether it did. */
export interface Outputs {
  readonly model: string
  readonly predictions: string | null
  readonly reported: ReportedPlaces
}

export const outputsOf = (model: ModelConfiguration, train: NonNullable<ModelConfiguration['train']>, folder: string): Outputs => ({
  model: train.output,
  predictions: model.predictions?.file ?? null,
  reported: placesOf(model, train.output, train.metrics, folder),
})

/** What lies at the output paths now, so that a file of an earlier training is not taken for one of this. */
export const markOutputs = async (outputs: Outputs, folder: string): Promise<Marks> => {
  const files = new Map<string, string>()
  for (const path of [outputs.model, outputs.predictions]) {
    const found = path === null ? null : await mark(resolve(folder, path))
    if (path !== null && found !== null) files.set(path, found)
  }
  return { files, reported: await markReported(outputs.reported) }
}

export interface Marks {
  readonly files: ReadonlyMap<string, string>
  readonly reported: ReadonlyMap<string, string>
}

export interface Collected {
  readonly modelFiles: readonly DigestedFile[]
  readonly predictions: DigestedFile | null
  readonly metricsFile: DigestedFile | null
  readonly reported: Record<string, ReportedValue>
  readonly reportedFrom: Record<string, string>
}

/** Copies what the training wrote to `files/` below `staged` and digests the copies. A model or predictions that were not written are UserErrors. */
export const collectOutputs = async (
  outputs: Outputs,
  { files: before, reported: reportedBefore }: Marks,
  folder: string,
  staged: string,
  around: Surroundings,
  log: Log,
): Promise<Collected> => {
  const files = join(staged, 'files')
  await mkdir(join(files, 'model'), { recursive: true })
  await requireWritten(outputs.model, 'train.output', before, folder)
  const source = resolve(folder, outputs.model)
  const stats = await lstat(source)
  if (stats.isDirectory()) await cp(source, join(files, 'model'), { recursive: true, verbatimSymlinks: true })
  else await copyRegular(source, join(files, 'model', basename(source)))
  const modelFiles = await digestTree(join(files, 'model'))
  if (modelFiles.length === 0) throw new UserError(`train.output names the folder ${outputs.model}, which holds no files after training`)
  if (modelFiles.every(file => file.bytes === 0)) throw new UserError(`the model at ${outputs.model} is empty after training`)

  let predictions: DigestedFile | null = null
  if (outputs.predictions !== null) {
    await requireWritten(outputs.predictions, 'predictions.file', before, folder)
    predictions = await keepFile(resolve(folder, outputs.predictions), files, `predictions${endingOf(outputs.predictions)}`)
  }

  const { reported, from, only, count, problems } = await collectReported(outputs.reported, reportedBefore, around, log)
  if (predictions === null && count === 0)
    throw new UserError(
      `the training command ended well but left nothing to judge in ${folder}: no metrics.json, nothing of DVCLive, DVC, transformers or MLflow, and no predictions are named${problems.length === 0 ? '' : ` (${problems.slice(0, 5).join('; ')})`}; have the command write metrics.json, or name predictions.file`,
    )
  const metricsFile = await keepMetrics(only?.path ?? null, reported, files)
  return { modelFiles, predictions, metricsFile, reported, reportedFrom: from }
}

/** The file itself where all metrics are from one, else what was read of several. */
const keepMetrics = async (path: string | null, reported: Record<string, ReportedValue>, files: string): Promise<DigestedFile | null> => {
  if (path !== null) return keepFile(await realpath(path), files, `metrics${extname(path).toLowerCase()}`)
  if (Object.keys(reported).length === 0) return null
  await writeFile(join(files, 'metrics.json'), `${canonicalJson(reported)}\n`)
  return { path: 'metrics.json', ...(await digestFile(join(files, 'metrics.json'))) }
}

/** Where a kept model lies as its script knows it: the single file where `output` is a file, else the folder. */
export const modelPathOf = (modelFolder: string, files: readonly DigestedFile[], output: string): string => {
  const [first] = files
  return files.length === 1 && first !== undefined && first.path === basename(output) ? join(modelFolder, first.path) : modelFolder
}

const keepFile = async (source: string, files: string, name: string): Promise<DigestedFile> => {
  await copyRegular(source, join(files, name))
  return { path: name, ...(await digestFile(join(files, name))) }
}

const copyRegular = async (source: string, target: string): Promise<void> => {
  const stats = await lstat(source)
  if (!stats.isFile()) throw new UserError(`${source} must be a regular file${stats.isSymbolicLink() ? ', it is a symbolic link' : ''}`)
  await copyFile(source, target)
}

const requireWritten = async (path: string, key: string, before: ReadonlyMap<string, string>, folder: string): Promise<void> => {
  const now = await mark(resolve(folder, path))
  if (now === null) throw new UserError(`the training command ended well but did not write ${path} (${key}) in ${folder}`)
  if (now === before.get(path))
    throw new UserError(
      `the training command ended well but ${path} (${key}) is the file that was there before; have the command write it, or take the old one out of the repository`,
    )
}

const exists = async (path: string): Promise<boolean> => (await mark(path)) !== null
