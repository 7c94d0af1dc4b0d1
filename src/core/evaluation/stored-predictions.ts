import type { ModelConfiguration } from '../configuration/schema.ts'
import { UserError } from '../errors.ts'
import { predictionSettings } from './prediction-settings.ts'
import { type Codes, type Predictions, textAt } from './predictions.ts'

const rowsPerChunk = 4096

/** Names that weights and clusters are stored under: what the user calls a column can be the name of a slice as well. */
const weightColumn = 'row_weight'
const clusterColumn = 'row_cluster'
/** A stored file has this column where its scores came as 32-bit floats, which as text they do not show. */
export const singlePrecisionColumn = 'scores_are_float32'

/** What a slice column is stored as whose name one of the columns above has: `label` can be the name of a slice as well. */
export const storedSlice = (name: string): string => `slice:${name}`

/**
 * The rules to read predictions by that are stored beside a version: they are always kept under the standard column names, so that a later renaming of
 * columns in refline.yml does not make an old champion unreadable.
 */
export const rulesForStored = (model: ModelConfiguration): ModelConfiguration => {
  if (model.predictions === undefined || !('columns' in model.predictions || 'cluster' in model.predictions)) return model
  const { columns, cluster, ...predictions } = model.predictions
  return {
    ...model,
    predictions: {
      ...predictions,
      ...(columns?.weight === undefined ? {} : { columns: { weight: weightColumn } }),
      ...(cluster === undefined ? {} : { cluster: clusterColumn }),
    },
  }
}

type Cell = (row: number) => string

/**
 * Predictions as they are stored beside a version, as CSV text in pieces: id, label, score or prediction, the slice columns, weights and clusters, as far as `keep` names them (by the
 * standard names or those of the file). Null where `keep` is `none`. Throws where `keep` leaves out what a later comparison needs.
 */
export const storedPredictions = (predictions: Predictions, model: ModelConfiguration): Iterable<string> | null => {
  const keep = model.predictions !== undefined && 'keep' in model.predictions ? model.predictions.keep : undefined
  if (keep === 'none') return null
  const { source } = predictions
  const kept = (standard: string, inFile: string | null): boolean =>
    keep === undefined || keep.includes(standard) || (inFile !== null && keep.includes(inFile))
  const columns: (readonly [string, Cell])[] = []
  if (kept('id', source.columns.id)) columns.push(['id', row => textAt(predictions.ids, row)])
  if (kept('label', source.columns.label)) columns.push(['label', textOf(predictions, predictions.labels)])
  const answers = answersOf(predictions, kept)
  const slices = [...predictions.slices].filter(([name]) => kept(name, name))
  const settings = predictionSettings(model)
  const needed = [...predictions.slices.keys(), ...[settings.weight, settings.cluster].filter(name => name !== null)]
  if (columns.length < 2 || answers.length === 0 || !needed.every(name => keep === undefined || keep.includes(name)))
    throw new UserError(
      `predictions.keep must name id, label, score or prediction, and every column of slices, weights and clusters (${needed.join(', ') || 'there is none'}), or be \`none\`: without them no later version could be compared`,
    )
  columns.push(...answers)
  const { weights, clusters } = predictions
  if (weights !== null) columns.push([weightColumn, number(weights)])
  // Numbers say which rows belong together, and nothing of whom they belong to.
  if (clusters !== null) columns.push([clusterColumn, row => String(clusters[row])])
  if (predictions.singlePrecision) columns.push([singlePrecisionColumn, () => '1'])
  const taken = new Set(columns.map(([name]) => name))
  for (const [name, column] of slices)
    columns.push([taken.has(name) ? storedSlice(name) : name, row => column.values[column.codes[row] as number] ?? ''])
  return lines(columns, predictions.rows)
}

const answersOf = (predictions: Predictions, kept: (standard: string, inFile: string | null) => boolean): (readonly [string, Cell])[] => {
  const { scores, probabilities, predicted, threshold, classes, source } = predictions
  const answers: (readonly [string, Cell])[] = []
  if (scores !== null && kept('score', source.columns.score)) answers.push(['score', number(scores)])
  if (probabilities !== null && kept('score', source.columns.score))
    answers.push(...probabilities.map((column, index) => [`score_${classes[index]}`, number(column)] as const))
  // A prediction made from the scores by a threshold is made again when they are read.
  if (predicted !== null && threshold === null && kept('prediction', source.columns.prediction))
    answers.push(['prediction', textOf(predictions, predicted)])
  return answers
}

const number =
  (column: Float64Array): Cell =>
  row =>
    String(column[row])

const textOf = (predictions: Predictions, column: Codes | Float64Array): Cell =>
  predictions.task === 'regression' ? row => String(column[row]) : row => predictions.classes[column[row] as number] ?? ''

const field = (text: string): string => (/^$|["\r\n,]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

function* lines(columns: readonly (readonly [string, Cell])[], rows: number): Iterable<string> {
  yield `${columns.map(([name]) => field(name)).join(',')}\n`
  for (let start = 0; start < rows; start += rowsPerChunk) {
    let chunk = ''
    for (let row = start; row < Math.min(rows, start + rowsPerChunk); row++)
      chunk += `${columns.map(([, cell]) => field(cell(row))).join(',')}\n`
    yield chunk
  }
}
