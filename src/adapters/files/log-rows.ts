import { stat } from 'node:fs/promises'
import { UserError } from '../../core/errors.ts'
import { formatOf, knownEndings } from '../../core/evaluation/file-formats.ts'
import { nearest } from '../../core/nearest.ts'
import type { AskedColumn, Cell, LogRows, OnLogRow } from '../../ports/log-rows.ts'
import { readCsv } from './csv.ts'
import { readJsonl } from './jsonl.ts'
import { filesMatching } from './pattern.ts'
import { bytesOf } from './unpacked.ts'

const largestFile = 4 * 1024 ** 3
/** Rows of a Parquet file that are held at once: its columns are stored one after the other. */
const mostParquetRows = 5_000_000

type Pieces = AsyncIterable<Uint8Array>

/** Place of each asked column in the header, -1 where one that is not required is missing. */
const placesOf = (names: readonly string[], columns: readonly AskedColumn[], file: string): readonly number[] =>
  columns.map(({ name, required }) => {
    const at = names.indexOf(name)
    if (at !== names.lastIndexOf(name)) throw new UserError(`there are two columns ${JSON.stringify(name)}`, { place: { file, line: 1 } })
    if (at >= 0 || !required) return at
    const meant = nearest(name, names)
    const known = names.slice(0, 30).join(', ').slice(0, 400)
    throw new UserError(
      `there is no column ${JSON.stringify(name)}${meant === undefined ? `; there is ${known}` : `; did you mean ${JSON.stringify(meant)}?`} (\`columns\` of the signal names them)`,
      { place: { file, line: 1 } },
    )
  })

const fromCsv = async (pieces: Pieces, name: string, columns: readonly AskedColumn[], onRow: OnLogRow): Promise<void> => {
  let places: readonly number[] = []
  let known = 0
  const decoder = new TextDecoder()
  await readCsv(pieces, name, {
    header: names => {
      places = placesOf(names, columns, name)
      known = names.length
    },
    rows: ({ bytes, starts, ends, lines, width, rows }) => {
      for (let row = 0; row < rows; row++) {
        const cells = places.map(place => {
          if (place < 0) return null
          const text = decoder.decode(bytes.subarray(starts[row * width + place], ends[row * width + place]))
          return text === '' ? null : text
        })
        onRow(cells, lines[row] as number)
      }
    },
    ragged: (line, fields) => {
      throw new UserError(`the record on line ${line} has ${fields} fields, the header ${known}`, { place: { file: name, line } })
    },
  })
}

/** A value of JSON or Parquet as a cell; undefined where it is neither text, number, truth value, time nor nothing. */
const cellOf = (value: unknown): Cell | undefined => {
  if (value === null || value === undefined || value === '') return null
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value instanceof Date) return value
  return undefined
}

const refusedCell = (column: string, file: string, line: number): UserError =>
  new UserError(`line ${line}, column ${column} is neither text, number, truth value nor time`, { place: { file, line } })

const fromJsonl = async (pieces: Pieces, name: string, columns: readonly AskedColumn[], onRow: OnLogRow): Promise<void> =>
  readJsonl(pieces, name, (row, line) => {
    const cells = columns.map(({ name: column }) => {
      const cell = cellOf(Object.hasOwn(row, column) ? row[column] : null)
      if (cell === undefined) throw refusedCell(column, name, line)
      return cell
    })
    onRow(cells, line)
  })

const fromParquet = async (path: string, name: string, columns: readonly AskedColumn[], onRow: OnLogRow): Promise<void> => {
  const { scanParquet } = await import('./parquet.ts')
  let present: readonly number[] = []
  const cells: Cell[][] = columns.map(() => [])
  const rows = await scanParquet(path, name, {
    header: names => {
      const places = placesOf(names, columns, name)
      present = columns.flatMap((_, index) => ((places[index] ?? -1) >= 0 ? [index] : []))
      return present.map(index => columns[index]?.name ?? '')
    },
    value: (column, row, value) => {
      const index = present[column] ?? 0
      if (row >= mostParquetRows)
        throw new UserError(`the file has more than ${mostParquetRows.toLocaleString('en')} rows: write smaller ones`, {
          place: { file: name },
        })
      const cell = cellOf(value)
      if (cell === undefined) throw refusedCell(columns[index]?.name ?? '', name, row + 1)
      ;(cells[index] as Cell[])[row] = cell
    },
  })
  for (let row = 0; row < rows; row++)
    onRow(
      cells.map(column => column[row] ?? null),
      row + 1,
    )
}

/** Logs of predictions and labels as files of a workspace: .csv, .jsonl (each also with .gz or .zst) or .parquet. */
export const logRows = (workspace: string): LogRows => ({
  files: pattern => filesMatching(workspace, pattern),
  file: async ({ path, name }, columns, onRow) => {
    const named = formatOf(name)
    if (named === null)
      throw new UserError(`${name} must end in ${knownEndings}, so that it is known how to read it`, { place: { file: name } })
    const { size } = await stat(path)
    if (size > largestFile) throw new UserError(`${name} has ${size} bytes; at most ${largestFile} can be read`, { place: { file: name } })
    if (named.format === 'parquet') return fromParquet(path, name, columns, onRow)
    const pieces = bytesOf(path, named.packing, name, largestFile)
    return named.format === 'csv' ? fromCsv(pieces, name, columns, onRow) : fromJsonl(pieces, name, columns, onRow)
  },
  pieces: (pieces, { name, format }, columns, onRow) =>
    format === 'csv' ? fromCsv(pieces, name, columns, onRow) : fromJsonl(pieces, name, columns, onRow),
})
