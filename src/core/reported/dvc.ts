/** Paths of metrics that a `dvc.yaml` names, relative to it, and entries that only DVC itself can resolve. */
export interface NamedMetrics {
  readonly paths: readonly string[]
  readonly templates: readonly string[]
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** An entry is a path, or a map with the path as its one key and DVC's own settings below it. */
const pathsIn = (list: unknown): readonly string[] => {
  if (typeof list === 'string') return [list]
  if (!Array.isArray(list)) return []
  return list.flatMap(entry => (typeof entry === 'string' ? [entry] : isMap(entry) ? Object.keys(entry) : []))
}

const below = (folder: unknown, path: string): string => (typeof folder === 'string' && folder !== '' ? `${folder}/${path}` : path)

/**
 * The metrics files and folders of a `dvc.yaml`: those of the file itself and those of its stages, also of stages in `foreach`, below their `wdir`. Paths with
 * `${…}` are templates. Anything of another shape names nothing.
 */
export const metricsNamedBy = (pipeline: unknown): NamedMetrics => {
  if (!isMap(pipeline)) return { paths: [], templates: [] }
  const all = [...pathsIn(pipeline.metrics)]
  for (const stage of isMap(pipeline.stages) ? Object.values(pipeline.stages) : []) {
    if (!isMap(stage)) continue
    const body = isMap(stage.do) ? stage.do : stage
    all.push(...pathsIn(body.metrics).map(path => below(body.wdir, path)))
  }
  const isTemplate = (path: string): boolean => path.includes('${')
  const unique = [...new Set(all)]
  return { paths: unique.filter(path => !isTemplate(path)), templates: unique.filter(isTemplate) }
}
