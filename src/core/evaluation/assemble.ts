import type { ModelConfiguration } from '../configuration/schema.ts'
import { UserError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { ClusterBuilder } from './cluster-column.ts'
import { CategoryBuilder, type ColumnBuilder, TextBuilder } from './columns.ts'
import { NumberBuilder } from './number-column.ts'
import { type PredictionSettings, predictionSettings } from './prediction-settings.ts'
import type { CategoryColumn, Codes, PredictionSource, Predictions } from './predictions.ts'
import { problemOf } from './problem.ts'
import { singlePrecisionColumn, storedSlice } from './stored-predictions.ts'

const mostClasses = 1000
const mostSliceValues = 200

/** A column that is read: where it stands in the header, and what collects it. */
export interface UsedColumn {
  readonly position: number
  readonly name: string
  readonly builder: ColumnBuilder
  readonly isScore: boolean
}

/** Where the columns of a file go: builders by position, and how to make predictions of them once every row is in. */
export interface Assembly {
  /** A builder for each used column, by its position in the header. A row is added to each. */
  readonly used: readonly UsedColumn[]
  /** Columns that would be used where the file had them. Where rows can differ in theirs, none may come later. */
  readonly without: readonly string[]
  /** Columns of the header. */
  readonly width: number
  /** `singlePrecision`: the columns that `isScore` marks came as 32-bit floats. */
  finish(rows: number, lines: Uint32Array | null, singlePrecision?: boolean): Predictions
}

/** "1.0" is "1" and "True" is "true": how a label is written depends on the library that wrote it. */
const canonical = (text: string): string => {
  const trimmed = text.trim()
  if (/^-?\d+\.0+$/.test(trimmed)) return trimmed.slice(0, trimmed.indexOf('.'))
  return /^(true|false)$/i.test(trimmed) ? trimmed.toLowerCase() : trimmed
}

const listed = (names: readonly string[]): string => {
  const few = names.slice(0, 30).map(name => (name.length > 40 ? `${name.slice(0, 40)}...` : name))
  return `${few.join(', ')}${names.length > few.length ? ` and ${names.length - few.length} more` : ''}`
}

/** Finds the columns of a header by the model's rules. A missing one is a UserError that lists what is there. */
export const assembly = (header: readonly string[], rules: ModelConfiguration, file: string): Assembly => {
  const settings = predictionSettings(rules)
  const used: UsedColumn[] = []
  const find = (name: string): number | null => {
    const position = header.indexOf(name)
    if (position >= 0 && header.indexOf(name, position + 1) >= 0) {
      throw new UserError(`the column "${name}" stands twice in the header`, { place: { file, line: 1 } })
    }
    return position >= 0 ? position : null
  }
  const absent = (name: string, key: string): UserError => {
    const near = nearest(name, header)
    return new UserError(
      `there is no column "${name}"${near ? `; did you mean "${near}"?` : ''} (it has: ${listed(header)}). Name it in refline.yml under ${key}`,
      { place: { file, line: 1 } },
    )
  }
  const take = <B extends ColumnBuilder>(name: string, builder: B, key: string | null, isScore = false): B | null => {
    const position = find(name)
    if (position === null && key !== null) throw absent(name, key)
    if (position === null) return null
    used.push({ position, name, builder, isScore })
    return builder
  }
  const { columns, named } = settings
  const classification = rules.task !== 'regression'
  const answer = (): CategoryBuilder | NumberBuilder => (classification ? new CategoryBuilder(null, mostClasses) : new NumberBuilder())
  const ids = take(columns.id, new TextBuilder(), 'predictions.columns.id') as TextBuilder
  const labels = take(columns.label, answer(), 'predictions.columns.label') as CategoryBuilder | NumberBuilder
  const predicted = take(columns.prediction, answer(), named.prediction === undefined ? null : 'predictions.columns.prediction')
  const wantsScore = rules.task === 'binary' || (rules.task === 'regression' && predicted === null)
  const scores = wantsScore
    ? take(columns.score, new NumberBuilder(), named.score === undefined ? null : 'predictions.columns.score', true)
    : null
  // A slice called score_band is no probability of a class "band".
  const roles = new Set([columns.id, columns.label, columns.prediction, settings.weight, settings.cluster, ...settings.slices])
  const candidates = header.filter(name => !roles.has(name))
  const prefix = ['score_', 'p_'].find(start => candidates.some(name => name.startsWith(start) && name.length > start.length))
  const probabilities = new Map<string, NumberBuilder>()
  if (rules.task === 'multiclass' && prefix !== undefined) {
    for (const name of candidates.filter(candidate => candidate.startsWith(prefix))) {
      const builder = take(name, new NumberBuilder(), null, true)
      if (builder) probabilities.set(canonical(name.slice(prefix.length)), builder)
    }
  }
  if (predicted === null && scores === null && probabilities.size === 0) {
    throw absent(
      rules.task === 'binary' ? columns.score : columns.prediction,
      `predictions.columns.${rules.task === 'binary' ? 'score' : 'prediction'}`,
    )
  }
  const slices = settings.slices.map(name => {
    const stored = header.includes(storedSlice(name)) ? storedSlice(name) : name
    return [name, take(stored, new CategoryBuilder('__missing__', mostSliceValues), `slices.${name}`) as CategoryBuilder] as const
  })
  const weights = settings.weight === null ? null : take(settings.weight, new NumberBuilder(), 'predictions.columns.weight')
  const clusters = settings.cluster === null ? null : take(settings.cluster, new ClusterBuilder(), 'predictions.cluster')
  const storedAsSingle = header.includes(singlePrecisionColumn)
  const source = (lines: Uint32Array | null): PredictionSource => ({
    file,
    lines,
    columns: {
      id: columns.id,
      label: columns.label,
      score: scores ? columns.score : probabilities.size > 0 ? (prefix ?? null) : null,
      prediction: predicted ? columns.prediction : null,
    },
  })
  return {
    used,
    without: [columns.prediction, ...(wantsScore ? [columns.score] : [])].filter(name => !header.includes(name)),
    width: header.length,
    finish: (rows, lines, singlePrecision = false) => {
      const common = {
        task: rules.task,
        rows,
        ids: ids.build(),
        weights: weights?.build() ?? null,
        clusters: clusters?.build() ?? null,
        singlePrecision: singlePrecision || storedAsSingle,
        source: source(lines),
      }
      const byName = new Map(slices.map(([name, builder]) => [name, builder.build()]))
      const made =
        labels instanceof NumberBuilder
          ? regression(labels.build(), (predicted ?? scores) as NumberBuilder)
          : rules.task === 'binary'
            ? binary(labels.build(), (predicted as CategoryBuilder | null)?.build() ?? null, scores?.build() ?? null, settings, file)
            : multiclass(labels.build(), (predicted as CategoryBuilder | null)?.build() ?? null, probabilities)
      const result = { ...common, slices: byName, ...made, problem: null }
      return { ...result, problem: problemOf(result, settings.weight) }
    },
  }
}

type Answers = Pick<Predictions, 'classes' | 'labels' | 'predicted' | 'scores' | 'probabilities' | 'threshold'>

const regression = (labels: Float64Array, predicted: NumberBuilder): Answers => ({
  classes: [],
  labels,
  predicted: predicted.build(),
  scores: null,
  probabilities: null,
  threshold: null,
})

/** Codes of the classes, in place: each column of codes has one reader, who has no more use for the old ones. */
const recode = ({ codes, values }: CategoryColumn, classes: readonly string[]): Codes => {
  const classOf = Uint16Array.from(values, value => classes.indexOf(canonical(value)))
  const recoded = classes.length > 256 && codes instanceof Uint8Array ? Uint16Array.from(codes) : codes
  if (values.every((_, code) => classOf[code] === code)) return recoded
  for (let row = 0; row < recoded.length; row++) recoded[row] = classOf[recoded[row] as number] as number
  return recoded
}

const fromThreshold = (scores: Float64Array, threshold: number): Codes => {
  const predicted = new Uint8Array(scores.length)
  for (let row = 0; row < scores.length; row++) if ((scores[row] as number) >= threshold) predicted[row] = 1
  return predicted
}

const positiveOf = (found: readonly string[], settings: PredictionSettings, file: string): string => {
  if (settings.positive !== null) return canonical(settings.positive)
  if (found.every(value => value === '0' || value === '1')) return '1'
  if (found.every(value => value === 'false' || value === 'true')) return 'true'
  throw new UserError(`the labels are ${listed(found)}: name the positive one in refline.yml as predictions.positive`, { place: { file } })
}

const binary = (
  labels: CategoryColumn,
  predicted: CategoryColumn | null,
  scores: Float64Array | null,
  settings: PredictionSettings,
  file: string,
): Answers => {
  const found = [...new Set([...labels.values, ...(predicted?.values ?? [])].map(canonical))].sort()
  const positive = positiveOf(found, settings, file)
  const others = found.filter(value => value !== positive)
  if (others.length > 1) {
    throw new UserError(
      `the task is binary, but labels and predictions have ${others.length + 1} values (${listed([positive, ...others])}): write \`task: multiclass\` in refline.yml, or mend them`,
      { place: { file } },
    )
  }
  const classes = [others[0] ?? (positive === '1' ? '0' : `not ${positive}`), positive]
  const { threshold } = settings
  const own = predicted ? recode(predicted, classes) : null
  const made = own === null && scores !== null && threshold !== null ? fromThreshold(scores, threshold) : null
  return {
    classes,
    labels: recode(labels, classes),
    predicted: own ?? made,
    scores,
    probabilities: null,
    threshold: made ? threshold : null,
  }
}

const multiclass = (labels: CategoryColumn, predicted: CategoryColumn | null, builders: ReadonlyMap<string, NumberBuilder>): Answers => {
  const values = [...labels.values, ...(predicted?.values ?? [])].map(canonical)
  const classes = [...new Set([...values, ...builders.keys()])].sort()
  const complete = builders.size > 0 && classes.every(name => builders.has(name))
  const probabilities = complete ? classes.map(name => (builders.get(name) as NumberBuilder).build()) : null
  const own = predicted ? recode(predicted, classes) : null
  const likeliest = probabilities && own === null ? mostLikely(probabilities, labels.codes.length) : null
  return { classes, labels: recode(labels, classes), predicted: own ?? likeliest, scores: null, probabilities, threshold: null }
}

const mostLikely = (probabilities: readonly Float64Array[], rows: number): Codes => {
  const best = new Uint16Array(rows)
  for (let row = 0; row < rows; row++)
    for (let index = 1; index < probabilities.length; index++) {
      const current = probabilities[best[row] as number]?.[row] as number
      if ((probabilities[index]?.[row] as number) > current) best[row] = index
    }
  return best
}
