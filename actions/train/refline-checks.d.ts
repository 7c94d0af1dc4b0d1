// Types for a module of your own checks: copy this file beside it. They disappear when the module is loaded; nothing has to be installed.

/** What a check is called with. */
export interface CheckInput {
  /** The predictions, one row per row of the holdout; see "Your own checks" in the README of `train` for its columns. */
  readonly predictions: DataFrame
  /** Name in refline.yml. */
  readonly model: string
  readonly task: 'binary' | 'multiclass' | 'regression'
  /** Names of the classes; of a binary model the negative and the positive one; empty for regression. */
  readonly classes: readonly string[]
  /** The threshold that `prediction` was made with, null where the file has its own column. */
  readonly threshold: number | null
  /** The saved model, a file or a folder. */
  readonly path: string
  /** The params file as plain data. */
  readonly params: Readonly<Record<string, unknown>>
  /** The module danfojs-node 1.2.0: Series, DataFrame, concat, merge, ... */
  readonly danfo: any
}

/** A DataFrame of danfojs-node, as far as most checks need it; a column is a property: `predictions.score`. */
export interface DataFrame {
  readonly shape: readonly [rows: number, columns: number]
  readonly columns: readonly string[]
  readonly values: readonly (readonly (number | string)[])[]
  [columnOrMethod: string]: any
}

export interface Finding {
  /** Name of the check. */
  readonly check: string
  /** `error` fails the gate, `warn` is shown as a warning, `info` is only shown. */
  readonly severity: 'error' | 'warn' | 'info'
  readonly message: string
}

export interface CheckAnswer {
  /** Figures by names of your own; gates may name them. */
  readonly metrics?: Readonly<Record<string, number>>
  readonly findings?: readonly Finding[]
}

export type Check = (input: CheckInput) => CheckAnswer | Promise<CheckAnswer>
