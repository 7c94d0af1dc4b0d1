/** Sums of confusion counts or weights (label * width + predicted). */
export interface Margins {
  readonly hits: Float64Array
  /** By label. */
  readonly rows: Float64Array
  /** By prediction. */
  readonly columns: Float64Array
  readonly all: number
}

/** The sums by label and by prediction. */
export const marginsOf = (counts: Float64Array, width: number): Margins => {
  const hits = new Float64Array(width)
  const rows = new Float64Array(width)
  const columns = new Float64Array(width)
  let all = 0
  for (let label = 0; label < width; label++)
    for (let predicted = 0; predicted < width; predicted++) {
      const count = counts[label * width + predicted] as number
      if (label === predicted) hits[label] = count
      rows[label] = (rows[label] as number) + count
      columns[predicted] = (columns[predicted] as number) + count
      all += count
    }
  return { hits, rows, columns, all }
}

/** Derivatives of a statistic by its margins: what one more unit of weight in a hit, a label and a prediction changes in it, each for itself. */
export interface Slopes {
  readonly hits: Float64Array
  readonly rows: Float64Array
  readonly columns: Float64Array
}

const flat = (width: number): Slopes => ({
  hits: new Float64Array(width),
  rows: new Float64Array(width),
  columns: new Float64Array(width),
})

const grow = (values: Float64Array, index: number, by: number): void => {
  values[index] = (values[index] as number) + by
}

/** Of the mean recall of the classes that have rows. */
export const balancedAccuracySlopes = ({ hits, rows }: Margins): Slopes => {
  const slopes = flat(rows.length)
  const present = rows.filter(count => count > 0).length
  rows.forEach((count, index) => {
    if (count === 0) return
    slopes.hits[index] = 1 / (count * present)
    slopes.rows[index] = -(hits[index] as number) / (count * count * present)
  })
  return slopes
}

/** Slopes of a quotient, from the slopes of what is above and below. */
const quotient = (value: number, above: Slopes, below: Slopes, divisor: number): Slopes => {
  const part = (key: keyof Slopes): Float64Array =>
    above[key].map((slope, index) => (slope - value * (below[key][index] as number)) / divisor)
  return { hits: part('hits'), rows: part('rows'), columns: part('columns') }
}

/** Slopes of (right * all) - (agreement by chance), which Matthews' correlation and kappa have above. */
const aboveChance = ({ hits, rows, columns, all }: Margins): Slopes => {
  const right = hits.reduce((total, count) => total + count, 0)
  return { hits: hits.map(() => all), rows: columns.map(count => right - count), columns: rows.map(count => -count) }
}

/** Of Cohen's kappa. */
export const kappaSlopes = (margins: Margins, value: number): Slopes => {
  const { rows, columns, all } = margins
  const chance = rows.reduce((total, count, index) => total + count * (columns[index] as number), 0)
  const below = {
    hits: new Float64Array(rows.length),
    rows: columns.map(count => 2 * all - count),
    columns: rows.map(count => -count),
  }
  return quotient(value, aboveChance(margins), below, all * all - chance)
}

/** Of Matthews' correlation. */
export const matthewsSlopes = (margins: Margins, value: number): Slopes => {
  const { rows, columns, all } = margins
  const square = (values: Float64Array): number => values.reduce((total, count) => total + count * count, 0)
  const [byRow, byColumn] = [all * all - square(rows), all * all - square(columns)]
  const scale = Math.sqrt(byRow) * Math.sqrt(byColumn)
  const below = {
    hits: new Float64Array(rows.length),
    rows: rows.map(count => scale * ((all - count) / byRow + all / byColumn)),
    columns: columns.map(count => (-scale * count) / byColumn),
  }
  return quotient(value, aboveChance(margins), below, scale)
}

export type Part = 'precision' | 'recall' | 'f1'

/** Precision, recall or F1 of one class. */
export const ofClass = (part: Part, hit: number, labelled: number, predicted: number): number => {
  if (part === 'precision') return hit / predicted
  if (part === 'recall') return hit / labelled
  return (2 * hit) / (labelled + predicted)
}

/** Adds `share` times the slopes of one class's precision, recall or F1. */
const addClass = (slopes: Slopes, part: Part, { hits, rows, columns }: Margins, index: number, share: number): void => {
  const [labelled, predicted] = [rows[index] as number, columns[index] as number]
  const value = ofClass(part, hits[index] as number, labelled, predicted)
  const below = part === 'precision' ? predicted : part === 'recall' ? labelled : labelled + predicted
  grow(slopes.hits, index, (share * (part === 'f1' ? 2 : 1)) / below)
  if (part !== 'precision') grow(slopes.rows, index, (-share * value) / below)
  if (part !== 'recall') grow(slopes.columns, index, (-share * value) / below)
}

/** Of one class's precision, recall or F1. */
export const classSlopes = (part: Part, margins: Margins, index: number): Slopes => {
  const slopes = flat(margins.rows.length)
  addClass(slopes, part, margins, index, 1)
  return slopes
}

/** Of the averages over classes. */
export const averageSlopes = (part: Part, average: 'macro' | 'weighted' | 'micro', margins: Margins, value: number): Slopes => {
  const { hits, rows, columns, all } = margins
  const slopes = flat(rows.length)
  if (average === 'micro') return { ...slopes, hits: hits.map(() => 1 / all), rows: rows.map(() => -value / all) }
  const present = rows.filter((count, index) => count + (columns[index] as number) > 0).length
  rows.forEach((labelled, index) => {
    const predicted = columns[index] as number
    if (labelled + predicted === 0 || (average === 'weighted' && labelled === 0)) return
    addClass(slopes, part, margins, index, average === 'macro' ? 1 / present : labelled / all)
    if (average === 'weighted') grow(slopes.rows, index, (ofClass(part, hits[index] as number, labelled, predicted) - value) / all)
  })
  return slopes
}

/** What a row of each cell (label * width + predicted) changes, by unit of weight. */
export const cellSlopes = ({ hits, rows, columns }: Slopes): Float64Array => {
  const width = rows.length
  const cells = new Float64Array(width * width)
  for (let label = 0; label < width; label++)
    for (let predicted = 0; predicted < width; predicted++) {
      const hit = label === predicted ? (hits[label] as number) : 0
      cells[label * width + predicted] = hit + (rows[label] as number) + (columns[predicted] as number)
    }
  return cells
}
