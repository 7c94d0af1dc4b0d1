import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sameShare, shareInWords, weightsFor } from '../../../src/adapters/kubernetes/weights.ts'

describe('weightsFor', () => {
  it.each([
    [5, { blue: 95, green: 5 }],
    [0, { blue: 100, green: 0 }],
    [100, { blue: 0, green: 100 }],
    [12.5, { blue: 875, green: 125 }],
    [0.1, { blue: 999, green: 1 }],
    [99.9, { blue: 1, green: 999 }],
    [100 / 3, { blue: 666_667, green: 333_333 }],
  ])('%d %%', (percent, weights) => {
    expect(weightsFor('green', percent)).toEqual(weights)
    expect(weightsFor('blue', 100 - percent)).toEqual(weights)
  })

  it.each([0.00001, 99.99999])('refuses %d %%, which would become nothing or everything', percent => {
    expect(() => weightsFor('green', percent)).toThrow(`cannot give ${percent} %`)
  })

  it('gives whole weights up to a million that make a share that counts as met', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 99.999, noNaN: true }), percent => {
        const { blue, green } = weightsFor('green', percent)
        const sum = blue + green
        return (
          Number.isInteger(blue) &&
          Number.isInteger(green) &&
          green > 0 &&
          blue > 0 &&
          sum <= 1_000_000 &&
          sameShare((green / sum) * 100, percent)
        )
      }),
    )
  })
})

describe('sameShare', () => {
  it('takes 0 and 100 exactly, also where the other share is close to them', () => {
    expect([sameShare(0, 0), sameShare(0.0001, 0), sameShare(100, 100), sameShare(99.9999, 100), sameShare(0, 0.0005)]).toEqual([
      true,
      false,
      true,
      false,
      false,
    ])
  })
})

it('a share is said with at most four decimals', () => {
  expect([shareInWords(5), shareInWords(100 / 3)]).toEqual(['5 %', '33.3333 %'])
})
