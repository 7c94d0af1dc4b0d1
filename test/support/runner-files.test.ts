import { expect, test } from 'vitest'
import { parseFileCommands, parseWorkflowCommands } from './runner-files.ts'

test('outputs are read as the runner reads them', () => {
  expect(parseFileCommands('a=1\nb<<END\nx=1\n\ny\nEND\nc=<<x\n')).toEqual({ a: '1', b: 'x=1\n\ny', c: '<<x' })
  expect(() => parseFileCommands('a<<END\nx\n')).toThrow('delimiter')
  expect(() => parseFileCommands('no format\n')).toThrow('Invalid format')
})

test('workflow commands are read as the runner reads them', () => {
  expect(parseWorkflowCommands('x ::error::no\n  ::error file=a%2Cb.yml,line=3::bad%0Aline%25\n::add-mask::s\n')).toEqual([
    { name: 'error', properties: { file: 'a,b.yml', line: '3' }, data: 'bad\nline%' },
    { name: 'add-mask', properties: {}, data: 's' },
  ])
  expect(parseWorkflowCommands('::stop-commands::tok\n::error::no\n::tok::\n::notice::yes\n').map(command => command.data)).toEqual(['yes'])
})
