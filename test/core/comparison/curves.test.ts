import { describe, expect, test } from 'vitest'
import { rocCurve } from '../../../src/core/comparison/curves.ts'
import { uniform } from '../../../src/core/statistics/random.ts'
import { binaryOf } from '../evaluation/fixtures.ts'

const random = uniform(7)
const rows = Array.from({ length: 200 }, (_, index) => {
  const label = random() < 0.4 ? 1 : 0
  return { id: `r${index}`, label, score: Math.round(20 * (0.3 * label + random())) / 26 } as const
})

describe('the ROC curve', () => {
  test('of whole weights is that of rows that stand as often', () => {
    const weights = rows.map(() => Math.floor(4 * random()))
    const repeated = rows.flatMap((row, index) =>
      Array.from({ length: weights[index] as number }, (_, copy) => ({ ...row, id: `${row.id}-${copy}` })),
    )
    const weighted = rocCurve({ ...binaryOf(rows), weights: Float64Array.from(weights) }, null)
    const plain = rocCurve(binaryOf(repeated), null)
    expect(plain?.challenger.some(rate => rate > 0.1 && rate < 0.9)).toBe(true)
    for (const [index, rate] of (plain?.challenger ?? []).entries()) expect(weighted?.challenger[index]).toBeCloseTo(rate, 12)
  })

  test('does not notice weights that are all alike, and begins at the positives above every negative', () => {
    const separated = rows.map(row => ({ ...row, score: row.label === 1 ? 0.5 + row.score / 2 : row.score / 2 }))
    const plain = rocCurve(binaryOf(separated), null)
    expect(plain?.challenger[0]).toBe(1)
    expect(rocCurve({ ...binaryOf(separated), weights: new Float64Array(rows.length).fill(0.1) }, null)).toEqual(plain)
    const uneven = Float64Array.from(rows, (_, index) => 0.1 + (index % 3))
    expect(rocCurve({ ...binaryOf(separated), weights: uneven }, null)?.challenger[0]).toBe(1)
  })

  test('is none where every row of a class weighs nothing', () => {
    const weights = Float64Array.from(rows, ({ label }) => label)
    expect(rocCurve({ ...binaryOf(rows), weights }, null)).toBeNull()
  })
})
