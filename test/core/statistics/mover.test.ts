import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Limits, moverDifference, moverRatio } from '../../../src/core/statistics/mover.ts'
import { wilsonInterval } from '../../../src/core/statistics/proportions.ts'

const share = (right: number, of: number): Limits => ({ value: right / of, ...wilsonInterval(right, of, 0.95) })
const shares = fc.integer({ min: 1, max: 2000 }).chain(of => fc.integer({ min: 0, max: of }).map(right => share(right, of)))

describe('the interval of a difference', () => {
  // Newcombe (1998), Statistics in Medicine 17, table II, method 10.
  it.each([
    [56, 70, 48, 80, 0.0524, 0.3339],
    [9, 10, 3, 10, 0.1705, 0.809],
    [10, 10, 0, 20, 0.6791, 1],
    [10, 10, 0, 10, 0.6075, 1],
  ])('of %i/%i and %i/%i is the published one', (a, m, b, n, low, high) => {
    const interval = moverDifference(share(a, m), share(b, n))
    expect(interval.low).toBeCloseTo(low, 4)
    expect(interval.high).toBeCloseTo(high, 4)
  })
  it('contains the difference, and turns round with the two', () => {
    fc.assert(
      fc.property(shares, shares, (one, other) => {
        const [there, back] = [moverDifference(one, other), moverDifference(other, one)]
        expect(there.low).toBeLessThanOrEqual(one.value - other.value)
        expect(there.high).toBeGreaterThanOrEqual(one.value - other.value)
        expect(back.low).toBeCloseTo(-there.high, 12)
      }),
      { seed: 20240601 },
    )
  })
})

describe('the interval of a ratio', () => {
  it('has limits that solve the equation of Donner and Zou, contains the ratio, and is the inverse of the other way round', () => {
    const positive = shares.filter(({ value }) => value > 0)
    fc.assert(
      fc.property(positive, positive, (one, other) => {
        const { low, high } = moverRatio(one, other)
        const left = (ratio: number): number => (one.value - ratio * other.value) ** 2
        expect(left(low)).toBeCloseTo((one.value - one.low) ** 2 + low ** 2 * (other.high - other.value) ** 2, 9)
        if (Number.isFinite(high) && high < 100) {
          expect(left(high)).toBeCloseTo((one.high - one.value) ** 2 + high ** 2 * (other.value - other.low) ** 2, 9)
        }
        expect(low).toBeLessThanOrEqual((one.value / other.value) * (1 + 1e-12))
        expect(high).toBeGreaterThanOrEqual((one.value / other.value) * (1 - 1e-12))
        expect(moverRatio(other, one).low * high).toBeCloseTo(1, 9)
      }),
      { seed: 20240601 },
    )
  })
  it('is open upwards where the second share may be 0, and begins at 0 where the first is', () => {
    expect(moverRatio(share(5, 10), share(0, 10)).high).toBe(Number.POSITIVE_INFINITY)
    expect(moverRatio(share(0, 10), share(5, 10)).low).toBe(0)
  })
})
