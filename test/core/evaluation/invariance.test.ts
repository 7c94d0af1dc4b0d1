import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { differenceOf, estimateOf } from '../../../src/core/evaluation/metrics/metric.ts'
import { metricOf } from '../../../src/core/evaluation/metrics.ts'
import type { Predictions, Task } from '../../../src/core/evaluation/predictions.ts'
import { doubled, everyName, pairs } from './pairs.ts'

const method = { confidence: 0.95, seed: 20240601, resamples: 2000 }
const tasks = ['binary', 'multiclass', 'regression'] as const
const everyMetric = tasks.flatMap(task => everyName(task).map(name => [task, name] as const))
const inputs = [fc.integer({ min: 150, max: 500 }), fc.integer({ min: 1, max: 1e6 })] as const
const few = { numRuns: 4, seed: 20240601 }

const measured = (task: Task, name: string, sample: Predictions) => {
  const metric = metricOf(name, task)
  if (!metric) throw new Error(name)
  return { metric, sample, estimate: estimateOf(metric, sample, method) }
}
const compared = (task: Task, name: string, challenger: Predictions, champion: Predictions) => {
  const [ours, theirs] = [measured(task, name, challenger), measured(task, name, champion)]
  return differenceOf(ours.metric, ours, theirs, method)
}
const widthOf = ({ low, high }: { readonly low: number | null; readonly high: number | null }): number => {
  if (low === null || high === null) throw new Error('no interval')
  return high - low
}

/** The ends of a percentile interval by 2,000 resamples have an error of 0.06 standard errors each; this is five of them for two intervals, as a share of the width. */
const monteCarlo = 0.11

describe('every row twice', () => {
  it.each(everyMetric)('%s %s: the same values and differences, and intervals narrower by about the root of 2', (task, name) => {
    fc.assert(
      fc.property(...inputs, (rows, seed) => {
        const [challenger, champion] = pairs[task](rows, seed)
        const [first, again] = [challenger, doubled(challenger)].map(sample => measured(task, name, sample).estimate)
        expect(again?.value).toBeCloseTo(first?.value as number, 12)
        expect(again?.support).toBe(2 * (first?.support as number))
        const difference = compared(task, name, challenger, champion)
        const more = compared(task, name, doubled(challenger), doubled(champion))
        expect(more.value).toBeCloseTo(difference.value as number, 12)
        for (const [once, twice] of [
          [first, again],
          [difference, more],
        ] as const) {
          const ratio = widthOf(twice as typeof more) / widthOf(once as typeof more)
          expect(ratio).toBeLessThan(1)
          // Order statistics and calibration errors near 0 are far from normal.
          if (name !== 'median_ae' && name !== 'ece') expect(Math.abs(ratio * Math.SQRT2 - 1)).toBeLessThan(monteCarlo)
        }
        expect((more.detectable as number) / (difference.detectable as number)).toBeLessThan(1)
      }),
      few,
    )
  })
})

describe('the two models the other way round', () => {
  it.each(everyMetric)('%s %s: the difference is negated and its interval mirrored', (task, name) => {
    fc.assert(
      fc.property(...inputs, (rows, seed) => {
        const [challenger, champion] = pairs[task](rows, seed)
        const [there, back] = [compared(task, name, challenger, champion), compared(task, name, champion, challenger)]
        expect(back.value).toBe(-(there.value as number) + 0)
        expect(back.method).toBe(there.method)
        // Resampling draws the cells in another order: its ends agree as far as 2,000 resamples tell.
        const exact = there.method !== 'bootstrap'
        const within = exact ? 1e-9 : monteCarlo
        const width = widthOf(there)
        expect(Math.abs((back.low as number) + (there.high as number))).toBeLessThan(within * width)
        expect(Math.abs((back.high as number) + (there.low as number))).toBeLessThan(within * width)
        expect(Math.abs((back.detectable as number) / (there.detectable as number) - 1)).toBeLessThan(within)
        if (there.statistic !== null) expect(back.statistic).toBeCloseTo(-there.statistic, 9)
        if (exact) expect(back.p).toBeCloseTo(there.p as number, 9)
      }),
      few,
    )
  })
})
