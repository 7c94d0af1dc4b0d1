import { expect, test } from 'vitest'
import { assessment } from '../../../src/core/comparison/assessment.ts'
import * as examples from '../../support/assessments.ts'
import { resultProblems } from '../../support/result-schema.ts'

const told = Object.entries(examples).flatMap(([name, value]) => {
  const parsed = assessment.safeParse(value)
  return parsed.success ? [[name, parsed.data] as const] : []
})

test('there are examples to be held against the published schema', () => {
  expect(told.length).toBeGreaterThan(2)
})

test.each(told)('%s is a result.json by the published schema', (_name, value) => {
  expect(resultProblems(value)).toEqual([])
})

test.each([
  ['an unknown key', { extra: 1 }, / must NOT have additional properties/],
  ['another schema', { schema: 2 }, /\/schema must be equal to constant/],
  ['a verdict of its own', { verdict: 'maybe' }, /\/verdict must be equal to one of/],
  ['a value that is no number', { confidence: 'high' }, /\/confidence must be number/],
])('%s is none', (_what, change, words) => {
  expect(resultProblems({ ...told[0]?.[1], ...change }).join('\n')).toMatch(words)
})
