import { beforeAll, expect, test } from 'vitest'
import { type Chronicle, chronicleOf } from '../../../../src/core/lineage/views/chronicle.ts'
import { runsOf } from '../../../../src/core/lineage/views/runs.ts'
import { runsLines } from '../../../../src/core/report/terminal/runs-view.ts'
import { churnRecords, runOf } from '../../../support/churn-ledger.ts'

let chronicle: Chronicle
beforeAll(async () => {
  chronicle = chronicleOf('churn', await churnRecords())
})

test('runs are a table with the most common metrics, or the one that was asked for', () => {
  const line = (run: string, reported: Readonly<Record<string, unknown>>) => ({
    at: '2026-11-20T10:00:00.000Z',
    writer: { actor: 'ada\u001b[31m', workflow_run: '7', workflow: null, commit: 'c'.repeat(40) },
    entry: { kind: 'run', run, created: {}, input: null, reported },
  })
  const document = runsOf(chronicle, [
    line(runOf(2), { a: 1, b: 0.123456789, c: 3, d: 4 }),
    line('churn-18d9be40f6c1', { a: 'NaN', b: 2 }),
    line('churn-ffffffffffff', { a: 1 }),
  ])
  expect(runsLines(document, null, null)).toEqual([
    'run                 when              who      commit   workflow run  became      a         b  c',
    'churn-000000000002  2026-11-20 10:00  ada[31m  ccccccc  7             v2          1  0.123457  3',
    'churn-18d9be40f6c1  2026-11-20 10:00  ada[31m  ccccccc  7             kept out  NaN         2',
    'churn-ffffffffffff  2026-11-20 10:00  ada[31m  ccccccc  7                         1',
    '1 more metric: --metric <name> shows one, --json all',
  ])
  expect(runsLines(document, 'd', null)[1]).toMatch(/ v2 +4$/)
  // Names may be cut at a narrow terminal, numbers never.
  expect(runsLines(document, null, 30)[1]).toMatch(/^churn-000000000002 .* ada… .* v2 +1 {2}0\.123457 {2}3$/)
})
