import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { editDistance, nearest } from '../../src/core/nearest.ts'

describe('editDistance', () => {
  test.each([
    ['', 'abc', 3],
    ['fail-no', 'fail-on', 1],
    ['kitten', 'sitting', 3],
    ['same', 'same', 0],
  ])('%s to %s is %i', (a, b, expected) => expect(editDistance(a, b)).toBe(expected))

  test('is symmetric, and 0 only for equal words', () => {
    const word = fc.string({ maxLength: 8 })
    fc.assert(fc.property(word, word, (a, b) => editDistance(a, b) === editDistance(b, a) && (editDistance(a, b) === 0) === (a === b)))
  })
})

describe('nearest', () => {
  test('takes the closest of several, and nothing that is far', () => {
    expect(nearest('min_', ['max', 'min'])).toBe('min')
    expect(nearest('max_drop', ['max-drop', 'max-rise'])).toBe('max-drop')
    expect(nearest('constructor', ['model', 'config'])).toBeUndefined()
    expect(nearest('id', ['to', 'run'])).toBeUndefined()
  })
})
