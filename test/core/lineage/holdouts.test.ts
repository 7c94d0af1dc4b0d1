import { expect, test } from 'vitest'
import { canonicalJson, digest } from '../../../src/core/lineage/canonical.ts'
import type { EventOf, LedgerEvent } from '../../../src/core/lineage/events.ts'
import { emptyState, fold } from '../../../src/core/lineage/fold.ts'
import { decidedBy } from '../../../src/core/lineage/holdouts.ts'
import { encodeRecord, encodeState, foldRecords, verifyHead, verifyState, verifyStep } from '../../../src/core/lineage/verify.ts'
import { foldBatches, recordAfter, registerEvent } from './events-for-tests.ts'

const holdout = (seed: number): string => digest(`holdout ${seed}`)
const kept = (seed: number | null): EventOf<'kept'> => ({
  kind: 'kept',
  run: 'churn-0123456789ab',
  holdout: seed === null ? null : holdout(seed),
  verdict: 'pass',
  decision: 'keep',
  champion: 1,
  policy: 'e'.repeat(64),
  reason: 'the champion stays',
})
const registered = (version: number, seed: number, decided: number): LedgerEvent => ({
  ...registerEvent(version, 'churn', { holdout: holdout(seed) }),
  decided,
})

test('what becomes a version and what is kept out both count, by holdout', () => {
  const state = foldBatches([[registered(1, 1, 0)], [kept(1)], [kept(2)], [kept(null)], [registered(2, 1, 2)]])
  expect([decidedBy(state, holdout(1)), decidedBy(state, holdout(2)), decidedBy(state, holdout(3))]).toEqual([3, 1, 0])
  expect(state.holdouts?.map(({ digest: short, seq }) => [short, seq])).toEqual([
    [holdout(2).slice(0, 16), 3],
    [holdout(1).slice(0, 16), 5],
  ])
})

test('a count that does not follow from the records is refused', () => {
  const state = foldBatches([[registered(1, 1, 0)]])
  expect(() => foldBatches([[registered(2, 1, 0)]], state)).toThrow(/had decided 1 times, not 0/)
})

test('the last 20 holdouts are remembered, the one that decided longest ago goes first', () => {
  const batches = Array.from({ length: 21 }, (_, seed) => [kept(seed)])
  const state = foldBatches([...batches.slice(0, 20), [kept(0)], ...batches.slice(20)])
  expect(state.holdouts).toHaveLength(20)
  expect([decidedBy(state, holdout(0)), decidedBy(state, holdout(1)), decidedBy(state, holdout(20))]).toEqual([2, 0, 1])
})

test('a ledger of a release that did not count reads, verifies byte for byte, and counts from its next decision on', () => {
  const old = registerEvent(1, 'churn', { holdout: holdout(1) })
  expect('decided' in old).toBe(false)
  const first = recordAfter(emptyState('churn'), [old])
  const encoded = encodeRecord(first)
  const state = fold(emptyState('churn'), first, encoded.digest)
  const stored = encodeState(state)
  expect(stored).not.toContain('holdouts')
  expect(verifyHead('churn', encoded.text, stored).state).toEqual(state)
  verifyState(foldRecords('churn', [encoded.text]).state, stored)

  const next = recordAfter(state, [registered(2, 1, 0)])
  const following = encodeRecord(next)
  const after = fold(state, next, following.digest)
  expect(decidedBy(after, holdout(1))).toBe(1)
  verifyStep(state, following.text, after)
  verifyState(foldRecords('churn', [encoded.text, following.text]).state, canonicalJson(after))
})

test('a state that says less than its records is found out', () => {
  const record = recordAfter(emptyState('churn'), [kept(1)])
  const encoded = encodeRecord(record)
  const { holdouts: _holdouts, ...without } = fold(emptyState('churn'), record, encoded.digest)
  expect(() => verifyState(foldRecords('churn', [encoded.text]).state, canonicalJson(without))).toThrow(/is not the fold of its records/)
})
