import fc from 'fast-check'
import { expect, test } from 'vitest'
import { commentMarker } from '../../../src/core/report/marker.ts'
import { rendered } from '../../support/rendered.ts'

test('plain names are readable in it', () => {
  expect(commentMarker('churn', 'model-pr.yml')).toBe('<!-- refline churn model-pr.yml -->')
})

test('no name breaks it, and different names never share one', () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 8 }).filter(text => text.isWellFormed()),
    fc.constantFrom('-->', 'a b', 'a', 'a--b', '~2d', '\n', '--'),
  )
  fc.assert(
    fc.property(name, name, name, name, (a, b, c, d) => {
      const marker = commentMarker(a, b)
      expect(rendered(`${marker}\ntext`).trim()).toMatch(/^<!--[^>]*-->\s*(<p>)?text(<\/p>)?$/)
      expect(marker.slice(4, -3)).not.toMatch(/--|\n/)
      expect(marker === commentMarker(c, d)).toBe(a === c && b === d)
    }),
    { numRuns: 500, seed: 20240601 },
  )
})
