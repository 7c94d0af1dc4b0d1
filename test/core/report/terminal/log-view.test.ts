import { beforeAll, expect, test } from 'vitest'
import type { LedgerRecord } from '../../../../src/core/lineage/events.ts'
import { logOf } from '../../../../src/core/lineage/views/log.ts'
import { eventWords } from '../../../../src/core/report/terminal/event-words.ts'
import { logLines } from '../../../../src/core/report/terminal/log-view.ts'
import { churnRecords } from '../../../support/churn-ledger.ts'

let records: readonly LedgerRecord[]
beforeAll(async () => {
  records = await churnRecords()
})

test('the log is a line for each record and one for each event below it', () => {
  const filter = { last: 2, environment: null, group: 'rollback' as const, since: null, progress: false }
  expect(logLines(logOf('churn', records, filter, eventWords))).toEqual([
    '2026-11-20 12:00  seq 17  oncall, workflow run 100 (model-release.yml)',
    '    rollback in production v3 → v2, live in slot green: errors doubled',
    '    quarantine v3: errors doubled',
    '    alias champion: v3 → v2',
    '2026-11-20 12:00  seq 16  oncall, workflow run 100 (model-release.yml)',
    '    begin rollback in production v3 → v2: errors doubled',
  ])
  expect(logLines(logOf('churn', records, { ...filter, last: 1 }, eventWords)).at(-1)).toBe(
    '1 older not shown: --last 2 or --all shows them',
  )
  expect(logLines(logOf('churn', records, { ...filter, group: 'package', environment: 'production' }, eventWords))).toEqual([
    'churn: no record matches',
  ])
})
