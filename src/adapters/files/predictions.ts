import { stat } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import type { ModelConfiguration } from '../../core/configuration/schema.ts'
import { UserError } from '../../core/errors.ts'
import { type Assembly, assembly } from '../../core/evaluation/assemble.ts'
import type { Predictions } from '../../core/evaluation/predictions.ts'
import { BadRows } from './bad-rows.ts'
import { readCsv } from './csv.ts'
import { readJsonl } from './jsonl.ts'

const largestFile = 4 * 1024 ** 3
const mostRows = 200_000_000

/** Line numbers of rows, kept only from the first row that is not on the line after its number. */
class LineNumbers {
  #lines: Uint32Array | null = null
  rows = 0

  add(line: number): void {
    if (this.#lines === null && line !== this.rows + 2) {
      this.#lines = new Uint32Array(Math.max(1 << 12, this.rows * 2))
      for (let row = 0; row < this.rows; row++) this.#lines[row] = row + 2
    }
    if (this.#lines) {
      if (this.rows === this.#lines.length) {
        const larger = new Uint32Array(this.#lines.length * 2)
        larger.set(this.#lines)
        this.#lines = larger
      }
      this.#lines[this.rows] = line
    }
    this.rows++
    if (this.rows > mostRows) throw new UserError(`there are more than ${mostRows.toLocaleString('en')} rows`)
  }

  build(): Uint32Array | null {
    return this.#lines?.slice(0, this.rows) ?? null
  }
}

/** An empty file has no header to check, and no rows: a problem that fails every gate. */
const empty = (name: string): UserError => new UserError(`${name} is empty: it has neither a header nor rows`, { place: { file: name } })

const fromCsv = async (path: string, name: string, rules: ModelConfiguration): Promise<Predictions> => {
  const bad = new BadRows(name)
  const lines = new LineNumbers()
  const decoder = new TextDecoder()
  let columns: Assembly | null = null
  let width = 0
  await readCsv(path, name, ({ bytes, starts, ends, fields, line }) => {
    if (columns === null) {
      const header: string[] = []
      for (let index = 0; index < fields; index++) header.push(decoder.decode(bytes.subarray(starts[index], ends[index])).trim())
      width = fields
      columns = assembly(header, rules, name)
      return
    }
    if (fields !== width) {
      bad.add(line, null, `has ${fields} ${fields === 1 ? 'field' : 'fields'}, the header ${width}`)
      return
    }
    const { used } = columns
    for (let index = 0; index < used.length; index++) {
      const { builder, position, name: column } = used[index] as Assembly['used'][number]
      const wrong = builder.addBytes(bytes, starts[position] as number, ends[position] as number)
      if (wrong !== null) bad.add(line, column, wrong)
    }
    lines.add(line)
  })
  if (columns === null) throw empty(name)
  bad.check()
  return (columns as Assembly).finish(lines.rows, lines.build())
}

const fromJsonl = async (path: string, name: string, rules: ModelConfiguration): Promise<Predictions> => {
  const bad = new BadRows(name)
  const lines = new LineNumbers()
  let columns: Assembly | null = null
  await readJsonl(path, name, (row, line) => {
    columns ??= assembly(Object.keys(row), rules, name)
    for (const { builder, name: column } of columns.used) {
      const wrong = builder.addValue(Object.hasOwn(row, column) ? row[column] : undefined)
      if (wrong !== null) bad.add(line, column, wrong)
    }
    lines.add(line)
  })
  if (columns === null) throw empty(name)
  bad.check()
  return (columns as Assembly).finish(lines.rows, lines.build())
}

const fromParquet = async (path: string, name: string, rules: ModelConfiguration): Promise<Predictions> => {
  const { scanParquet } = await import('./parquet.ts')
  const bad = new BadRows(name)
  let columns: Assembly | null = null
  const rows = await scanParquet(path, name, {
    header: names => {
      columns = assembly(names, rules, name)
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
  )
}

const readers: Readonly<Record<string, typeof fromCsv>> = {
  '.csv': fromCsv,
  '.jsonl': fromJsonl,
  '.ndjson': fromJsonl,
  '.parquet': fromParquet,
}

/** The file as refline.yml calls it, where this is it; never a path of the runner. */
const nameOf = (path: string, rules: ModelConfiguration): string => {
  const named = rules.predictions?.file
  return named !== undefined && basename(named) === basename(path) ? named : basename(path)
}

/**
 * Reads a predictions file (.csv, .jsonl or .parquet) into typed columns by the model's rules. A missing file or column, text where a number must be,
 * or broken quoting is a UserError with file, line and column; NaN scores and a file without rows are kept as `problem`.
 */
export const readPredictions = async (path: string, rules: ModelConfiguration): Promise<Predictions> => {
  const name = nameOf(path, rules)
  const reader = readers[extname(path).toLowerCase()]
  if (reader === undefined) {
    throw new UserError(`${name} must end in .csv, .jsonl or .parquet, so that it is known how to read it`, { place: { file: name } })
  }
  const found = await stat(path).catch(() => null)
  if (found === null || !found.isFile()) {
    throw new UserError(`there is no predictions file ${name}; the training command or the score command must write it`, {
      place: { file: name },
    })
  }
  if (found.size > largestFile)
    throw new UserError(`${name} has ${found.size} bytes; at most ${largestFile} can be read`, { place: { file: name } })
  return reader(path, name, rules)
}
