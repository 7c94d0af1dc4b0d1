import { describe, expect, it } from 'vitest'
import {
  accelerationOfCells,
  bcaInterval,
  bootstrapCells,
  distribution,
  percentileInterval,
} from '../../../src/core/statistics/bootstrap.ts'

const f1 = (counts: Float64Array): number => {
  const [, falsePositive, falseNegative, truePositive] = counts as unknown as [number, number, number, number]
  return (2 * truePositive) / (2 * truePositive + falsePositive + falseNegative)
}
const counts = Float64Array.of(40, 10, 15, 35)
const value = f1(counts)

describe('bias-corrected and accelerated interval', () => {
  it('is that of scipy 1.17.1 on the same rows and the same resampled values', () => {
    // By scipy.stats._resampling._bca_interval, which leaves out each of the 100 rows in turn.
    const acceleration = accelerationOfCells(counts, f1)
    expect(acceleration).toBeCloseTo(-0.007137546133485716, 14)
    let index = -1
    const spread = distribution(500, () => {
      index++
      return value + 0.05 * Math.sin(index * 1.7) + (0.01 * ((index % 7) - 2)) / 7
    })
    const found = bcaInterval(spread, value, acceleration, 0.95)
    expect(found?.low).toBeCloseTo(0.6858544708782922, 12)
    expect(found?.high).toBeCloseTo(0.7895710529263811, 12)
  })
  it('is the percentile interval where there is neither bias nor acceleration', () => {
    let index = 0
    const spread = distribution(2001, () => (index++ - 1000) / 1000)
    const percentiles = percentileInterval(spread, 0.9)
    expect(bcaInterval(spread, 0, 0, 0.9)).toEqual({
      low: expect.closeTo(percentiles?.low as number, 9),
      high: expect.closeTo(percentiles?.high as number, 9),
    })
  })
  it('leaves the counts as they are and knows a statistic that does not vary', () => {
    const before = counts.slice()
    accelerationOfCells(counts, f1)
    expect(counts).toEqual(before)
    expect(accelerationOfCells(counts, () => 0.5)).toBe(0)
  })
  it('is null without a value on each side, with an undefined jackknife and where too many resamples are undefined', () => {
    const spread = bootstrapCells(counts, { seed: 1, resamples: 200 }, f1)
    expect(bcaInterval(spread, value, 0, 0.95)).not.toBeNull()
    expect(bcaInterval(spread, 0, 0, 0.95)).toBeNull()
    expect(bcaInterval(spread, 1, 0, 0.95)).toBeNull()
    expect(bcaInterval(spread, value, Number.NaN, 0.95)).toBeNull()
    expect(bcaInterval({ ...spread, undefinedShare: 0.1 }, value, 0, 0.95)).toBeNull()
  })
})
