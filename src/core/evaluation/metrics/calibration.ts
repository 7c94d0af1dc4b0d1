import { distribution, percentileInterval } from '../../statistics/bootstrap.ts'
import { drawMultinomial, drawNormal, uniform } from '../../statistics/random.ts'
import type { Sample } from '../sample.ts'
import type { Method, Metric } from './metric.ts'
import { resampledDifference } from './resampling.ts'

const bins = 15
/** Gaps are shares: what is below this has not varied. */
const rounding = 1e-12

/** Bin of a score: [k / 15, (k + 1) / 15), with 1 in the last one. */
const binOf = (score: number): number => {
  let bin = Math.min(bins - 1, Math.floor(score * bins))
  // The product rounds: the edge itself decides.
  if (bin > 0 && score < bin / bins) bin--
  else if (bin < bins - 1 && score >= (bin + 1) / bins) bin++
  return bin
}

/** Rows of one cell: how many, and means and sums of squares around them of the gap (label - score) of each model. */
interface Cell {
  readonly binsOf: readonly number[]
  rows: number
  readonly means: Float64Array
  readonly squares: Float64Array
  products: number
}

/** Adds a row to moments that are kept around the running means (Welford 1962): sums of plain squares would leave rounding where nothing varies. */
const add = (cell: Cell, first: number, second: number): void => {
  const { means, squares, rows } = cell
  const [before, beforeSecond] = [first - (means[0] as number), second - (means[1] as number)]
  means[0] = (means[0] as number) + before / rows
  means[1] = (means[1] as number) + beforeSecond / rows
  squares[0] = (squares[0] as number) + before * (first - means[0])
  squares[1] = (squares[1] as number) + beforeSecond * (second - means[1])
  cell.products += before * (second - means[1])
}

/**
 * Rows grouped by label and by the bin of each model's score. Within a cell the sum of gaps of a resample is taken as normal with the cell's own moments,
 * so that a resample costs the cells and not the rows.
 */
const cellsOf = (samples: readonly Sample[]): Cell[] => {
  const cells = new Map<number, Cell>()
  const first = samples[0] as Sample
  for (let row = 0; row < first.rows; row++) {
    const label = first.labels[row] as number
    let key = label
    for (const sample of samples) key = key * bins + binOf(sample.scores?.[row] as number)
    let cell = cells.get(key)
    if (!cell) {
      const binsOf = samples.map(sample => binOf(sample.scores?.[row] as number))
      cell = { binsOf, rows: 0, means: new Float64Array(2), squares: new Float64Array(2), products: 0 }
      cells.set(key, cell)
    }
    cell.rows++
    const gaps = samples.map(sample => label - (sample.scores?.[row] as number))
    add(cell, gaps[0] as number, gaps[1] ?? 0)
  }
  return [...cells].sort(([a], [b]) => a - b).map(([, cell]) => cell)
}

const errorFrom = (gapSums: Float64Array, rows: number): number => {
  let total = 0
  for (const gap of gapSums) total += Math.abs(gap)
  return total / rows
}

/** Expected calibration errors of one or two models in each resample, handed to `of`. */
const resampled = (samples: readonly Sample[], { seed, resamples }: Method, of: (errors: readonly number[]) => number) => {
  const cells = cellsOf(samples)
  const rows = samples[0]?.rows as number
  const counts = Float64Array.from(cells, cell => cell.rows)
  const drawn = new Float64Array(cells.length)
  const gapSums = samples.map(() => new Float64Array(bins))
  const random = uniform(seed)
  const shapes = cells.map(({ rows: size, means, squares, products }) => {
    const spreads = [Math.sqrt((squares[0] as number) / size), Math.sqrt((squares[1] as number) / size)].map(spread =>
      spread > rounding ? spread : 0,
    ) as [number, number]
    const exact = spreads[0] > 0 && spreads[1] > 0 ? products / size / spreads[0] / spreads[1] : 0
    // The root of what is left of 1 would make much of a rounding error.
    const correlation = Math.abs(exact) > 1 - rounding ? Math.sign(exact) : exact
    return { means, spreads, correlation }
  })
  return distribution(resamples, () => {
    drawMultinomial(random, counts, drawn)
    for (const sums of gapSums) sums.fill(0)
    for (let index = 0; index < cells.length; index++) {
      const size = drawn[index] as number
      if (size === 0) continue
      const { means, spreads, correlation } = shapes[index] as (typeof shapes)[number]
      const root = Math.sqrt(size)
      let common = 0
      for (let model = 0; model < samples.length; model++) {
        const own = spreads[model] === 0 ? 0 : drawNormal(random)
        const noise = model === 0 ? own : correlation * common + Math.sqrt(1 - correlation * correlation) * own
        if (model === 0) common = own
        const bin = cells[index]?.binsOf[model] as number
        const sums = gapSums[model] as Float64Array
        sums[bin] = (sums[bin] as number) + size * (means[model] as number) + root * (spreads[model] as number) * noise
      }
    }
    return of(gapSums.map(sums => errorFrom(sums, rows)))
  })
}

const calibrationError = (sample: Sample): number => {
  const gapSums = new Float64Array(bins)
  for (let row = 0; row < sample.rows; row++) {
    const score = sample.scores?.[row] as number
    const bin = binOf(score)
    gapSums[bin] = (gapSums[bin] as number) + (sample.labels[row] as number) - score
  }
  return errorFrom(gapSums, sample.rows)
}

/**
 * Expected calibration error of the positive class's probability in 15 bins of equal width. Resampling adds noise that only ever raises it, so the
 * bootstrap's own bias is taken off its interval.
 */
const ece: Metric = {
  name: 'ece',
  title: 'expected calibration error',
  tasks: ['binary'],
  direction: 'lower',
  needs: 'score',
  support: sample => sample.rows,
  measure: (sample, method) => {
    if (sample.scores?.some(score => score < 0 || score > 1))
      return { undefined: 'scores are outside [0, 1], so they are not probabilities' }
    const value = calibrationError(sample)
    const spread = resampled([sample], method, ([error]) => error as number)
    const interval = percentileInterval(spread, method.confidence)
    let mean = 0
    for (const error of spread.sorted) mean += error / spread.sorted.length
    const bias = mean - value
    return {
      value,
      interval: interval && { low: Math.max(0, interval.low - bias), high: Math.min(1, interval.high - bias) },
      method: 'bootstrap',
      error: spread.error,
    }
  },
  compare: (challenger, champion, method) => {
    const spread = resampled([challenger, champion], method, ([ours, theirs]) => (ours as number) - (theirs as number))
    return resampledDifference(spread, method)
  },
}

/** Metrics of how far scores can be read as probabilities. */
export const calibrationMetrics: readonly Metric[] = [ece]
