import { type BootstrapDistribution, distribution, percentileInterval } from '../../statistics/bootstrap.ts'
import type { Interval } from '../../statistics/interval.ts'
import { drawMultinomial, drawNormal, uniform } from '../../statistics/random.ts'
import type { Task } from '../predictions.ts'
import { derived, positiveFlags, type Sample, totalWeight, weightsOf } from '../sample.ts'
import type { Grouping } from './clusters.ts'
import { designed } from './design.ts'
import type { Influence } from './influence.ts'
import { outside, unevenSum } from './losses.ts'
import type { Method, Metric } from './metric.ts'
import { type AddTotal, type Replicas, totalsReplicas } from './replicas.ts'
import { resampledDifference } from './resampling.ts'

const bins = 15
/** Gaps are shares: what is below this has not varied. */
const rounding = 1e-12
const nearlyOne = 1e-9

/** Bin of a score: [k / count, (k + 1) / count), with 1 in the last one. */
const binOf = (score: number, count = bins): number => {
  let bin = Math.min(count - 1, Math.floor(score * count))
  // The product rounds: the edge itself decides.
  if (bin > 0 && score < bin / count) bin--
  else if (bin < count - 1 && score >= (bin + 1) / count) bin++
  return bin
}

/** What is taken for a probability of each row, and whether it came true: the positive class's, or of several classes that of the likeliest one. */
interface Claims {
  readonly confidences: Float64Array
  readonly outcomes: Uint8Array
}

const claimsOf = derived((sample): Claims => {
  if (sample.task === 'binary') return { confidences: sample.scores as Float64Array, outcomes: positiveFlags(sample) }
  const columns = sample.probabilities as readonly Float64Array[]
  const confidences = new Float64Array(sample.rows)
  const outcomes = new Uint8Array(sample.rows)
  for (let row = 0; row < sample.rows; row++) {
    let best = 0
    for (let index = 1; index < columns.length; index++) {
      if ((columns[index]?.[row] as number) > (columns[best]?.[row] as number)) best = index
    }
    confidences[row] = columns[best]?.[row] as number
    outcomes[row] = sample.labels[row] === best ? 1 : 0
  }
  return { confidences, outcomes }
})

/** Rows of one cell: how many, and means and sums of squares around them of the gap (outcome - confidence) of each model. */
interface Cell {
  readonly binsOf: readonly number[]
  readonly rows: number
  readonly means: readonly number[]
  readonly squares: readonly number[]
  readonly products: number
}

/** Numbers that are kept of each cell: rows, two means, two sums of squares around them, and the sum of products. */
const kept = 6

/**
 * Rows grouped by outcome and by the bin of each model's score. Within a cell the sum of gaps of a resample is taken as normal with the cell's own moments,
 * so that a resample costs the cells and not the rows.
 */
const cellsOf = (samples: readonly Sample[]): Cell[] => {
  const claims = samples.map(claimsOf)
  const width = 2 * bins
  const sums = new Float64Array(kept * width ** claims.length)
  const [ours, theirs] = claims as [Claims, Claims | undefined]
  for (let row = 0; row < ours.outcomes.length; row++) {
    const confidence = ours.confidences[row] as number
    const first = (ours.outcomes[row] as number) - confidence
    let cell = (ours.outcomes[row] as number) * bins + binOf(confidence)
    let second = 0
    if (theirs) {
      const other = theirs.confidences[row] as number
      second = (theirs.outcomes[row] as number) - other
      cell = cell * width + (theirs.outcomes[row] as number) * bins + binOf(other)
    }
    // Moments are kept around the running means (Welford 1962): sums of plain squares would leave rounding where nothing varies.
    const at = kept * cell
    const rows = (sums[at] as number) + 1
    const before = first - (sums[at + 1] as number)
    const mean = (sums[at + 1] as number) + before / rows
    sums[at] = rows
    sums[at + 1] = mean
    sums[at + 3] = (sums[at + 3] as number) + before * (first - mean)
    if (theirs) {
      const beforeSecond = second - (sums[at + 2] as number)
      const meanSecond = (sums[at + 2] as number) + beforeSecond / rows
      sums[at + 2] = meanSecond
      sums[at + 4] = (sums[at + 4] as number) + beforeSecond * (second - meanSecond)
      sums[at + 5] = (sums[at + 5] as number) + before * (second - meanSecond)
    }
  }
  const cells: Cell[] = []
  for (let cell = 0; cell * kept < sums.length; cell++) {
    const [rows = 0, mean = 0, meanSecond = 0, squares = 0, squaresSecond = 0, products = 0] = sums.subarray(cell * kept, (cell + 1) * kept)
    const binsOf = theirs ? [Math.floor(cell / width) % bins, (cell % width) % bins] : [cell % bins]
    if (rows > 0) cells.push({ binsOf, rows, means: [mean, meanSecond], squares: [squares, squaresSecond], products })
  }
  return cells
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
    // The root of what is left of 1 would make much of a rounding error, which grows as the spreads that it is divided by shrink.
    const correlation = Math.abs(exact) > 1 - nearlyOne ? Math.sign(exact) : exact
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

/** Sums over each bin of outcome minus confidence, by weight. */
const gapsOf = (sample: Sample, count = bins): Float64Array => {
  const gaps = new Float64Array(count)
  const { confidences, outcomes } = claimsOf(sample)
  for (let row = 0; row < sample.rows; row++) {
    const confidence = confidences[row] as number
    const bin = binOf(confidence, count)
    const weight = sample.weights === null ? 1 : (sample.weights[row] as number)
    gaps[bin] = (gaps[bin] as number) + weight * (outcomes[row] as number) - weight * confidence
  }
  return gaps
}

/** The expected calibration error in `count` bins of equal width, for scores in [0, 1]; the metric has 15 of them. */
export const calibrationError = (sample: Sample, count = bins): number => errorFrom(gapsOf(sample, count), totalWeight(sample))

const problemOf = (sample: Sample): string | null => {
  const columns = sample.task === 'binary' ? [sample.scores as Float64Array] : (sample.probabilities as readonly Float64Array[])
  return outside(columns) ?? (sample.task === 'binary' ? null : unevenSum(sample))
}

const influence = derived((sample): Influence => {
  const problem = problemOf(sample)
  if (problem) return { undefined: problem }
  const value = calibrationError(sample)
  const signs = gapsOf(sample).map(Math.sign)
  const { confidences, outcomes } = claimsOf(sample)
  const weights = weightsOf(sample)
  const all = totalWeight(sample)
  const effects = confidences.map((confidence, row) => {
    const gap = (outcomes[row] as number) - confidence
    return ((weights[row] as number) * ((signs[binOf(confidence)] as number) * gap - value)) / all
  })
  return { value, scale: 1, effects }
})

/** A row's part in its bin's gap and in the weight of all: the totals that the error is made of, weight last. */
const contribution = (sample: Sample) => {
  const { confidences, outcomes } = claimsOf(sample)
  return (row: number, weight: number, add: AddTotal): void => {
    const confidence = confidences[row] as number
    add(binOf(confidence), weight * ((outcomes[row] as number) - confidence))
    add(bins, weight)
  }
}

const errorOfTotals = (totals: Float64Array): number => errorFrom(totals.subarray(0, bins), totals[bins] as number)

/**
 * The same with the weight of all as it was observed: each bin's gap moves by what the drawn weight would have divided it by (delta method). Drawn as normal, that weight
 * comes near 0 where few rows have most of it.
 */
const slopedError = (totals: Float64Array, observed: Float64Array): number => {
  const all = observed[bins] as number
  const grown = (totals[bins] as number) / all - 1
  let total = 0
  for (let bin = 0; bin < bins; bin++) total += Math.abs((totals[bin] as number) - grown * (observed[bin] as number))
  return total / all
}

const replicas = (sample: Sample, grouping: Grouping): Replicas =>
  totalsReplicas(sample, grouping, bins + 1, contribution(sample), errorOfTotals)

/** Resampling adds noise that only ever raises the error, so the bootstrap's own bias is taken off. */
const unbiased = (spread: BootstrapDistribution, value: number, confidence: number): Interval | null => {
  const interval = percentileInterval(spread, confidence)
  let mean = 0
  for (const error of spread.sorted) mean += error / spread.sorted.length
  const bias = mean - value
  return interval && { low: Math.max(0, interval.low - bias), high: Math.min(1, interval.high - bias) }
}

const plain = (task: Task): Metric => ({
  name: 'ece',
  title: 'expected calibration error',
  tasks: [task],
  direction: 'lower',
  needs: task === 'binary' ? 'score' : 'probabilities',
  support: sample => sample.rows,
  measure: (sample, method) => {
    const problem = problemOf(sample)
    if (problem) return { undefined: problem }
    const value = calibrationError(sample)
    const spread = resampled([sample], method, ([error]) => error as number)
    return { value, interval: unbiased(spread, value, method.confidence), method: 'bootstrap', error: spread.error }
  },
  compare: (challenger, champion, method) => {
    const spread = resampled([challenger, champion], method, ([ours, theirs]) => (ours as number) - (theirs as number))
    return resampledDifference(spread, method)
  },
})

/**
 * Expected calibration error of the positive class's probability, or of the likeliest class's, in 15 bins of equal width. Where rows weigh differently, or
 * are in more clusters than can be drawn, the sums of the bins are drawn as normal: the error has no slope where a bin's gap is 0, so that its influence would not do.
 */
const ece = (task: Task): Metric =>
  designed(plain(task), {
    range: 'share',
    influence,
    replicas,
    unbiased,
    totals: { width: bins + 1, contribution, value: slopedError },
  })

/** Metrics of how far scores can be read as probabilities. */
export const calibrationMetrics: readonly Metric[] = [ece('binary'), ece('multiclass')]
