import type { Difference } from '../../src/core/comparison/assessment.ts'
import { judgePromotion } from '../../src/core/comparison/promotion.ts'
import { differenceOf, estimateOf } from '../../src/core/evaluation/metrics/metric.ts'
import { metricOf } from '../../src/core/evaluation/metrics.ts'
import type { Predictions } from '../../src/core/evaluation/predictions.ts'
import { defaultSeed, uniform } from '../../src/core/statistics/random.ts'
import type { World } from './latent-scores.ts'

/** What `assess` computes a difference with by default. */
const method = { confidence: 0.95, seed: defaultSeed, resamples: 2000 }

/** The difference and the default rule on it, without the rest of an assessment: promotions.test.ts shows that `assess` says the same. */
export const compare = (metricName: string, challenger: Predictions, champion: Predictions) => {
  const metric = metricOf(metricName, 'binary')
  if (!metric) throw new Error(metricName)
  // Only the values of the two estimates enter the difference: their intervals need no resampling.
  const pointOf = (sample: Predictions) => ({ sample, estimate: estimateOf(metric, sample, { ...method, resamples: 2 }) })
  const [ours, theirs] = [pointOf(challenger), pointOf(champion)]
  const difference: Difference = differenceOf(metric, ours, theirs, method)
  const rule = judgePromotion('superior', null, metric.direction, {
    metric: metricName,
    challenger: ours.estimate,
    champion: theirs.estimate,
    difference,
    comparison: 'paired',
    rows: challenger.rows,
    confidence: method.confidence,
  })
  return { difference, promoted: rule.verdict === 'pass' }
}

/** What many trials came to. `detectable` is the median of the printed minimum detectable differences; NaN where none is printed in more than half. */
export interface Trials {
  readonly promoted: number
  /** Trials whose point estimate alone favours the challenger. */
  readonly ahead: number
  readonly detectable: number
}

/** Compares two models of a world on `count` holdouts of n rows, with one stream of random numbers. */
export const runTrials = (world: World, n: number, lead: number, count: number, seed: number): Trials => {
  const random = uniform(seed)
  const printed = new Float64Array(count)
  let promoted = 0
  let ahead = 0
  for (let trial = 0; trial < count; trial++) {
    const found = compare(world.metric, ...world.draw(random, n, lead))
    if (found.promoted) promoted++
    if (world.sign * (found.difference.value ?? 0) > 0) ahead++
    // A difference that nothing would show is larger than any that is printed.
    printed[trial] = found.difference.detectable ?? Number.POSITIVE_INFINITY
  }
  printed.sort()
  return { promoted, ahead, detectable: printed[count >> 1] as number }
}

/** The lead at which the challenger is truly ahead by `wanted`. */
export const leadFor = (world: World, wanted: number): number => {
  let [low, high] = [0, 8]
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2
    if (world.truth(middle) < wanted) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** The lead whose true difference is what holdouts of n rows with that lead print as their minimum detectable difference, by pilot trials. */
export const detectableLead = (world: World, n: number, rounds: number, pilots: number, seed: number): number => {
  let lead = 0
  for (let round = 0; round < rounds; round++) lead = leadFor(world, runTrials(world, n, lead, pilots, seed + round).detectable)
  return lead
}

/** One cell of the table: how often the default comparison promotes equal models, and a challenger that is ahead by what is printed as detectable. */
export interface CellResult {
  readonly name: string
  readonly n: number
  readonly trials: number
  readonly equal: Trials
  readonly better: Trials
  /** How far the better one is truly ahead. */
  readonly truth: number
}

/** Runs one cell. The seeds differ in every part and cell, so that no two share their holdouts. */
export const runCell = (
  name: string,
  world: World,
  n: number,
  trials: number,
  pilot: { readonly rounds: number; readonly trials: number },
): CellResult => {
  const seed = [...`${name} ${n}`].reduce((mixed, letter) => (Math.imul(mixed, 31) + letter.charCodeAt(0)) >>> 0, defaultSeed)
  const equal = runTrials(world, n, 0, trials, seed)
  const lead = detectableLead(world, n, pilot.rounds, pilot.trials, seed + 1)
  const better = runTrials(world, n, lead, trials, seed + 1000)
  return { name, n, trials, equal, better, truth: world.truth(lead) }
}
