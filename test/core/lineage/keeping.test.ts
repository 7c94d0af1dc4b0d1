import { describe, expect, test } from 'vitest'
import type { LedgerEvent, LedgerState } from '../../../src/core/lineage/events.ts'
import { emptyState, fold } from '../../../src/core/lineage/fold.ts'
import { neededFor } from '../../../src/core/lineage/keeping.ts'
import { isCollected } from '../../../src/core/lineage/preconditions.ts'
import { encodeRecord } from '../../../src/core/lineage/verify.ts'
import { foldBatches, promotion, recordAfter, registerEvent } from './events-for-tests.ts'

const on = (state: LedgerState, day: string, ...events: LedgerEvent[]): LedgerState => {
  const record = recordAfter(state, events, `${day}T10:00:00Z`)
  return fold(state, record, encodeRecord(record).digest)
}
const mark = (version: number): LedgerEvent => ({ kind: 'tombstone', version, reason: 'older than 90 days' })
const collect = (version: number): LedgerEvent => ({
  kind: 'collected',
  version,
  tag: `refline/churn/${String(version).padStart(12, '0')}`,
})
const champion = (from: number | null, to: number): LedgerEvent => ({ kind: 'alias', alias: 'champion', from, to })

/** Five versions: 2 was live before 3, 3 is live and champion, 5 is the newest. */
const five = foldBatches([
  [registerEvent(1)],
  [registerEvent(2)],
  ...promotion(2, null, 'blue'),
  [registerEvent(3)],
  ...promotion(3, 2, 'green'),
  [champion(null, 3)],
  [registerEvent(4)],
  [registerEvent(5)],
])

describe('files are deleted by two decisions that lie 30 days apart', () => {
  test('a version that nobody needs goes, and can never be live again', () => {
    const marked = on(five, '2026-11-21', mark(1))
    expect(() => on(marked, '2026-12-20', collect(1))).toThrow(/in 1 days at the earliest/)
    const gone = on(marked, '2026-12-21', collect(1))
    expect(isCollected(gone, 1)).toBe(true)
    expect(gone.tombstones).toBeUndefined()
    expect(() => on(gone, '2026-12-22', champion(3, 1))).toThrow(/files of churn v1 were deleted/)
    for (const again of [mark(1), collect(1), { kind: 'pin', version: 1, reason: 'x' } as const])
      expect(() => on(gone, '2026-12-22', again)).toThrow(/were deleted/)
  })

  test.each([
    [2, /production would be rolled back to it/],
    [3, /it is champion/],
    [5, /it is the newest version/],
    [6, /has no version 6/],
  ])('v%i is never marked', (version, words) => {
    expect(() => on(five, '2026-11-21', mark(version))).toThrow(words)
  })

  test('a pin keeps files and lifts a tombstone; whatever is used in between is not deleted', () => {
    const pinned = on(on(five, '2026-11-21', mark(1)), '2026-11-22', { kind: 'pin', version: 1, reason: 'the auditor wants it' })
    expect(pinned.tombstones).toBeUndefined()
    expect(neededFor(pinned, 1)).toBe('it is pinned (the auditor wants it)')
    expect(() => on(pinned, '2026-11-23', mark(1))).toThrow(/it is pinned/)
    const free = on(pinned, '2026-11-24', { kind: 'unpin', version: 1, reason: 'done' })
    expect(on(free, '2026-11-24', mark(1)).tombstones).toEqual({ '1': expect.any(Number) })
    const used = on(on(five, '2026-11-21', mark(1)), '2026-11-25', { kind: 'alias', alias: 'shadow', from: null, to: 1 })
    expect(() => on(used, '2027-01-21', collect(1))).toThrow(/not marked for deletion/)
  })

  test('nothing is deleted that was never marked', () => {
    expect(() => on(five, '2027-01-21', collect(1))).toThrow(/not marked for deletion/)
    expect(() => on(emptyState('churn'), '2027-01-21', collect(1))).toThrow(/has no version 1/)
    expect(() => on(five, '2026-11-24', { kind: 'unpin', version: 1, reason: 'x' })).toThrow(/not pinned/)
  })
})
