import { type Place, UserError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { isMapping, laidOver } from './mappings.ts'
import { type Problem, problemsOf } from './problems.ts'
import { type Configuration, configuration, type EnvironmentConfiguration, type ModelConfiguration } from './schema.ts'
import { type Path, readSource, type Source } from './source.ts'
import { withSources } from './sources.ts'

/**
 * Parses `refline.yml`. `defaults:` is laid under every model, key by key; what a model says itself wins. Throws one UserError that lists every
 * problem with file and line, and that stands at the first of them.
 */
export const parseConfiguration = (text: string, file: string): Configuration => {
  const source = readSource(text, file)
  const merged = withDefaults(source)
  const { value, strange } = withSources(merged)
  if (strange.length > 0) throw refused(strange, source)
  const parsed = configuration.safeParse(value)
  if (!parsed.success) throw refused(problemsOf(parsed.error.issues), source)
  if (Object.keys(parsed.data.models).length === 0)
    throw refused([{ path: ['models'], message: 'has no model; add one by its name' }], source)
  const strangersIn = (models: readonly string[] | undefined, path: Path): readonly Problem[] =>
    (models ?? []).flatMap((model, index) =>
      Object.hasOwn(parsed.data.models, model)
        ? []
        : [{ path: [...path, 'models', index], message: noSuch('model', model, Object.keys(parsed.data.models)) }],
    )
  const strangers = Object.entries(parsed.data.environments ?? {}).flatMap(([name, environment]) => [
    ...strangersIn(environment.models, ['environments', name]),
    ...Object.entries(environment.signals).flatMap(([signal, { models }]) =>
      strangersIn(models, ['environments', name, 'signals', signal]),
    ),
  ])
  if (strangers.length > 0) throw refused(strangers, source)
  return parsed.data
}

/** The place of a key in the text of a configuration, for problems that show later: an unknown metric name, a rule that failed. */
export const placeOf = (text: string, file: string, path: Path): Place => {
  try {
    return placed(readSource(text, file), path)
  } catch {
    return { file }
  }
}

/** The named model, or the only one. */
export const selectModel = (
  { models }: Configuration,
  name: string | undefined,
): { readonly name: string; readonly model: ModelConfiguration } => {
  const names = Object.keys(models)
  const [only, ...others] = names
  const selected = name ?? (others.length === 0 ? only : undefined)
  if (selected === undefined) throw new UserError(`there are ${names.length} models; name one in the input \`model\`: ${names.join(', ')}`)
  const model = Object.hasOwn(models, selected) ? models[selected] : undefined
  if (model === undefined) throw new UserError(noSuch('model', selected, names))
  return { name: selected, model }
}

/** Names of the environments that a model lives in, in the order of the file. */
export const environmentsOf = ({ environments }: Configuration, model: string): readonly string[] =>
  Object.entries(environments ?? {})
    .filter(([, environment]) => environment.models === undefined || environment.models.includes(model))
    .map(([name]) => name)

/** The named environment of a model, or the only one it lives in, with the signals that are of this model. */
export const selectEnvironment = (
  configuration: Configuration,
  model: string,
  name: string | undefined,
): { readonly name: string; readonly environment: EnvironmentConfiguration } => {
  const names = environmentsOf(configuration, model)
  const [only, ...others] = names
  if (only === undefined)
    throw new UserError(`no environment in the configuration covers the model ${model}; add one under \`environments\``)
  const selected = name ?? (others.length === 0 ? only : undefined)
  if (selected === undefined)
    throw new UserError(
      `the model ${model} lives in ${names.length} environments; name one in the input \`environment\`: ${names.join(', ')}`,
    )
  const environment = names.includes(selected) ? configuration.environments?.[selected] : undefined
  if (environment === undefined) throw new UserError(noSuch('environment', selected, names))
  const signals = Object.fromEntries(
    Object.entries(environment.signals).filter(([, { models }]) => models === undefined || models.includes(model)),
  )
  return { name: selected, environment: { ...environment, signals } }
}

const noSuch = (what: string, name: string, known: readonly string[]): string => {
  const meant = nearest(name, known)
  return `there is no ${what} \`${name}\`${meant === undefined ? `; there is ${known.join(', ')}` : `; did you mean \`${meant}\`?`}`
}

const withDefaults = (source: Source): unknown => {
  if (source.value === null) throw new UserError('the file is empty; it needs `models:`', { place: { file: source.file } })
  if (!isMapping(source.value)) throw new UserError('expected keys such as `models:` at the top', { place: source.place([]) })
  if (!Object.hasOwn(source.value, 'defaults')) return source.value
  const { defaults, ...rest } = source.value
  if (!isMapping(defaults)) throw refused([{ path: ['defaults'], message: 'expected keys of a model' }], source)
  if (!isMapping(rest.models)) return rest
  return {
    ...rest,
    models: Object.fromEntries(
      Object.entries(rest.models).map(([name, model]) => [name, isMapping(model) ? laidOver(defaults, model) : model]),
    ),
  }
}

/** A key that no model has itself stands under `defaults`. */
const placed = (source: Source, path: Path): Place => {
  const [first, , ...rest] = path
  const fallback: Path = ['defaults', ...rest]
  const elsewhere = first === 'models' && rest.length > 0 && source.depth(path) < path.length && source.depth(fallback) === fallback.length
  return source.place(elsewhere ? fallback : path)
}

const shown = (path: Path): string =>
  path
    .map(step => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '')

const mostProblems = 20

const refused = (problems: readonly Problem[], source: Source): UserError => {
  const located = problems
    .slice(0, 10 * mostProblems)
    .map(problem => ({ ...problem, place: placed(source, problem.path) }))
    .sort((a, b) => (a.place.line ?? 0) - (b.place.line ?? 0))
  const lines = [
    ...new Set(
      located.map(
        ({ path, message, place }) => `${place.file}${place.line === undefined ? '' : `:${place.line}`}: ${shown(path)}: ${message}`,
      ),
    ),
  ]
  const [only] = lines
  const place = located[0]?.place ?? { file: source.file }
  const more = lines.length > mostProblems ? ['and others'] : []
  const count = problems.length > located.length ? `more than ${located.length}` : lines.length
  return new UserError(
    lines.length === 1 && only !== undefined
      ? only
      : `${source.file} has ${count} problems:\n${[...lines.slice(0, mostProblems), ...more].join('\n')}`,
    { place },
  )
}
