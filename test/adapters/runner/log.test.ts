import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jobLog } from '../../../src/adapters/runner/log.ts'

const recording = (env: NodeJS.ProcessEnv) => {
  const written: string[] = []
  return { log: jobLog(env, text => void written.push(text)), lines: () => written.join('').split(/\r\n|\r|\n/) }
}

/** What the runner takes for a command, by its own two rules. */
const commands = (lines: readonly string[]): readonly string[] =>
  lines.filter(line => line.trimStart().startsWith('::') || line.includes('##['))

const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '::error::x',
        '::add-mask::x',
        '##[error]x',
        ' ',
        '\n',
        '\r',
        '\u2028',
        '\u0085',
        '\u001b[31m',
        '\u202e',
        '\u200b',
        '\ufeff',
        ':',
        '%0A',
        '::stop-commands::t',
      ),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 8 },
  )
  .map(parts => parts.join(''))

test('nothing that is logged becomes a command', async () => {
  await fc.assert(
    fc.asyncProperty(hostile, async text => {
      const { log, lines } = recording({ GITHUB_ACTIONS: 'true' })
      log.info(text)
      expect(commands(lines())).toEqual([])
      log.warning(text)
      await log.group(text, async () => log.info(text))
      expect(commands(lines()).map(line => line.split('::')[1])).toEqual(['warning', 'group', 'endgroup'])
    }),
    { numRuns: 500, seed: 20240601 },
  )
})

test('a group is closed when its work fails, and hands its result on', async () => {
  const { log, lines } = recording({ GITHUB_ACTIONS: 'true' })
  expect(await log.group('a', async () => 7)).toBe(7)
  await expect(log.group('b', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(lines().filter(line => line === '::endgroup::')).toHaveLength(2)
})

test('off a runner there are no commands', async () => {
  const { log, lines } = recording({})
  log.warning('careful')
  await log.group('title', async () => log.info('inside'))
  expect(lines()).toEqual(['Warning: careful', 'title', 'inside', ''])
})
