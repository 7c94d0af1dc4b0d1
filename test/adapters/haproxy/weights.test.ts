import { describe, expect, it } from 'vitest'
import {
  assertMet,
  blueShareOf,
  firstToWrite,
  isBetween,
  isShare,
  shareOf,
  sizeFor,
  weightsOf,
} from '../../../src/adapters/haproxy/weights.ts'

const small = (green: number) => weightsOf(blueShareOf('green', green), 'small')
const large = (green: number) => weightsOf(blueShareOf('green', green), 'large')

describe('weightsOf', () => {
  it.each([
    [0, { blue: 1, green: 0 }, { blue: 256, green: 0 }],
    [0.5, { blue: 199, green: 1 }, { blue: 199, green: 1 }],
    [1, { blue: 99, green: 1 }, { blue: 198, green: 2 }],
    [5, { blue: 19, green: 1 }, { blue: 228, green: 12 }],
    [10, { blue: 9, green: 1 }, { blue: 225, green: 25 }],
    [20, { blue: 4, green: 1 }, { blue: 204, green: 51 }],
    [25, { blue: 3, green: 1 }, { blue: 192, green: 64 }],
    [33, { blue: 67, green: 33 }, { blue: 134, green: 66 }],
    [33.33, { blue: 2, green: 1 }, { blue: 170, green: 85 }],
    [50, { blue: 1, green: 1 }, { blue: 128, green: 128 }],
    [99, { blue: 1, green: 99 }, { blue: 2, green: 198 }],
    [100, { blue: 0, green: 1 }, { blue: 0, green: 256 }],
  ])('%d %%', (percent, smallest, largest) => {
    expect(small(percent)).toEqual(smallest)
    expect(large(percent)).toEqual(largest)
    expect(weightsOf(blueShareOf('blue', 100 - percent), 'small')).toEqual(smallest)
  })

  it('takes no share above 0 for nothing and none below 100 for everything, and meets all that it takes', () => {
    for (let hundredths = 1; hundredths < 10_000; hundredths += 7) {
      const { blue, green } = weightsOf(hundredths, 'small')
      expect(Math.min(blue, green)).toBeGreaterThan(0)
      expect(blue + green).toBeLessThanOrEqual(256)
      if (hundredths >= 100 && hundredths <= 9_900) expect(Math.abs(shareOf({ blue, green }, 'blue') - hundredths / 100)).toBeLessThan(0.1)
      const many = weightsOf(hundredths, 'large')
      expect(many.blue * green).toBe(many.green * blue)
      expect(many.blue + many.green).toBeGreaterThan(128)
    }
    expect(blueShareOf('green', 0.001)).toBe(9_999)
    expect(blueShareOf('blue', 99.999)).toBe(9_999)
  })

  it('is refused for a share that no weights come near', () => {
    expect(() => assertMet('green', 0.1)).toThrow('the smallest share is 1/256 (0.39 %)')
    expect(() => assertMet('green', 99.9)).toThrow('below 100 % is 255/256')
    for (const percent of [0, 0.2, 1, 99.8, 100]) assertMet('green', percent)
  })
})

it('round robin has small weights, and what puts servers on a ring large ones', () => {
  expect(['roundrobin', null].map(sizeFor)).toEqual(['small', 'small'])
  expect(['random', 'uri', 'source', 'leastconn'].map(sizeFor)).toEqual(['large', 'large', 'large', 'large'])
})

describe('weights', () => {
  it('stand for nothing and everything only exactly', () => {
    expect(isShare({ blue: 255, green: 1 }, 'green', 0)).toBe(false)
    expect(isShare({ blue: 0, green: 0 }, 'green', 0)).toBe(false)
    expect(isShare({ blue: 100, green: 0 }, 'green', 0)).toBe(true)
    expect(isShare({ blue: 77, green: 179 }, 'blue', 30)).toBe(true)
    expect(isShare({ blue: 79, green: 177 }, 'blue', 30)).toBe(false)
  })
  it('of a move that was stopped in its middle are known by their parts', () => {
    const [before, after] = [small(0), small(25)]
    expect(isBetween({ blue: 1, green: 1 }, before, after)).toBe(true)
    expect(isBetween({ blue: 3, green: 0 }, before, after)).toBe(true)
    expect(isBetween({ blue: 2, green: 1 }, before, after)).toBe(false)
  })
})

describe('firstToWrite', () => {
  const shares = [0, 0.4, 1, 5, 10, 20, 25, 33, 33.33, 50, 60, 67, 75, 80, 95, 99, 99.6, 100]
  const states = [
    ...shares.flatMap(share => [small(share), large(share)]),
    { blue: 205, green: 51 },
    { blue: 1, green: 2 },
    { blue: 100, green: 100 },
    { blue: 0, green: 0 },
  ]
  it('never leaves the slot with more than the larger of its two shares, a raised one with more than its new share, nor nobody with any', () => {
    for (const before of states)
      for (const after of shares.flatMap(share => [small(share), large(share)]))
        for (const slot of ['blue', 'green'] as const) {
          const first = firstToWrite(before, after, slot)
          const between = { ...before, [first]: after[first] }
          expect(between.blue + between.green).toBeGreaterThan(0)
          expect(shareOf(between, slot)).toBeLessThanOrEqual(Math.max(shareOf(before, slot), shareOf(after, slot)))
        }
  })
  it('begins with the stable one where the first weight of the canary would be everything or too much', () => {
    expect(firstToWrite(small(0), small(5), 'green')).toBe('blue')
    expect(firstToWrite({ blue: 0, green: 0 }, small(5), 'green')).toBe('blue')
    expect(firstToWrite(small(25), small(33), 'green')).toBe('blue')
  })
  it('gives before it takes where all traffic moves', () => {
    expect(firstToWrite(small(0), small(100), 'green')).toBe('green')
    expect(firstToWrite(small(100), small(0), 'blue')).toBe('blue')
  })
  it('makes a large weight of the configuration small before the canary gets its first', () => {
    expect(firstToWrite({ blue: 256, green: 0 }, small(5), 'green')).toBe('blue')
  })
})
