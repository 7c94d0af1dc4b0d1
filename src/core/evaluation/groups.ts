import { UserError } from '../errors.ts'
import type { CategoryColumn, Codes, Predictions } from './predictions.ts'

/** The rows of one value of a column, or of one pair of values where columns are crossed. */
export interface Group {
  /** The value as it stands in the column; crossed values joined by ` x `. */
  readonly value: string
  readonly rows: Uint32Array<ArrayBuffer>
}

/** More groups than this say nothing that anybody reads; a single column has at most 200 values. */
const mostGroups = 1000

/** The columns that a key such as "country x channel" names. */
export const columnsOf = (key: string): string[] => key.split(' x ').map(name => name.trim())

/** The first column of a key that the predictions do not have; null where all are there. */
export const absentColumn = (predictions: Predictions, key: string): string | null =>
  columnsOf(key).find(name => !predictions.slices.has(name)) ?? null

interface Coded {
  readonly codes: Codes | Uint32Array
  /** The values of each code, one for each column. */
  readonly values: readonly (readonly string[])[]
}

const tooMany = (setting: string): UserError =>
  new UserError(
    `${setting} makes more than ${mostGroups.toLocaleString('en')} groups of these rows, which is the most that can be judged: cross columns that have fewer values`,
  )

/** Codes of the pairs that are there, numbered in the order of their first row. Stops as soon as there are too many: crossing further columns makes no fewer. */
const crossed = (left: Coded, right: CategoryColumn, setting: string): Coded => {
  const width = right.values.length
  const numbers = new Map<number, number>()
  const codes = new Uint32Array(left.codes.length)
  const values: string[][] = []
  let lastPair = -1
  let last = -1
  for (let row = 0; row < codes.length; row++) {
    const code = right.codes[row] as number
    const pair = (left.codes[row] as number) * width + code
    if (pair !== lastPair) {
      const known = numbers.get(pair)
      lastPair = pair
      last = known ?? values.length
      if (known === undefined) {
        if (values.length === mostGroups) throw tooMany(setting)
        numbers.set(pair, last)
        values.push([...(left.values[left.codes[row] as number] as readonly string[]), right.values[code] as string])
      }
    }
    codes[row] = last
  }
  return { codes, values }
}

const byText = (a: readonly string[], b: readonly string[]): number => {
  for (let index = 0; index < a.length; index++) {
    const [one, other] = [a[index] as string, b[index] as string]
    if (one !== other) return one < other ? -1 : 1
  }
  return 0
}

/**
 * The rows of every value of a column that is there, in order of the values; a key such as "country x channel" crosses columns. `setting` is the place in refline.yml, for the
 * message where a crossing has more than 1,000 values. Every column must be there.
 */
export const groupsOf = (predictions: Predictions, key: string, setting: string): Group[] => {
  const [first, ...others] = columnsOf(key).map(name => predictions.slices.get(name) as CategoryColumn)
  const single: Coded = { codes: (first as CategoryColumn).codes, values: (first as CategoryColumn).values.map(value => [value]) }
  const { codes, values } = others.reduce((left, right) => crossed(left, right, setting), single)
  const counts = new Uint32Array(values.length)
  for (let row = 0; row < codes.length; row++) counts[codes[row] as number] = (counts[codes[row] as number] as number) + 1
  const present = values.map((_, code) => code).filter(code => (counts[code] as number) > 0)
  if (present.length > mostGroups) throw tooMany(setting)
  const rows = Array.from(counts, count => new Uint32Array(count))
  const filled = new Uint32Array(values.length)
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row] as number
    const place = filled[code] as number
    ;(rows[code] as Uint32Array)[place] = row
    filled[code] = place + 1
  }
  return present
    .sort((a, b) => byText(values[a] as readonly string[], values[b] as readonly string[]))
    .map(code => ({ value: (values[code] as readonly string[]).join(' x '), rows: rows[code] as Uint32Array<ArrayBuffer> }))
}
