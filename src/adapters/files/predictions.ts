import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { ModelConfiguration } from '../../core/configuration/schema.ts'
import { UserError } from '../../core/errors.ts'
import { type Assembly, assembly } from '../../core/evaluation/assemble.ts'
import { type FileFormat, formatOf, knownEndings } from '../../core/evaluation/file-formats.ts'
import type { Predictions } from '../../core/evaluation/predictions.ts'
import { withRoom } from '../../core/scratch.ts'
import { BadRows } from './bad-rows.ts'
import { readCsv } from './csv.ts'
import { readJsonl } from './jsonl.ts'
import { bytesOf } from './unpacked.ts'

const largestFile = 4 * 1024 ** 3
const mostRows = 200_000_000

/** Line numbers of rows, kept only from the first row that is not on the line after its number. */
class LineNumbers {
  #lines: Uint32Array<ArrayBuffer> | null = null
  rows = 0

  add(lines: ArrayLike<number>, count: number): void {
    for (let row = 0; row < count; row++) {
      const line = lines[row] as number
      if (this.#lines === null && line !== this.rows + 2) {
        this.#lines = new Uint32Array(this.rows + count)
        for (let before = 0; before < this.rows; before++) this.#lines[before] = before + 2
      }
      if (this.#lines) {
        this.#lines = withRoom(this.#lines, this.rows + 1)
        this.#lines[this.rows] = line
      }
      this.rows++
    }
    if (this.rows > mostRows) throw new UserError(`there are more than ${mostRows.toLocaleString('en')} rows`)
  }

  build(): Uint32Array | null {
    return this.#lines?.subarray(0, this.rows) ?? null
  }
}

/** An empty file has no header to check, and no rows: a problem that fails every gate. */
const empty = (name: string): UserError => new UserError(`${name} is empty: it has neither a header nor rows`, { place: { file: name } })

/** One way of reading: the pieces of the file unpacked, or the file itself for what must be read from its end. */
type Reader = (
  file: { readonly path: string; readonly pieces: AsyncIterable<Uint8Array> },
  name: string,
  rules: ModelConfiguration,
) => Promise<Predictions>

const fromCsv: Reader = async ({ pieces }, name, rules) => {
  const bad = new BadRows(name)
  const lines = new LineNumbers()
  let columns: Assembly | null = null
  await readCsv(pieces, name, {
    header: names => {
      columns = assembly(names, rules, name)
    },
    rows: batch => {
      for (const { builder, position, name: column } of (columns as unknown as Assembly).used)
        builder.addFields(batch, position, (row, what) => bad.add(batch.lines[row] as number, column, what))
      lines.add(batch.lines, batch.rows)
    },
    ragged: (line, fields) => {
      const width = (columns as unknown as Assembly).width
      bad.add(line, null, `has ${fields} ${fields === 1 ? 'field' : 'fields'}, the header ${width}`)
    },
  })
  if (columns === null) throw empty(name)
  bad.check()
  return (columns as Assembly).finish(lines.rows, lines.build())
}

const fromJsonl: Reader = async ({ pieces }, name, rules) => {
  const bad = new BadRows(name)
  const lines = new LineNumbers()
  let columns: Assembly | null = null
  await readJsonl(pieces, name, (row, line) => {
    columns ??= assembly(Object.keys(row), rules, name)
    for (const { builder, name: column } of columns.used) {
      const wrong = builder.addValue(Object.hasOwn(row, column) ? row[column] : undefined)
      if (wrong !== null) bad.add(line, column, wrong)
    }
    for (const column of columns.without)
      if (Object.hasOwn(row, column)) bad.add(line, column, 'is missing in the first row, so it would not be read')
    lines.add([line], 1)
  })
  if (columns === null) throw empty(name)
  bad.check()
  return (columns as Assembly).finish(lines.rows, lines.build())
}

const fromParquet: Reader = async ({ path }, name, rules) => {
  const { scanParquet } = await import('./parquet.ts')
  const bad = new BadRows(name)
  let columns: Assembly | null = null
  let singlePrecision = false
  const rows = await scanParquet(path, name, {
    header: (names, isFloat) => {
      columns = assembly(names, rules, name)
      const scores = columns.used.filter(({ isScore }) => isScore)
      singlePrecision = scores.length > 0 && scores.every(({ position }) => isFloat[position] === true)
      return columns.used.map(({ name: column }) => column)
    },
    value: (index, row, value) => {
      const { builder, name: column } = (columns as Assembly).used[index] as Assembly['used'][number]
      const wrong = builder.addValue(value)
      if (wrong !== null) bad.add(row + 1, column, wrong)
    },
  })
  bad.check()
  return (columns as unknown as Assembly).finish(
    rows,
    Uint32Array.from({ length: rows }, (_, row) => row + 1),
    singlePrecision,
  )
}

const readers: Readonly<Record<FileFormat, Reader>> = { csv: fromCsv, jsonl: fromJsonl, parquet: fromParquet }

/** The file as refline.yml calls it, where this is it; never a path of the runner. */
const nameOf = (path: string, rules: ModelConfiguration): string => {
  const named = rules.predictions?.file
  return named !== undefined && basename(named) === basename(path) ? named : basename(path)
}

/**
 * Reads a predictions file (.csv or .jsonl, each also with .gz or .zst, or .parquet) into typed columns by the model's rules. A missing file or column, text where a
 * number must be, or broken quoting is a UserError with file, line and column; NaN scores, weights that are none and a file without rows are kept as `problem`.
 */
export const readPredictions = async (path: string, rules: ModelConfiguration): Promise<Predictions> => {
  const name = nameOf(path, rules)
  const named = formatOf(path)
  if (named === null) {
    throw new UserError(`${name} must end in ${knownEndings}, so that it is known how to read it`, { place: { file: name } })
  }
  const found = await stat(path).catch(() => null)
  if (found === null || !found.isFile()) {
    throw new UserError(`there is no predictions file ${name}; the training command or the score command must write it`, {
      place: { file: name },
    })
  }
  if (found.size > largestFile)
    throw new UserError(`${name} has ${found.size} bytes; at most ${largestFile} can be read`, { place: { file: name } })
  const pieces = bytesOf(path, named.packing, name, largestFile)
  return readers[named.format]({ path, pieces }, name, rules)
}
