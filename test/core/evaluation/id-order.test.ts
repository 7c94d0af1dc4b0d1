import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TextBuilder } from '../../../src/core/evaluation/columns.ts'
import { orderByText } from '../../../src/core/evaluation/id-order.ts'

const columnOf = (texts: readonly string[]) => {
  const builder = new TextBuilder()
  for (const text of texts) builder.addValue(text)
  return builder.build()
}
const byBytes = (texts: readonly string[]): number[] => {
  const bytes = texts.map(text => Buffer.from(text))
  return [...texts.keys()].sort((a, b) => Buffer.compare(bytes[a] as Buffer, bytes[b] as Buffer) || a - b)
}
const alike = fc.tuple(fc.constantFrom('', 'customer-', 'customer-2024-01-', '\u0000'), fc.string({ unit: 'grapheme', maxLength: 12 }))

describe('the order of ids', () => {
  it('is that of their bytes, ties in row order, whatever they have in common', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            alike.map(([start, rest]) => `${start}${rest}x`),
            fc.uuid(),
            fc.integer().map(String),
            fc.nat(99).map(n => `row ${n}`),
          ),
          { maxLength: 60 },
        ),
        texts => {
          const { order, distinct } = orderByText(columnOf(texts))
          expect([...order]).toEqual(byBytes(texts))
          if (distinct) expect(new Set(texts).size).toBe(texts.length)
        },
      ),
      { numRuns: 1000, seed: 20240601 },
    )
  })
  it.each([
    ['numbers of different lengths', Array.from({ length: 5000 }, (_, row) => `${(row * 7919) % 5003}`)],
    ['long common starts', Array.from({ length: 500 }, (_, row) => `${'x'.repeat(300)}${(row * 7919) % 503}`)],
    ['many beginnings', Array.from({ length: 5000 }, (_, row) => String.fromCodePoint(33 + ((row * 7919) % 4999)).repeat(3))],
    ['the same over and over', Array.from({ length: 300 }, (_, row) => `same${row % 3}`)],
  ])('of %s', (_what, texts) => {
    expect([...orderByText(columnOf(texts)).order]).toEqual(byBytes(texts))
  })
})
