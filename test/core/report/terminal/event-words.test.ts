import { beforeAll, describe, expect, test } from 'vitest'
import { event, type LedgerEvent, type LedgerRecord } from '../../../../src/core/lineage/events.ts'
import { eventGroups, groupsOf } from '../../../../src/core/lineage/views/event-groups.ts'
import { eventWords } from '../../../../src/core/report/terminal/event-words.ts'
import { churnRecords } from '../../../support/churn-ledger.ts'

let records: readonly LedgerRecord[]
beforeAll(async () => {
  records = await churnRecords()
})

describe('events in words', () => {
  const hostile = 'broken\n::error::forged \u001b[31mred\u202e and so on'
  const at = { environment: 'production', rollout: '0123456789ab' }
  const others: readonly LedgerEvent[] = [
    { kind: 'pin', version: 1, reason: hostile },
    { kind: 'unpin', version: 1, reason: hostile },
    { kind: 'tombstone', version: 1, reason: hostile },
    { kind: 'collected', version: 1, tag: 'refline/churn/000000000001' },
    { kind: 'heartbeat', ...at, at: 1_790_000_000, judgement: hostile },
    { kind: 'rollout-taken', ...at, holder: '77', from: '42', at: 1_790_000_000 },
    { kind: 'rollout-left', ...at, reason: hostile, at: 1_790_000_000 },
    { kind: 'approve', ...at, step: 1, reason: hostile },
    { kind: 'release', version: 1, reason: hostile },
  ]

  test('each kind is one line with its numbers, and belongs to a kind that people can look for', () => {
    const events = [...records.flatMap(record => record.events), ...others]
    expect(new Set(events.map(({ kind }) => kind)).size).toBe(event.options.length)
    for (const one of events) {
      expect(eventWords(one)).not.toMatch(/[\p{Cc}\p{Cf}{]/u)
      for (const group of groupsOf(one)) expect(eventGroups).toContain(group)
    }
  })

  test('say what was decided, against what and how good it is', () => {
    const words = (seq: number) => records.find(record => record.seq === seq)?.events.map(eventWords)
    expect(words(1)).toEqual([
      'register v1 from run churn-000000000001: verdict pass, decision promote, compared with no champion; roc_auc 0.9100 [0.9040, 0.9160], model_size_mb 4.2000',
      'alias challenger: v1',
    ])
    expect(words(11)).toEqual([
      'keep champion v2: run churn-18d9be40f6c1 is not registered, verdict fail, decision keep: recall 0.519 [0.425, 0.612] is below 0.8',
    ])
    expect(words(17)?.at(-1)).toBe('alias champion: v3 → v2')
    expect(eventWords(others[2] as LedgerEvent)).toBe(
      'mark the files of v1 for deletion in 30 days: broken ::error::forged [31mred and so on',
    )
  })
})
