import type { FileFormat } from '../core/evaluation/file-formats.ts'

/** A value of a log as its format has it: texts of CSV are not interpreted. */
export type Cell = string | number | boolean | Date | null

/** A column that is asked for. One that is not `required` may be missing in the whole file: its cells are then null. */
export interface AskedColumn {
  readonly name: string
  readonly required: boolean
}

/** Told of each row: the cells of the asked columns in their order, and the line (of Parquet the row) they are from. Throws where it cannot take them. */
export type OnLogRow = (cells: readonly Cell[], line: number) => void

/** Reads rows of logs, some columns of them. What cannot be read is a UserError with file and line. */
export interface LogRows {
  /** Files in the workspace that a path with `*` in it names, in the order of their names. None is a UserError. */
  files(pattern: string): Promise<readonly { readonly path: string; readonly name: string }[]>
  file(file: { readonly path: string; readonly name: string }, columns: readonly AskedColumn[], onRow: OnLogRow): Promise<void>
  /** Rows that come from elsewhere; `name` is for messages. */
  pieces(
    pieces: AsyncIterable<Uint8Array>,
    of: { readonly name: string; readonly format: Exclude<FileFormat, 'parquet'> },
    columns: readonly AskedColumn[],
    onRow: OnLogRow,
  ): Promise<void>
}
