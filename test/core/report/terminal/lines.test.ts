import { describe, expect, test } from 'vitest'
import { type Column, columnsOf, cut, moment, textTable } from '../../../../src/core/report/terminal/lines.ts'

describe('columns of a terminal', () => {
  test.each([
    ['abc', 3],
    ['漢字', 4],
    ['e\u0301', 1],
    ['🚀', 2],
    ['', 0],
  ])('%j takes %i', (text, columns) => expect(columnsOf(text)).toBe(columns))

  test('a cut text has an ellipsis and never half a character', () => {
    expect(cut('abcdef', 4)).toBe('abc…')
    expect(cut('漢字漢字', 4)).toBe('漢…')
    expect(cut('🚀🚀', 3)).toBe('🚀…')
    expect(cut('abc', 3)).toBe('abc')
  })
})

describe('a table', () => {
  const columns: readonly Column[] = [
    { title: 'run', least: 6 },
    { title: 'value', side: 'right' },
    { title: 'who', least: 4 },
  ]
  const rows = [
    ['churn-000000000001', '0.9', 'ada'],
    ['x', '12.25', 'a very long name of somebody'],
  ]

  test('is as wide as its cells where nobody looks at a terminal', () => {
    expect(textTable(columns, rows, null)).toEqual([
      'run                 value  who',
      'churn-000000000001    0.9  ada',
      'x                   12.25  a very long name of somebody',
    ])
  })

  test('fits a terminal by cutting the widest cells that may be cut', () => {
    const lines = textTable(columns, rows, 30)
    for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(30)
    expect(lines[2]).toMatch(/^x .* 12\.25 {2}a very.*…$/)
  })

  test('keeps what must be kept, however narrow the terminal', () => {
    expect(textTable(columns, rows, 5)).toEqual(['run     value  who', 'churn…    0.9  ada', 'x       12.25  a v…'])
  })
})

test('a moment is a day and a time, and what is no moment stays', () => {
  expect(moment('2026-11-20T12:34:56.789Z')).toBe('2026-11-20 12:34')
  expect(moment('yesterday')).toBe('yesterday')
})
