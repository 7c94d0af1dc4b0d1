import { beforeAll, describe, expect, test } from 'vitest'
import { type Chronicle, chronicleOf } from '../../../../src/core/lineage/views/chronicle.ts'
import { historyDocument, historyOf } from '../../../../src/core/lineage/views/history.ts'
import { churnRecords } from '../../../support/churn-ledger.ts'

let chronicle: Chronicle
beforeAll(async () => {
  chronicle = chronicleOf('churn', await churnRecords())
})

describe('the history of a metric', () => {
  test('has every version with its interval, and marks champions', () => {
    const { points } = historyDocument.parse(historyOf(chronicle, 'roc_auc', null))
    expect(
      points.map(({ version, value, is_champion, became_champion, quarantined }) => [
        version,
        value,
        is_champion,
        became_champion?.seq ?? null,
        quarantined,
      ]),
    ).toEqual([
      [1, 0.91, false, 4, false],
      [2, 0.9288, true, 10, false],
      [3, 0.93, false, 15, true],
      [4, 0.9301, false, null, false],
    ])
    expect(points[1]).toMatchObject({ low: expect.closeTo(0.9228), high: expect.closeTo(0.9348), live_in: ['production'] })
  })

  test('of one environment has what was live there, in the order it went live', () => {
    expect(historyOf(chronicle, 'roc_auc', 'production').points.map(({ version }) => version)).toEqual([1, 2, 3])
  })

  test('falls back to what the script reported, and keeps undefined values undefined', () => {
    expect(historyOf(chronicle, 'loss', null).points[0]).toMatchObject({ value: 0.2, low: null, high: null })
    expect(historyOf(chronicle, 'recall', null).points[0]).toMatchObject({ value: null })
  })

  test('names what was meant', () => {
    expect(() => historyOf(chronicle, 'roc_auk', null)).toThrow('did you mean roc_auc?')
    expect(() => historyOf(chronicle, 'zzz', null)).toThrow('there is loss, model_size_mb, recall, roc_auc')
    expect(() => historyOf(chronicle, 'roc_auc', 'produktion')).toThrow('did you mean production?')
  })
})
