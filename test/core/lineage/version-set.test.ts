import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inSet, membersOf, versionSet, withVersion } from '../../../src/core/lineage/version-set.ts'

test('a set of versions holds what was put in and nothing else, in whatever order, with one text for each set', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 2000 })), versions => {
      const set = versions.reduce(withVersion, '')
      const sorted = [...new Set(versions)].sort((a, b) => a - b)
      expect(membersOf(set)).toEqual(sorted)
      expect(sorted.every(version => inSet(set, version))).toBe(true)
      expect(inSet(set, 2001)).toBe(false)
      expect(sorted.toReversed().reduce(withVersion, '')).toBe(set)
      expect(versionSet.safeParse(set).success).toBe(true)
    }),
  )
})

test('100,000 versions take 17 KB', () => {
  let set = withVersion('', 100_000)
  for (let version = 1; version <= 100_000; version += 1000) set = withVersion(set, version)
  expect(set.length).toBe(16_667)
  expect(membersOf(set)).toHaveLength(101)
})
