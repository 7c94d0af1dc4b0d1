import { lineOf, type Predictions } from './predictions.ts'

/** Numbers of one column: what they are called, and the column's name in the file. */
interface Checked {
  readonly column: Float64Array
  readonly noun: string
  readonly name: string
}

/** Rows of a column that are not what they must be, and the first of them; null where there is none. */
const counted = (column: Float64Array, isBad: (value: number) => boolean): { readonly count: number; readonly first: number } | null => {
  let count = 0
  let first = -1
  for (let row = 0; row < column.length; row++) {
    if (!isBad(column[row] as number)) continue
    if (first < 0) first = row
    count++
  }
  return count === 0 ? null : { count, first }
}

const allFinite = (column: Float64Array): boolean => {
  // Differences of finite numbers are 0; one pass without branches decides the usual case.
  let rest = 0
  for (let row = 0; row < column.length; row++) rest += (column[row] as number) - (column[row] as number)
  return rest === 0
}

/** Why no metric can be computed from the rows: there are none, numbers that are none, or weights that weigh nothing. Null where nothing is wrong. */
export const problemOf = (predictions: Predictions, weight: string | null): string | null => {
  if (predictions.rows === 0) return `${predictions.source.file} has no rows`
  const { scores, probabilities, labels, predicted, weights, source, classes } = predictions
  const numbers: Checked[] = []
  if (labels instanceof Float64Array) numbers.push({ column: labels, noun: 'labels', name: source.columns.label })
  if (predicted instanceof Float64Array)
    numbers.push({ column: predicted, noun: 'predictions', name: source.columns.prediction ?? source.columns.score ?? '' })
  if (scores) numbers.push({ column: scores, noun: 'scores', name: source.columns.score ?? '' })
  probabilities?.forEach((column, index) => {
    numbers.push({ column, noun: 'scores', name: `${source.columns.score}${classes[index]}` })
  })
  if (weights) numbers.push({ column: weights, noun: 'weights', name: weight ?? '' })
  const said = (bad: { readonly count: number; readonly first: number }, { noun, name }: Checked, what: string): string => {
    const counts = `${bad.count.toLocaleString('en')} of ${predictions.rows.toLocaleString('en')} ${noun} ${bad.count === 1 ? 'is' : 'are'} ${what}`
    return `${counts}, first at ${source.file} line ${lineOf(source, bad.first)}, column ${name}`
  }
  for (const checked of numbers) {
    if (allFinite(checked.column)) continue
    const bad = counted(checked.column, value => !Number.isFinite(value))
    const missing = counted(checked.column, Number.isNaN)
    if (bad) return said(bad, checked, missing === null ? 'infinite' : missing.count === bad.count ? 'NaN' : 'NaN or infinite')
  }
  return weights && weightProblem(weights, said, { column: weights, noun: 'weights', name: weight ?? '' })
}

const weightProblem = (
  weights: Float64Array,
  said: (bad: { readonly count: number; readonly first: number }, checked: Checked, what: string) => string,
  checked: Checked,
): string | null => {
  const negative = counted(weights, value => value < 0)
  if (negative) return said(negative, checked, 'negative')
  const nothing = counted(weights, value => value === 0)
  return nothing?.count === weights.length ? said(nothing, checked, '0, so no row counts') : null
}
