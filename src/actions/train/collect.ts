import { copyFile, cp, lstat, mkdir, readdir } from 'node:fs/promises'
import { basename, extname, join, resolve } from 'node:path'
import { digestFile, digestOfFiles, digestTree } from '../../adapters/files/digest.ts'
import { readText } from '../../adapters/files/text.ts'
import type { ModelConfiguration } from '../../core/configuration/schema.ts'
import { UserError } from '../../core/errors.ts'
import { endingOf } from '../../core/evaluation/file-formats.ts'
import { readReportedMetrics } from '../../core/evaluation/reported-metrics.ts'
import { readParams } from '../../core/lineage/params.ts'
import type { DigestedFile, Lineage, ReportedValue } from '../../core/lineage/run.ts'

const defaultMetricsFile = 'metrics.json'

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
  readonly metrics: string
  readonly metricsRequired: boolean
}

export const outputsOf = (model: ModelConfiguration, train: NonNullable<ModelConfiguration['train']>): Outputs => ({
  model: train.output,
  predictions: model.predictions?.file ?? null,
  metrics: train.metrics ?? defaultMetricsFile,
  metricsRequired: train.metrics !== undefined,
})

/** What lies at the output paths now, so that a file of an earlier training is not taken for one of this. */
export const markOutputs = async (outputs: Outputs, folder: string): Promise<ReadonlyMap<string, string>> => {
  const marks = new Map<string, string>()
  for (const path of [outputs.model, outputs.predictions, outputs.metrics]) {
    const found = path === null ? null : await mark(resolve(folder, path))
    if (path !== null && found !== null) marks.set(path, found)
  }
  return marks
}

export interface Collected {
  readonly modelFiles: readonly DigestedFile[]
  readonly predictions: DigestedFile | null
  readonly metricsFile: DigestedFile | null
  readonly reported: Record<string, ReportedValue>
}

/** Copies what the training wrote to `files/` below `staged` and digests the copies. A model or predictions that were not written are UserErrors. */
export const collectOutputs = async (
  outputs: Outputs,
  before: ReadonlyMap<string, string>,
  folder: string,
  staged: string,
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

  const metricsPath = resolve(folder, outputs.metrics)
  const metricsMark = await mark(metricsPath)
  if (metricsMark === null || metricsMark === before.get(outputs.metrics)) {
    if (outputs.metricsRequired || predictions === null) await requireWritten(outputs.metrics, 'train.metrics', before, folder)
    return { modelFiles, predictions, metricsFile: null, reported: {} }
  }
  const metricsFile = await keepFile(metricsPath, files, `metrics${extname(outputs.metrics).toLowerCase()}`)
  const reported = readReportedMetrics((await readText(join(files, metricsFile.path), outputs.metrics)) ?? '', outputs.metrics)
  return { modelFiles, predictions, metricsFile, reported }
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

/** Changes whenever the file, or anything in the folder, is written. */
const mark = async (path: string): Promise<string | null> => {
  const stats = await lstat(path, { bigint: true }).catch(() => null)
  if (stats === null) return null
  const own = `${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`
  if (!stats.isDirectory()) return own
  const parts = [own]
  for (const name of (await readdir(path)).sort()) parts.push(`${name}=${await mark(join(path, name))}`)
  return parts.join('\n')
}
