import { type Codes, type Predictions, type TextColumn, textAt } from './predictions.ts'

/** How far a score may be from the one it should reproduce, absolute for small numbers and relative to it for large ones. */
const tolerance = 1e-6

export interface Reproduction {
  readonly reproduced: boolean
  readonly sentence: string
}

/** Do the predictions made from the saved file say the same as those that the training script wrote, row by row, joined by id? */
export const compareReproduction = (written: Predictions, again: Predictions): Reproduction => {
  if (again.problem !== null) return no(`the saved model gives no usable predictions: ${again.problem}`)
  if (written.rows !== again.rows) return no(`the saved model scores ${again.rows} rows, the training script wrote ${written.rows}`)
  const rowOf = joined(written.ids, again.ids, written.rows)
  if (typeof rowOf === 'string') return no(`the saved model gives no prediction for id ${JSON.stringify(rowOf)}`)
  let largest = 0
  let differing = 0
  let compared = 0
  const columns = pairs(written, again)
  // What is not given again is not reproduced, whatever other columns are.
  const unscored = (written.scores ?? written.probabilities) !== null && scorePairs(written, again).length === 0
  if (columns.length === 0 || unscored)
    return no('the saved model gives predictions in other columns than the training script wrote: have predictions.score write the same')
  if (written.source.columns.prediction !== null && again.predicted === null)
    return no(
      `the saved model gives no column "${written.source.columns.prediction}", which the training script wrote and metrics are computed from: have predictions.score write it too, or name predictions.threshold and leave it out of both`,
    )
  for (const [ours, theirs] of columns)
    for (let row = 0; row < written.rows; row++) {
      const expected = ours(row)
      const found = theirs(rowOf(row))
      compared++
      if (typeof expected === 'string' || typeof found === 'string') {
        if (expected !== found) differing++
        continue
      }
      const difference = Math.abs(expected - found)
      if (difference <= tolerance * Math.max(1, Math.abs(expected))) continue
      differing++
      if (!(difference <= largest)) largest = difference
    }
  if (differing === 0) return { reproduced: true, sentence: `the saved model reproduces all ${written.rows} predictions` }
  const how = largest > 0 ? `, by up to ${largest.toPrecision(3)}` : ''
  return no(`the saved model does not reproduce its predictions: ${differing} of ${compared} values differ${how}`)
}

const no = (sentence: string): Reproduction => ({ reproduced: false, sentence })

type Column = (row: number) => number | string

/** Scores do not vouch for a prediction column beside them; predictions that are made of the scores here are as good as these. */
const pairs = (a: Predictions, b: Predictions): readonly (readonly [Column, Column])[] => {
  const scores = scorePairs(a, b)
  if (a.predicted === null || b.predicted === null || (scores.length > 0 && a.source.columns.prediction === null)) return scores
  return [...scores, [values(a, a.predicted), values(b, b.predicted)]]
}

const scorePairs = (a: Predictions, b: Predictions): readonly (readonly [Column, Column])[] => {
  if (a.scores !== null && b.scores !== null) return [[numbers(a.scores), numbers(b.scores)]]
  if (a.probabilities === null || b.probabilities === null || a.classes.join('\0') !== b.classes.join('\0')) return []
  return a.probabilities.map((column, index) => [
    numbers(column),
    numbers((b.probabilities as readonly Float64Array[])[index] as Float64Array),
  ])
}

const numbers =
  (column: Float64Array): Column =>
  row =>
    column[row] as number

const values = (predictions: Predictions, column: Codes | Float64Array): Column =>
  predictions.task === 'regression' ? row => column[row] as number : row => predictions.classes[column[row] as number] ?? ''

/** From rows of `a` to rows of `b` by id, or the first id that `b` does not have. Without a map where both have the same order. */
const joined = (a: TextColumn, b: TextColumn, rows: number): ((row: number) => number) | string => {
  if (sameText(a, b)) return row => row
  const index = new Map<string, number>()
  for (let row = 0; row < rows; row++) index.set(textAt(b, row), row)
  const found = new Uint32Array(rows)
  for (let row = 0; row < rows; row++) {
    const id = textAt(a, row)
    const other = index.get(id)
    if (other === undefined) return id
    found[row] = other
  }
  return row => found[row] as number
}

const sameText = (a: TextColumn, b: TextColumn): boolean =>
  a.bytes.length === b.bytes.length &&
  a.offsets.length === b.offsets.length &&
  a.offsets.every((offset, index) => offset === b.offsets[index]) &&
  a.bytes.every((byte, index) => byte === b.bytes[index])
