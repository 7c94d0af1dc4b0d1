import { expect, test } from 'vitest'
import { fenced } from '../../../src/core/report/fence.ts'
import { elements, rendered, textOf } from '../../support/rendered.ts'

test.each([
  'plain',
  '```\nout\n```',
  '````',
  '~~~',
  '</code></pre><img src=x>',
  'a\rb',
  '``',
])('a fence shows exactly %j and nothing ends it', text => {
  const html = rendered(fenced('refline <b>', text, 'text'))
  expect(elements(html).filter(name => !['p', 'code', 'pre'].includes(name))).toEqual([])
  expect(textOf(html)).toContain(text.replace('\r', '\n'))
})

test('a long text is cut at a line and its fence is closed', () => {
  const text = fenced('x', `${'a'.repeat(99)}\n`.repeat(5000), 'text')
  expect(text.length).toBeLessThan(201_000)
  expect(text.endsWith('a\n…\n```')).toBe(true)
})
