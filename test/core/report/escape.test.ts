import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { code, escapeMarkdown, plainLine } from '../../../src/core/report/escape.ts'
import { elements, rendered, textOf } from '../../support/rendered.ts'

const pieces = [
  '@alice',
  '@acme/team',
  '#1',
  'acme/churn#12',
  'GH-7',
  'http://evil.test',
  'https://evil.test/x?y=1',
  'www.evil.test',
  'mailto:a@b.test',
  'a@b.test',
  'xmpp:a@b.test',
  'ftp://evil.test',
  '[x](http://evil.test)',
  '![x](http://evil.test/beacon.png)',
  '[x]: http://evil.test',
  '[x][x]',
  '<img src=x onerror=alert(1)>',
  '<script>alert(1)</script>',
  '<a href=x>',
  '<!-- refline churn x -->',
  '-->',
  '</details>',
  '<details open>',
  '</summary>',
  '|',
  '||',
  '\\|',
  '`',
  '``',
  '```',
  '```mermaid',
  '~~~',
  '~~x~~',
  '**b**',
  '*i*',
  '__b__',
  '_i_',
  '# h',
  '- item',
  '1. item',
  '+ x',
  '> q',
  '---',
  '===',
  '    code',
  '$x$',
  '$$',
  ':smile:',
  '&lt;',
  '&#64;bob',
  '&commat;bob',
  '\n',
  '\r',
  '\r\n',
  '\t',
  '\u0000',
  '\u001b[31m',
  '\u202e',
  '\u200b',
  '\u2028',
  '\ufeff',
  '\ud800',
  '3f9a1c2b0d7e',
  '3f9a1c2b0d7e3f9a1c2b0d7e3f9a1c2b0d7e3f9a',
  'word',
  ' ',
  '😀',
  'é',
  '!',
  '(',
  ')',
  '[',
  ']',
  ':',
  '//',
  '.',
  '@',
  '#',
] // prettier-ignore
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 12 })
  .map(parts => parts.join(''))

/** What GitHub makes references and mentions of, in the text as the reader's browser gets it. */
const live = /@[a-z0-9]|#\d|gh-\d|:\/\/|www\.|mailto:|xmpp:|\b(?=[0-9a-f]*[a-f])[0-9a-f]{7,40}\b/i

const settings = { numRuns: 1500, seed: 20240601 }

describe('escapeMarkdown', () => {
  test('nothing but one paragraph of text comes out of any input', () => {
    fc.assert(
      fc.property(hostile, text => {
        const html = rendered(`x ${escapeMarkdown(text)} x`)
        expect(elements(html)).toEqual(['p'])
        expect(textOf(html)).not.toMatch(live)
      }),
      settings,
    )
  })

  test('at the start of a line no list, heading, quote or rule begins either', () => {
    fc.assert(
      fc.property(hostile, text => {
        const html = rendered(`above\n\n${escapeMarkdown(text)}\n\nbelow`)
        expect(elements(html).every(name => name === 'p')).toBe(true)
      }),
      settings,
    )
  })

  test('a table keeps its cells, and each shows the text as it was', () => {
    fc.assert(
      fc.property(hostile, hostile, (a, b) => {
        const html = rendered(`| h | i |\n|:--|--:|\n| ${escapeMarkdown(a)} | ${code(b)} |\n`)
        expect(elements(html).filter(name => name === 'td')).toHaveLength(2)
        expect(elements(html).filter(name => !['table', 'thead', 'tbody', 'tr', 'th', 'td', 'code'].includes(name))).toEqual([])
        const cells = [...html.matchAll(/<td[^>]*>(.*?)<\/td>/gs)].map(cell => textOf(cell[1] ?? '').replaceAll('\u200b', ''))
        expect(cells).toEqual([plainLine(a), plainLine(b)])
      }),
      settings,
    )
  })

  test('inside HTML elements it stays text', () => {
    fc.assert(
      fc.property(hostile, text => {
        const html = rendered(`<details><summary>${escapeMarkdown(text)}</summary>\n\nx\n</details>`)
        expect(elements(html).filter(name => !['details', 'summary', 'p'].includes(name))).toEqual([])
        expect(html.match(/<\/details>/g)).toHaveLength(1)
      }),
      settings,
    )
  })

  test('names of metrics stay readable in the source', () => {
    expect(escapeMarkdown('roc_auc at 0.9, drop of 2 %')).toBe('roc_auc at 0.9, drop of 2 %')
  })

  test('long text is cut between characters', () => {
    expect(escapeMarkdown('😀'.repeat(3000), 10)).toBe(`${'😀'.repeat(9)}…`)
  })
})
