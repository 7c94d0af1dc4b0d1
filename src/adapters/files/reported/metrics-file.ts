import { isAbsolute, relative, resolve, sep } from 'node:path'
import { readSource } from '../../../core/configuration/source.ts'
import { UserError } from '../../../core/errors.ts'
import { jsonOf, metricsOf, readReportedMetrics } from '../../../core/evaluation/reported-metrics.ts'
import type { ReportedValue } from '../../../core/lineage/run.ts'
import { metricsOfResults, metricsOfTrainerState } from '../../../core/reported/huggingface.ts'
import { readText } from '../text.ts'

/** A file as `source` of a gate names it: `/`-separated from the folder of the model; as it was given, relative to `base`, where it lies outside of that. */
export const namedInFolder = (folder: string, path: string, base = '.'): string => {
  const name = relative(folder, resolve(base, path)).split(sep).join('/')
  return name.startsWith('../') || isAbsolute(name) ? path : name
}

export type Metrics = Record<string, ReportedValue>

/** A training of many steps logs each of them. */
const largestState = 67_108_864
const mostTomlCharacters = 1_000_000

const textOf = async (path: string, name: string, largest?: number): Promise<string> => {
  const text = await readText(path, name, largest === undefined ? {} : { largest })
  if (text === null) throw new UserError(`${name} is not there`, { place: { file: name } })
  return text
}

/** Metrics of a JSON, YAML (`.yaml`, `.yml`) or TOML (`.toml`) file; `name` is for messages. What cannot be read is a UserError. */
export const readMetricsFile = async (path: string, name: string): Promise<Metrics> => {
  const text = await textOf(path, name)
  return /\.toml$/i.test(name) ? metricsOf(await tomlOf(text, name), name) : readReportedMetrics(text, name)
}

const tomlOf = async (text: string, file: string): Promise<unknown> => {
  if (text.length > mostTomlCharacters)
    throw new UserError(`${file} has ${text.length} characters; at most ${mostTomlCharacters} are read`, { place: { file } })
  const { parse, TomlError } = await import('smol-toml')
  try {
    return parse(text, { maxDepth: 64, integersAsBigInt: 'asNeeded' })
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause
    const [reason = ''] = cause.message.replace(/^Invalid TOML document: /, '').split('\n')
    throw new UserError(`${file} is not readable as TOML: ${reason} (line ${cause.line}, column ${cause.column})`, {
      place: { file, line: cause.line, column: cause.column },
      cause,
    })
  }
}

/** The same by the rule of DVC: JSON by `.json`, TOML by `.toml`, and YAML is all else. */
export const readDvcMetrics = async (path: string, name: string): Promise<Metrics> =>
  /\.(json|toml)$/i.test(name) ? readMetricsFile(path, name) : metricsOf(readSource(await textOf(path, name), name).value, name)

/** Metrics of DVCLive, without the step that it adds to them. */
export const readDvcLive = async (path: string, name: string): Promise<Metrics> => {
  const { step: _, ...metrics } = await readMetricsFile(path, name)
  return metrics
}

/** Metrics of a `<split>_results.json` of transformers; null where the file is merely called so. */
export const readResults = async (path: string, name: string): Promise<Metrics | null> =>
  metricsOfResults(jsonOf(await textOf(path, name), name), name)

/** Metrics of the last evaluation in a `trainer_state.json` of transformers. */
export const readTrainerState = async (path: string, name: string): Promise<Metrics> =>
  metricsOfTrainerState(jsonOf(await textOf(path, name, largestState), name), name)
