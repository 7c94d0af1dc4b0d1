import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { asyncBufferFromFile, parquetMetadataAsync, parquetScan, parquetSchema } from 'hyparquet'
import { UserError } from '../../core/errors.ts'

export interface ParquetSink {
  /** Called once with the names of all columns, and which hold 32-bit floats; answers which to read, in the order of `value`'s first argument. */
  header(names: readonly string[], isFloat: readonly boolean[]): readonly string[]
  value(column: number, row: number, value: unknown): void
}

/** A page is about a megabyte; more than this is a bomb or damage. */
const largestPage = 1 << 28

const compressors = {
  GZIP: (input: Uint8Array): Uint8Array => gunzipSync(input, { maxOutputLength: largestPage }),
  BROTLI: (input: Uint8Array): Uint8Array => brotliDecompressSync(input, { maxOutputLength: largestPage }),
  ZSTD: (input: Uint8Array): Uint8Array => zstdDecompressSync(input, { maxOutputLength: largestPage }),
}

/** Reads the asked columns of a Parquet file, one row group at a time; returns the number of rows. */
export const scanParquet = async (path: string, name: string, sink: ParquetSink): Promise<number> => {
  const place = { place: { file: name } }
  // What the reader stumbles over in a damaged file says nothing about the file.
  const reasonOf = (cause: unknown): string =>
    cause instanceof Error && !(cause instanceof TypeError) && !(cause instanceof RangeError) ? cause.message : 'it is damaged'
  const unreadable = (cause: unknown): UserError =>
    new UserError(`the file cannot be read as Parquet: ${reasonOf(cause)}`, { ...place, cause })
  const file = await asyncBufferFromFile(path)
  const { metadata, columns } = await parquetMetadataAsync(file)
    .then(found => ({ metadata: found, columns: parquetSchema(found).children.map(({ element }) => element) }))
    .catch(cause => {
      throw unreadable(cause)
    })
  const wanted = sink.header(
    columns.map(column => String(column.name)),
    columns.map(column => column.type === 'FLOAT'),
  )
  const scan = await parquetScan({ file, metadata, columns: [...new Set(wanted)], compressors }).catch(cause => {
    throw unreadable(cause)
  })
  let rows = 0
  for (const { rowStart, rowEnd } of scan.ranges) {
    for (const [index, column] of wanted.entries()) {
      const values = await scan.readColumn({ column, rowStart, rowEnd }).catch(cause => {
        throw unreadable(cause)
      })
      if (values.length !== rowEnd - rowStart)
        throw new UserError(`column ${column} has ${values.length} values for ${rowEnd - rowStart} rows`, place)
      for (let row = 0; row < values.length; row++) sink.value(index, rowStart + row, values[row])
    }
    rows = rowEnd
  }
  return rows
}
