import * as danfo from 'danfojs-node'
import { type Predictions, textAt } from '../../core/evaluation/predictions.ts'

export { danfo }

type Cell = number | string
interface Column {
  readonly name: string
  readonly type: 'string' | 'float32'
  readonly at: (row: number) => Cell
}

/**
 * The predictions as a danfojs-node DataFrame of one row per row of the file, in its order: `id`, `label`, and what the file has of `prediction`, `score`,
 * `probability_<class>`, `weight` and `cluster` (its number), then the slice columns by their own names, with `slice_` in front where one of these is taken. Classes are
 * numbers where all of their names are plain numbers, else text; ids and slices are always text.
 *
 * The cells are exact. What danfojs-node computes from whole frames goes through 32-bit floats.
 */
export const dataFrameOf = (predictions: Predictions): danfo.DataFrame => {
  const columns = columnsOf(predictions)
  const rows = Array.from({ length: predictions.rows }, (_, row) => columns.map(({ at }) => at(row)))
  // Types are given: it would guess them from the first rows, and "007" is not 7.
  return new danfo.DataFrame(rows, { columns: columns.map(({ name }) => name), dtypes: columns.map(({ type }) => type) })
}

const columnsOf = (predictions: Predictions): readonly Column[] => {
  const { ids, labels, predicted, scores, probabilities, weights, clusters, classes } = predictions
  const numeric = classes.every(name => name !== '' && String(Number(name)) === name)
  const outcome = (name: string, values: ArrayLike<number>): Column => {
    if (classes.length === 0) return numbers(name, values)
    const cells: readonly Cell[] = numeric ? classes.map(Number) : classes
    return { name, type: numeric ? 'float32' : 'string', at: row => cells[values[row] as number] as Cell }
  }
  const columns: Column[] = [{ name: 'id', type: 'string', at: row => textAt(ids, row) }, outcome('label', labels)]
  if (predicted !== null) columns.push(outcome('prediction', predicted))
  if (scores !== null) columns.push(numbers('score', scores))
  for (const [index, values] of (probabilities ?? []).entries()) columns.push(numbers(`probability_${classes[index]}`, values))
  if (weights !== null) columns.push(numbers('weight', weights))
  if (clusters !== null) columns.push(numbers('cluster', clusters))
  const taken = new Set(columns.map(({ name }) => name))
  for (const [name, { codes, values }] of predictions.slices)
    columns.push({ name: taken.has(name) ? `slice_${name}` : name, type: 'string', at: row => values[codes[row] as number] as string })
  return columns
}

const numbers = (name: string, values: ArrayLike<number>): Column => ({
  name,
  type: 'float32',
  at: row => values[row] as number,
})
