import { beforeAll, describe, expect, test } from 'vitest'
import { type Chronicle, chronicleOf } from '../../../../src/core/lineage/views/chronicle.ts'
import { historyOf } from '../../../../src/core/lineage/views/history.ts'
import { historyLines, intervalBar } from '../../../../src/core/report/terminal/history-view.ts'
import { churnRecords } from '../../../support/churn-ledger.ts'

let chronicle: Chronicle
beforeAll(async () => {
  chronicle = chronicleOf('churn', await churnRecords())
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
