import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { readArguments } from '../../src/cli/command.ts'
import { commands } from '../../src/cli/commands.ts'
import { helpOf, usageOf } from '../../src/cli/help.ts'
import { splitWords } from '../../src/cli/words.ts'
import { historyDocument } from '../../src/core/lineage/views/history.ts'
import { lineageDocument } from '../../src/core/lineage/views/lineage.ts'
import { logDocument } from '../../src/core/lineage/views/log.ts'
import { runsDocument } from '../../src/core/lineage/views/runs.ts'
import { showDocument } from '../../src/core/lineage/views/show.ts'
import { statusDocument } from '../../src/core/lineage/views/status.ts'
import { refline, typed } from './terminal.ts'

const documents: Readonly<Record<string, z.ZodObject>> = {
  status: statusDocument,
  log: logDocument,
  show: showDocument,
  runs: runsDocument,
  history: historyDocument,
  lineage: lineageDocument,
}

describe.each(commands.map(spec => [spec.id, spec] as const))('the help of %s', (id, spec) => {
  test('has a summary, details, and everything that can be typed', () => {
    const help = helpOf(spec)
    expect(help).toMatch(new RegExp(`^Usage: refline ${id}`))
    expect(spec.summary).toMatch(/^[A-Z].*\.$/)
    expect(spec.details).toMatch(/^[A-Z].*\.$/)
    for (const { name, description } of spec.operands) {
      expect(help).toMatch(new RegExp(`^ {2}[<[]${name}[>\\]] `, 'm'))
      expect(help).toContain(description)
    }
    for (const [name, { value, description, choices }] of Object.entries(spec.options)) {
      expect(help).toContain(value === undefined ? `  --${name} ` : `  --${name} <${value}> `)
      expect(help).toContain(description)
      for (const choice of choices ?? []) expect(help).toContain(choice)
    }
  })

  test('has at least two examples that its own parser takes', () => {
    expect(spec.examples.length).toBeGreaterThanOrEqual(2)
    for (const { type } of spec.examples) {
      const [name, ...rest] = splitWords(type.replace(/ > .*$/, ''))
      expect(name).toBe(id)
      expect(() => readArguments(spec, rest)).not.toThrow()
    }
  })

  test('a command that has --json tells the names of its document', () => {
    const { document } = spec
    if (document === undefined) return expect(id === 'evaluate' || !('json' in spec.options)).toBe(true)
    expect('json' in spec.options).toBe(true)
    const schema = documents[id]
    if (schema !== undefined) expect(Object.keys(document).toSorted()).toEqual(Object.keys(schema.shape).toSorted())
    for (const name of Object.keys(document)) expect(helpOf(spec)).toMatch(new RegExp(`^ {2}${name} `, 'm'))
  })
})

test('a usage line leaves out what many commands have, but for --json', () => {
  const lineage = commands.find(({ id }) => id === 'lineage')
  expect(lineage && usageOf(lineage)).toBe('refline lineage <version> [--depth <n>] [--format <format>] [--json]')
})

describe('refline', () => {
  test.each([[[]], [['--help']], [['help']]])('%j lists its commands by what they are for, and says where to begin', async args => {
    const { code, stdout } = await typed('.', ...args)
    expect(code).toBe(0)
    for (const { id } of commands) expect(stdout).toMatch(new RegExp(`^ {2}${id} `, 'm'))
    expect(stdout).toMatch(/^Look: [\s\S]*^Judge: [\s\S]*^Help:[\s\S]*^Where to begin/m)
  })

  test.each([
    [['help', 'lineage']],
    [['lineage', '--help']],
    [['lineage', 'v1', '--no-such', '-h']],
  ])('%j is the help of that command', async args => {
    const { code, stdout } = await typed('.', ...args)
    expect([code, stdout]).toEqual([0, `${helpOf(commands.find(({ id }) => id === 'lineage') ?? expect.fail())}\n`])
  })

  test('help --json is the same for a program', async () => {
    const { stdout } = await typed('.', 'help', '--json')
    const { schema, commands: told } = JSON.parse(stdout) as {
      readonly schema: number
      readonly commands: readonly Record<string, unknown>[]
    }
    expect(schema).toBe(1)
    expect(told.map(({ command, usage }) => [command, usage])).toEqual(commands.map(spec => [spec.id, usageOf(spec)]))
    expect(JSON.parse((await typed('.', 'help', 'log', '--json')).stdout).commands).toHaveLength(1)
  })

  test('says which release it is', async () => {
    expect(await refline('.', '--version')).toMatchObject({ code: 0, stdout: expect.stringMatching(/^refline \d+\.\d+\.\d+\n$/) })
  })

  test.each([
    [['evalute'], /no command "evalute"; did you mean evaluate\?/],
    [['deploy'], /no command "deploy"; there is status, log, show/],
    [['__proto__'], /no command "__proto__"/],
    [['help', 'lgo'], /no command "lgo"; did you mean log\?/],
  ])('%j is no command', async (args, words) => {
    const { code, stderr } = await typed('.', ...args)
    expect(stderr).toMatch(words)
    expect(code).toBe(2)
  })
})
