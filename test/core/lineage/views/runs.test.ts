import { beforeAll, describe, expect, test } from 'vitest'
import { type Chronicle, chronicleOf } from '../../../../src/core/lineage/views/chronicle.ts'
import { bestFirst, runsDocument, runsOf } from '../../../../src/core/lineage/views/runs.ts'
import { churnRecords, runOf } from '../../../support/churn-ledger.ts'

let chronicle: Chronicle
beforeAll(async () => {
  chronicle = chronicleOf('churn', await churnRecords())
})

describe('runs', () => {
  const line = (run: string, reported: Readonly<Record<string, unknown>>, more: object = {}) => ({
    key: run,
    at: '2026-11-20T10:00:00.000Z',
    writer: { actor: 'ada', workflow_run: '7', workflow: null, commit: 'c'.repeat(40) },
    entry: { kind: 'run', run, created: { at: '2026-11-20T09:00:00.000Z', actor: 'bob' }, input: null, reported, ...more },
  })

  test('say what became of them', () => {
    const { runs } = runsDocument.parse(
      runsOf(
        chronicle,
        [runOf(2), 'churn-aaaaaaaaaaaa', 'churn-18d9be40f6c1', 'churn-ffffffffffff'].map(run => line(run, {})),
      ),
    )
    expect(runs.map(({ outcome, version, verdict }) => [outcome, version, verdict])).toEqual([
      ['registered', 2, 'pass'],
      ['seen-again', 2, null],
      ['kept', null, 'fail'],
      ['none', null, null],
    ])
  })

  test('lines that are no runs are passed over or counted, never an error', () => {
    const document = runsOf(chronicle, [
      line('churn-1', { a: 1 }),
      { ...line('gate', {}), entry: { kind: 'gate', verdict: 'pass' } },
      { ...line('broken', {}), entry: { kind: 'run', run: 7 } },
      line('churn-2', { a: { nested: true } }, { created: 'yesterday' }),
    ])
    expect(document).toMatchObject({ runs_in_log: 2, unreadable: 1 })
    expect(document.runs[1]).toMatchObject({ run: 'churn-2', at: '2026-11-20T10:00:00.000Z', actor: 'ada', metrics: {} })
  })

  test('the best first: by the direction, with NaN and missing values last', () => {
    const { runs } = runsOf(chronicle, [
      line('a', { x: 'NaN' }),
      line('b', { x: 2 }),
      line('c', {}),
      line('d', { x: 3 }),
      line('e', { x: '-Infinity' }),
    ])
    expect(bestFirst(runs, 'x', 'higher').map(({ run }) => run)).toEqual(['d', 'b', 'e', 'a', 'c'])
    expect(bestFirst(runs, 'x', 'lower').map(({ run }) => run)).toEqual(['e', 'b', 'd', 'a', 'c'])
  })
})
