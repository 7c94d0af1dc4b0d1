import { describe, expect, it } from 'vitest'
import { type SeriesCounters, summed } from '../../../src/core/rollout/series.ts'
import { countsByWindow, weightWindows } from '../../../src/core/rollout/weight-windows.ts'

const reading = (blue: SeriesCounters, green: SeriesCounters) => ({
  slots: { blue: summed(Object.values(blue)), green: summed(Object.values(green)) },
  series: { blue, green },
})
const minute = (total: number, bad: number) => ({ total, bad })

describe('windows of one weight', () => {
  it('lie between changes, without the time that a change takes', () => {
    expect(weightWindows([1000, 1600, 1630, 4000], 30)).toEqual([
      { from: 1030, until: 1540 },
      { from: 1660, until: 3940 },
      { from: 4030, until: null },
    ])
    expect(weightWindows([], 30)).toEqual([])
  })

  it('end when the next weight was announced: a runner that died before it could confirm leaves a time of two weights', () => {
    expect(weightWindows([1000, 4000], 30, [990, 1900])).toEqual([
      { from: 1030, until: 1900 },
      { from: 4030, until: null },
    ])
  })

  it('keep late labels with the weight at which their requests were made', () => {
    const windows = weightWindows([600, 1200], 5)
    const before = reading({ 660: minute(95, 1) }, { 660: minute(5, 0) })
    const after = reading(
      // Made before the rollout, at 5 %, in the minute of the change, and at 50 %.
      { 0: minute(100, 9), 660: minute(190, 2), 1140: minute(7, 7), 1200: minute(3, 3), 1260: minute(50, 1) },
      { 660: minute(10, 1), 1140: minute(7, 7), 1260: minute(50, 2) },
    )
    expect(countsByWindow(before, after, 'green', 60, windows)).toEqual({
      counts: {
        present: { canary: 50, canaryBad: 2, stable: 50, stableBad: 1 },
        earlier: [{ canary: 5, canaryBad: 1, stable: 95, stableBad: 1 }],
      },
    })
    expect(countsByWindow(after, after, 'green', 60, windows)).toEqual({
      counts: { present: { canary: 0, canaryBad: 0, stable: 0, stableBad: 0 }, earlier: [] },
    })
  })

  it('are why arms that are alike stay alike: pooled over two weights they would not be', () => {
    // 1 % of the requests are bad in the first hour and 4 % in the second, in both arms alike; the canary had 5 %, then 50 % of the traffic.
    const windows = weightWindows([0, 3600], 0)
    const after = reading({ 60: minute(9500, 95), 3660: minute(5000, 200) }, { 60: minute(500, 5), 3660: minute(5000, 200) })
    const found = countsByWindow(reading({}, {}), after, 'green', 60, windows)
    expect(found.counts).not.toBeNull()
    for (const { canary, canaryBad, stable, stableBad } of [
      ...(found.counts?.earlier ?? []),
      ...(found.counts ? [found.counts.present] : []),
    ])
      expect(canaryBad / canary).toBe(stableBad / stable)
    expect(after.slots.green.bad / after.slots.green.total).toBeGreaterThan(1.8 * (after.slots.blue.bad / after.slots.blue.total))
  })
})
