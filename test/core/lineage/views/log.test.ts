import { beforeAll, describe, expect, test } from 'vitest'
import type { LedgerRecord } from '../../../../src/core/lineage/events.ts'
import { type LogFilter, logDocument, logOf } from '../../../../src/core/lineage/views/log.ts'
import { churnRecords } from '../../../support/churn-ledger.ts'

let records: readonly LedgerRecord[]
beforeAll(async () => {
  records = await churnRecords()
})

describe('the log', () => {
  const everything: LogFilter = { last: null, environment: null, group: null, since: null, progress: true }
  const log = (filter: Partial<LogFilter> = {}) =>
    logDocument.parse(logOf('churn', records, { ...everything, ...filter }, ({ kind }) => kind))
  const seqs = (filter: Partial<LogFilter>) => log(filter).records.map(({ seq }) => seq)

  test('is newest first and holds every event of a record together', () => {
    expect(log().records.map(({ seq }) => seq)).toEqual(records.map(({ seq }) => seq).toReversed())
    expect(log({ last: 1, group: 'quarantine' }).records[0]?.events.map(({ kind, version }) => [kind, version])).toEqual([
      ['rollback-confirm', 2],
      ['quarantine', 3],
      ['alias', 2],
    ])
  })

  test('leaves looks at rollouts out unless asked, and counts them', () => {
    const quiet = log({ progress: false })
    expect(quiet.left_out).toBe(2)
    expect(quiet.records).toHaveLength(records.length - 2)
    expect(log({ last: 3, progress: false })).toMatchObject({ older: records.length - 2 - 3, left_out: 2 })
  })

  test('finds by kind, environment and day', () => {
    expect(seqs({ group: 'rollback' })).toEqual([17, 16])
    expect(seqs({ group: 'register' })).toEqual([19, 18, 12, 5, 1])
    expect(seqs({ group: 'kept' })).toEqual([11])
    expect(seqs({ environment: 'staging' })).toEqual([])
    expect(seqs({ environment: 'production', group: 'alias' })).toEqual([])
    expect(seqs({ since: Date.parse('2026-11-20T12:00:00.000Z') })).toHaveLength(records.length)
    expect(seqs({ since: Date.parse('2026-11-20T12:00:00.001Z') })).toEqual([])
  })
})
