import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/core/errors.ts'
import { absentColumn, groupsOf } from '../../../src/core/evaluation/groups.ts'
import type { CategoryColumn, Predictions } from '../../../src/core/evaluation/predictions.ts'
import { binaryOf } from './fixtures.ts'

const column = (texts: readonly string[]): CategoryColumn => {
  const values = [...new Set(texts)]
  return { values, codes: Uint16Array.from(texts, text => values.indexOf(text)) }
}

const withColumns = (columns: Readonly<Record<string, readonly string[]>>): Predictions => {
  const rows = Object.values(columns)[0]?.length ?? 0
  const base = binaryOf(Array.from({ length: rows }, (_, row) => ({ id: `r${row}`, label: row % 2, score: 0.5 })))
  return { ...base, slices: new Map(Object.entries(columns).map(([name, texts]) => [name, column(texts)])) }
}

const found = (predictions: Predictions, key: string) =>
  groupsOf(predictions, key, `slices.${key}`).map(({ value, rows }) => [value, [...rows]])

describe('groups', () => {
  const predictions = withColumns({ country: ['US', 'EU', 'US', '__missing__', 'EU'], channel: ['web', 'web', 'app', 'app', 'web'] })
  it('of a column are its values in order, with their rows', () => {
    expect(found(predictions, 'country')).toEqual([
      ['EU', [1, 4]],
      ['US', [0, 2]],
      ['__missing__', [3]],
    ])
  })
  it('of two columns are the pairs that are there, a missing value being one', () => {
    expect(found(predictions, 'country x channel')).toEqual([
      ['EU x web', [1, 4]],
      ['US x app', [2]],
      ['US x web', [0]],
      ['__missing__ x app', [3]],
    ])
  })
  it('hold every row once, whatever the values look like', () => {
    const text = fc.constantFrom('a', 'a x b', 'b', 'x', '')
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 60 }), pairs => {
        const groups = groupsOf(withColumns({ one: pairs.map(([one]) => one), two: pairs.map(([, two]) => two) }), 'one x two', 'slices')
        const different = new Set(pairs.map(pair => JSON.stringify(pair)))
        expect(groups).toHaveLength(different.size)
        expect(groups.flatMap(({ rows }) => [...rows]).sort((a, b) => a - b)).toEqual(pairs.map((_, row) => row))
        for (const { rows } of groups) expect(new Set([...rows].map(row => JSON.stringify(pairs[row]))).size).toBe(1)
      }),
      { seed: 20240601 },
    )
  })
  it('name the column that is not there', () => {
    expect(absentColumn(predictions, 'country')).toBeNull()
    expect(absentColumn(predictions, 'country x age')).toBe('age')
  })
  it('are refused where a crossing makes more of them than anybody reads', () => {
    const many = (prefix: string, width: number) => Array.from({ length: 1100 }, (_, row) => `${prefix}${Math.floor(row / width) % 200}`)
    const crossing = withColumns({ one: many('a', 1), two: many('b', 200) })
    expect(groupsOf(crossing, 'one', 'slices.one')).toHaveLength(200)
    expect(() => groupsOf(crossing, 'one x two', 'slices.one x two')).toThrow(UserError)
    expect(() => groupsOf(crossing, 'one x two', 'slices.one x two')).toThrow(
      /slices\.one x two makes more than 1,000 groups of these rows/,
    )
  })
})
