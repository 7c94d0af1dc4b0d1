import { beforeAll, describe, expect, test } from 'vitest'
import { event, type LedgerEvent, type LedgerRecord } from '../../../../src/core/lineage/events.ts'
import { type Chronicle, chronicleOf } from '../../../../src/core/lineage/views/chronicle.ts'
import { eventGroups, groupsOf } from '../../../../src/core/lineage/views/event-groups.ts'
import { historyOf } from '../../../../src/core/lineage/views/history.ts'
import { logOf } from '../../../../src/core/lineage/views/log.ts'
import { runsOf } from '../../../../src/core/lineage/views/runs.ts'
import { showOf } from '../../../../src/core/lineage/views/show.ts'
import { eventWords } from '../../../../src/core/report/terminal/event-words.ts'
import { historyLines, intervalBar } from '../../../../src/core/report/terminal/history-view.ts'
import { logLines } from '../../../../src/core/report/terminal/log-view.ts'
import { runsLines } from '../../../../src/core/report/terminal/runs-view.ts'
import { showLines } from '../../../../src/core/report/terminal/show-view.ts'
import { churnRecords, runOf } from '../../../support/churn-ledger.ts'

let records: readonly LedgerRecord[]
let chronicle: Chronicle
beforeAll(async () => {
  records = await churnRecords()
  chronicle = chronicleOf('churn', records)
})

describe('events in words', () => {
  const hostile = 'broken\n::error::forged \u001b[31mred\u202e and so on'
  const ofFiles: readonly LedgerEvent[] = [
    { kind: 'pin', version: 1, reason: hostile },
    { kind: 'unpin', version: 1, reason: hostile },
    { kind: 'tombstone', version: 1, reason: hostile },
    { kind: 'collected', version: 1, tag: 'refline/churn/000000000001' },
  ]

  test('each kind is one line with its numbers, and belongs to a kind that people can look for', () => {
    const events = [...records.flatMap(record => record.events), ...ofFiles]
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
    expect(eventWords(ofFiles[2] as LedgerEvent)).toBe(
      'mark the files of v1 for deletion in 30 days: broken ::error::forged [31mred and so on',
    )
  })
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

describe('a metric over the versions', () => {
  test('each interval is drawn on the same scale', () => {
    const scale = { low: 0, high: 10 }
    expect(intervalBar({ value: 5, low: 0, high: 10 }, scale, 11)).toBe('├────●────┤')
    expect(intervalBar({ value: 2, low: 1, high: 2 }, scale, 11)).toBe(' ├●')
    expect(intervalBar({ value: 10, low: null, high: null }, scale, 11)).toBe('          ●')
    expect(intervalBar({ value: null, low: null, high: null }, scale, 11)).toBe('')
    expect(intervalBar({ value: 3, low: 3, high: 3 }, { low: 3, high: 3 }, 11)).toBe('     ●')
  })

  test('is a table with marks', () => {
    const lines = historyLines(historyOf(chronicle, 'roc_auc', null), null)
    expect(lines[0]).toBe('roc_auc of churn, oldest first')
    expect(lines[3]).toMatch(/^ +v2 {2}2026-11-20 12:00 {2}0\.9288 {2}\[0\.9228, 0\.9348\] +├─+●─+┤ +★ champion, live in production$/)
    expect(lines[4]).toMatch(/★ was champion, quarantined$/)
    const narrow = historyLines(historyOf(chronicle, 'roc_auc', null), 104)
    for (const line of narrow) expect(line.length).toBeLessThanOrEqual(104)
    expect(narrow[3]).toMatch(/├─+●─+┤ +★ champion, live in production$/)
    expect(historyLines(historyOf(chronicle, 'recall', null), 80).at(-1)).toContain('undefined')
  })
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

describe('all of one thing', () => {
  const show = async (what: string) => showLines(await showOf(chronicle, what, async () => runsOf(chronicle, [])), null).join('\n')

  test('a version: how it was judged, its metrics, where it was live, what it was made from, its files', async () => {
    const text = await show('v3')
    expect(text).toMatch(/^churn v3\n {2}quarantined +errors doubled \(2026-11-20 12:00, seq 17, oncall, workflow run 100\)\n/)
    expect(text).toMatch(/ judged +verdict pass, decision promote, against champion v2\n/)
    expect(text).toMatch(/ roc_auc +0\.9300 {2}\[0\.9240, 0\.9360\]\n {2}recall +undefined\n/)
    expect(text).toContain('production, slot blue, by rollout, from 2026-11-20 12:00 to 2026-11-20 12:00 (seq 15 to 17)')
    expect(text).toMatch(/param optimizer +\{"rate":0\.07\}/)
    expect(text).toMatch(/ data\/train\.csv {2}118 kB {2}[0-9a-f]{64}/)
    expect(text).toMatch(/ model\.joblib +4\.2 MB {2}[0-9a-f]{64}/)
  })

  test('a rollout and a run that was kept out', async () => {
    expect(await show('000000000004')).toMatch(/ end +under way\n\nWeights, as confirmed\n {2}2026-11-20 12:00 {2}10 % {2}\(seq 21\)$/)
    expect(await show('churn-18d9be40f6c1')).toContain('kept out, verdict fail: recall 0.519 [0.425, 0.612] is below 0.8')
  })
})
