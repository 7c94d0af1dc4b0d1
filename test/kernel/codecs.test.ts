import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { choice, decimal, flag, integer, json, list, text, yaml } from '../../src/kernel/codecs.ts'

const problems = (schema: z.ZodType, value: string): readonly string[] =>
  schema.safeParse(value).error?.issues.map(issue => issue.message) ?? []

describe('codecs', () => {
  test.each([
    ['true', true],
    ['TRUE', true],
    ['False', false],
  ])('flag reads %s', (value, expected) => expect(flag.parse(value)).toBe(expected))

  test.each(['', 'yes', '1', 'on', 'tRUE', 'false ', 'no'])('flag refuses %j', value => {
    expect(problems(flag, value)).toEqual([`expected true or false, found ${JSON.stringify(value)}`])
  })

  test.each(['', ' ', '0x10', '1e3', '1.0', 'NaN', 'Infinity', '١', '9007199254740993'])('integer refuses %j', value => {
    expect(integer().safeParse(value).success).toBe(false)
  })

  test.each(['', ' ', '0x10', 'NaN', '-Infinity', '1e999', '1,5', '.', 'e5', '1_000'])('decimal refuses %j', value => {
    expect(decimal().safeParse(value).success).toBe(false)
  })

  test('numbers come back as they were written', () => {
    fc.assert(fc.property(fc.maxSafeInteger(), number => integer().parse(String(number)) === number))
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        number => decimal().parse(String(number)) === Number(String(number)),
      ),
    )
  })

  test('bounds belong to the range and are named when broken', () => {
    expect(decimal({ min: 0, max: 1 }).parse('0')).toBe(0)
    expect(decimal({ min: 0, max: 1 }).parse('1')).toBe(1)
    expect(problems(decimal({ min: 0, max: 1 }), '1.01')).toEqual(['expected a number from 0 to 1, found "1.01"'])
    expect(problems(integer({ min: 1 }), '0')).toEqual(['expected a whole number of at least 1, found "0"'])
  })

  test('list takes commas and lines and drops what is empty', () => {
    expect(list.parse(' a, b\r\n\n c d ,,')).toEqual(['a', 'b', 'c d'])
    expect(list.parse('')).toEqual([])
  })

  test('text and choice', () => {
    expect(text.safeParse('').success).toBe(false)
    expect(choice('auto', 'off').parse('off')).toBe('off')
    expect(problems(choice('auto', 'off'), 'of')).toEqual(['expected one of auto, off; found "of"'])
  })

  test('json and yaml parse, then hold the value to its shape', async () => {
    const shape = z.strictObject({ a: z.number() })
    expect(json(shape).parse('{"a": 1}')).toEqual({ a: 1 })
    expect(problems(json(shape), '{"a": ')[0]).toMatch(/^expected JSON: /)
    expect(json(shape).safeParse('{"a": "1"}').success).toBe(false)
    expect(await yaml(shape).parseAsync('a: 1')).toEqual({ a: 1 })
    expect((await yaml(shape).safeParseAsync('a: [')).error?.issues[0]?.message).toMatch(/^expected YAML: /)
    expect((await yaml(shape).safeParseAsync('b: 1')).success).toBe(false)
  })

  test('a long value is cut in the message', () => {
    expect(problems(flag, 'x'.repeat(10_000))[0]?.length).toBeLessThan(150)
  })
})
