const formats = ['csv', 'jsonl', 'ndjson', 'parquet'] as const
const packings = ['gz', 'zst'] as const

/** How the rows of a predictions file are written. */
export type FileFormat = 'csv' | 'jsonl' | 'parquet'

/** What a predictions file is by its name. `ending` is its whole ending, such as `.csv.gz`. */
export interface NamedFormat {
  readonly ending: string
  readonly format: FileFormat
  readonly packing: (typeof packings)[number] | null
}

/** The endings that predictions are read by, for messages. */
export const knownEndings = '.csv, .jsonl (each also with .gz or .zst) or .parquet'

const pattern = new RegExp(`\\.(${formats.join('|')})(?:\\.(${packings.join('|')}))?$`)

/** The format of a predictions file by its name, which says it whatever the case of its letters; null where it says none that is read. */
export const formatOf = (path: string): NamedFormat | null => {
  const found = pattern.exec(path.toLowerCase())
  const [ending, name, packing] = found ?? []
  if (ending === undefined || name === undefined) return null
  // Parquet is packed inside, page by page.
  if (name === 'parquet' && packing !== undefined) return null
  const format = name === 'ndjson' ? 'jsonl' : (name as FileFormat)
  return { ending, format, packing: (packing as NamedFormat['packing'] | undefined) ?? null }
}

/** The ending that a kept copy of a predictions file must have to be read as what it is: `.csv.gz` of `out/p.CSV.gz`; the last part of names that are not known. */
export const endingOf = (path: string): string => formatOf(path)?.ending ?? /\.[^./\\]*$/.exec(path.toLowerCase())?.[0] ?? ''
