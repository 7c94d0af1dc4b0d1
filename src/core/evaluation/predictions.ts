import type { ModelConfiguration } from '../configuration/schema.ts'

export type Task = ModelConfiguration['task']

/** A column of text packed as UTF-8: row i is `bytes[offsets[i] .. offsets[i + 1]]`. Millions of ids cost their own bytes and four more each. */
export interface TextColumn {
  readonly bytes: Uint8Array
  readonly offsets: Uint32Array
}

/** Indexes into a list of few values: a byte each where a byte is enough. */
export type Codes = Uint8Array | Uint16Array

/** A dictionary-coded column: row i has `values[codes[i]]`. */
export interface CategoryColumn {
  readonly codes: Codes
  readonly values: readonly string[]
}

/** Where the rows came from, for messages. `lines` is null where row i stands on line i + 2 (a header, one line per row). */
export interface PredictionSource {
  readonly file: string
  readonly lines: Uint32Array | null
  /** Names in the file of the columns that were used, by their role; null where the file has none. */
  readonly columns: {
    readonly id: string
    readonly label: string
    readonly score: string | null
    readonly prediction: string | null
  }
}

/**
 * The predictions of one model on a holdout, one entry per row, in the file's order, as typed columns.
 *
 * Classification: `classes` are the class names (binary: `[negative, positive]`; multiclass: sorted), `labels` and `predicted` index into them.
 * Regression: `classes` is empty, `labels` and `predicted` are the numbers themselves. `scores` is the score of the positive class (binary);
 * `probabilities` one column per class, in the order of `classes` (multiclass). What the file does not have is null.
 *
 * `weights` is one finite number >= 0 per row, not all 0, where refline.yml names a weight column; `clusters` the number of each row's cluster,
 * from 0 in order of their first rows, where it names one.
 * `singlePrecision` says that the scores came as 32-bit floats, which decides how far probabilities are clipped.
 *
 * `threshold` is set where `predicted` was made from the scores. `problem` is why no metric can be computed from these rows (NaN scores, no rows);
 * rows are never dropped, since that would change the holdout.
 */
export interface Predictions {
  readonly task: Task
  readonly rows: number
  readonly ids: TextColumn
  readonly classes: readonly string[]
  readonly labels: Codes | Float64Array
  readonly predicted: Codes | Float64Array | null
  readonly scores: Float64Array | null
  readonly probabilities: readonly Float64Array[] | null
  readonly weights: Float64Array | null
  readonly clusters: Uint32Array | null
  readonly singlePrecision: boolean
  readonly slices: ReadonlyMap<string, CategoryColumn>
  readonly threshold: number | null
  readonly problem: string | null
  readonly source: PredictionSource
}

const decoder = new TextDecoder()

/** The text of row i. */
export const textAt = (column: TextColumn, row: number): string =>
  decoder.decode(column.bytes.subarray(column.offsets[row], column.offsets[row + 1]))

/** Line of the file that row i (from 0) stands on, from 1. */
export const lineOf = (source: PredictionSource, row: number): number => source.lines?.[row] ?? row + 2
