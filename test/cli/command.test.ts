import { describe, expect, test } from 'vitest'
import { type CommandSpec, readArguments } from '../../src/cli/command.ts'
import { splitWords } from '../../src/cli/words.ts'

const spec: CommandSpec = {
  id: 'log',
  group: 'look',
  summary: '',
  details: '',
  operands: [
    { name: 'model', required: false, description: '' },
    { name: 'shell', required: false, description: '', choices: ['bash', 'fish'] },
  ],
  options: {
    json: { description: '' },
    last: { value: 'n', form: 'whole', description: '' },
    depth: { value: 'n', form: 'whole', from: 0, description: '' },
    since: { value: 'day', form: 'day', description: '' },
    kind: { value: 'kind', choices: ['rollback', 'register'], description: '' },
    note: { value: 'text', description: '' },
  },
  examples: [],
}

describe('what is typed after a command', () => {
  test('is operands, options with values and flags, in any order', () => {
    expect(readArguments(spec, ['--json', 'churn', '--last', '5', '--kind=rollback', '--since', '2026-10-01', '--note=-x'])).toEqual({
      operands: ['churn'],
      options: { last: '5', kind: 'rollback', since: '2026-10-01', note: '-x' },
      flags: new Set(['json']),
    })
    expect(readArguments(spec, ['--', '--json'])).toMatchObject({ operands: ['--json'], flags: new Set() })
  })

  test.each([
    [['--jsn'], /unknown option --jsn; did you mean --json\?/],
    [['--kind', 'rolback'], /--kind is one of rollback, register, found "rolback"; did you mean rollback\?/],
    [['--kind', 'zzz'], /--kind is one of rollback, register, found "zzz"\./],
    [['m', 'zsh'], /<shell> is one of bash, fish, found "zsh"/],
    [['--last', '0'], /--last is a whole number of at least 1, found "0"/],
    [['--last', '1.5'], /whole number/],
    [['--last', '0x10'], /whole number/],
    [['--since', 'yesterday'], /--since is a day such as 2026-10-01 or a moment/],
    [['--since', '2026-13-01'], /--since is a day/],
    [['--json=no'], /--json takes no value/],
    [['--last'], /--last needs a value/],
    [['--last', '--json'], /--last needs a value/],
    [['--last', '1', '--last', '2'], /--last is given twice/],
    [['a', 'bash', 'c'], /unexpected "c"/],
    [['--__proto__', 'x'], /unknown option --__proto__/],
    [['--constructor'], /unknown option --constructor/],
  ])('%j: %s', (argv, words) => expect(() => readArguments(spec, argv)).toThrow(words))

  test('all problems are told at once, with where to read more', () => {
    expect(() => readArguments(spec, ['--lst', '1', '--kind', 'x', '--last=a'])).toThrow(
      /^refline log: unknown option --lst; did you mean --last\?; .*--kind is one of .*; --last is a whole number .*\. See refline log --help$/,
    )
  })

  test.each([
    ['2026-10-01', true],
    ['2026-10-01T12:00Z', true],
    ['2026-10-01T12:00:30.5Z', true],
    ['2026-10-01T12:00', false],
    ['2026-10', false],
  ])('%s as a day: %s', (since, fine) => {
    const read = () => readArguments(spec, ['--since', since])
    if (fine) expect(read().options.since).toBe(since)
    else expect(read).toThrow('--since is a day')
  })

  test('0 is a number where it may be', () => expect(readArguments(spec, ['--depth', '0']).options.depth).toBe('0'))
})

describe('words of a line', () => {
  test.each([
    ['log --last 5', ['log', '--last', '5']],
    ['  a\tb\n c ', ['a', 'b', 'c']],
    ['show "a b" c"d e"f', ['show', 'a b', 'cd ef']],
    ['x "" y', ['x', '', 'y']],
    ["it's $HOME `id` \\ ;|&", ["it's", '$HOME', '`id`', '\\', ';|&']],
    ['', []],
  ])('%j', (line, words) => expect(splitWords(line)).toEqual(words))

  test('a quote has to be closed', () => expect(() => splitWords('show "v4')).toThrow('a " is opened and not closed'))
})
