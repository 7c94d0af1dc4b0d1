import { expect, test } from 'vitest'
import { formatBound, formatBytes, formatDifference, formatP, formatSeconds, formatValue } from '../../../src/core/report/numbers.ts'

test.each([
  [0.92884, '0.9288'],
  [0, '0.0000'],
  [1, '1.0000'],
  [-0.5, '−0.5000'],
  [50, '50'],
  [12.3456, '12.346'],
  [123.456, '123.46'],
  [1234.56, '1,234.6'],
  [118204, '118,204'],
  [0.00012, '1.20e−4'],
  [1e20, '1.0000e20'],
  [Number.NaN, 'undefined'],
])('the value %d is shown as %s', (value, text) => expect(formatValue(value)).toBe(text)) // prettier-ignore

test.each([
  [0.01096, '+0.0110'],
  [-0.0151, '−0.0151'],
  [0, '0.0000'],
  [-1500, '−1,500.0'],
  [Number.POSITIVE_INFINITY, 'undefined'],
])('the difference %d is shown as %s', (value, text) => expect(formatDifference(value)).toBe(text)) // prettier-ignore

test('bounds are shown as they were written', () => {
  expect(formatBound(0.005, false)).toBe('0.005')
  expect(formatBound(0.02, true)).toBe('2 %')
})

test('p-values, bytes and seconds', () => {
  expect([2e-6, 0.019, 0.5, 0].map(formatP)).toEqual(['2e-6', '0.019', '0.5', 'below 1e-16'])
  expect([12, 218_000, 4_200_000].map(formatBytes)).toEqual(['12 bytes', '218 kB', '4.2 MB'])
  expect([0.21, 40, 221, 7500].map(formatSeconds)).toEqual(['0.2 s', '40 s', '3 min 41 s', '2 h 5 min'])
})
