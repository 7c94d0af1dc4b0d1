import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { harmless, harmlessLine } from '../../../src/core/report/log-line.ts'

/** As the runner reads a line: .NET's TrimStart, then `::`; the older form anywhere. */
const isCommand = (line: string): boolean => /^[\s\u0085\u180e]*::/.test(line) || line.includes('##[')

describe('harmless', () => {
  test('leaves ordinary text alone', () => {
    const ordinary = 'roc_auc 0.91 ≥ 0.90\n  a::b c: d ## [x] std::vector\ttab'
    expect(harmless(ordinary)).toBe(ordinary)
  })

  test('no line of it is a command, however it was built', () => {
    const piece = fc.constantFrom(
      '::',
      ':',
      '##[',
      '#',
      '[',
      ' ',
      '\t',
      '\n',
      '\r',
      '\u2028',
      '\u0085',
      '\v',
      '\u00a0',
      '\ufeff',
      '\u200b',
      '\u0000',
      '\u001b[2K',
      'error',
      ']',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), parts => {
        const lines = harmless(parts.join('')).split(/[\n\r\u0085\u2028\u2029]/)
        expect(lines.filter(isCommand)).toEqual([])
        expect(harmlessLine(parts.join('')).includes('\n')).toBe(false)
        expect(isCommand(harmlessLine(parts.join('')))).toBe(false)
      }),
      { numRuns: 2000, seed: 11 },
    )
  })

  test('terminal escapes and direction marks are taken out', () => {
    expect(harmless('a\u001b[31mb\u202ec\u0007')).toBe('a\ufffd[31mb\ufffdc\ufffd')
  })
})
