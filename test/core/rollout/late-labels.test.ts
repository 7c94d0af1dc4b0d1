import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type LateLabelSettings, LateLabels, type LogRow } from '../../../src/core/rollout/late-labels.ts'
import { instantOf, isFraction, labelOf, truthOf } from '../../../src/core/rollout/log-values.ts'
import { type RateSettings, rateOf } from '../../../src/core/rollout/rate.ts'
import { summed } from '../../../src/core/rollout/series.ts'

const place = { file: 'log.csv', line: 7 }
const columns = { id: 'request_id', arm: 'model_version', prediction: 'decision', label: 'chargeback', time: 'ts', flag: 'refunded' }
const row = (change: Partial<LogRow>): LogRow => ({ id: 'a', arm: 'blue', prediction: '1', label: null, time: 1000, flag: null, ...change })
const logOf = (rate: Partial<RateSettings> = {}, change: Partial<LateLabelSettings> = {}) =>
  new LateLabels({
    rate: rateOf({ of: 'all', bad: 'wrong', positive: null, threshold: null, ...rate }, 'signal s'),
    columns,
    slotOf: arm => (arm === 'blue' || arm === 'green' ? arm : null),
    since: 0,
    within: null,
    ...change,
  })
const total = (log: LateLabels, slot: 'blue' | 'green' = 'blue') => {
  const { total, bad } = summed(Object.values(log.series(slot)))
  return [total, bad]
}

/** Four requests, one of each kind: a hit, a false alarm, a miss, and a rightly negative one. */
const four = [
  { id: 'tp', prediction: '1', label: '1' },
  { id: 'fp', prediction: '1', label: '0' },
  { id: 'fn', prediction: '0', label: '1' },
  { id: 'tn', prediction: '0', label: '0' },
]

describe('rates', () => {
  it.each<[string, Partial<RateSettings>, readonly number[]]>([
    ['error rate', {}, [4, 2]],
    ['1 - precision', { of: 'predicted_positive' }, [2, 1]],
    ['1 - recall', { of: 'actual_positive' }, [2, 1]],
    ['1 - recall, said otherwise', { of: 'actual_positive', bad: 'negative' }, [2, 1]],
    ['hits among the positives', { of: 'actual_positive', bad: 'positive' }, [2, 1]],
    ['predicted positives', { bad: 'positive' }, [4, 2]],
    ['by another label', { of: 'predicted_positive', positive: '0' }, [2, 1]],
  ])('count %s', (_, rate, expected) => {
    const log = logOf(rate)
    for (const one of four) log.add(row(one), 2000, place)
    expect(total(log)).toEqual(expected)
  })

  it('count what a column says, among those that are counted', () => {
    const log = logOf({ of: 'predicted_positive', bad: 'refunded is true' })
    log.add(row({ id: 'a', flag: 'true' }), 2000, place)
    log.add(row({ id: 'b', flag: 'no' }), 2000, place)
    log.add(row({ id: 'c', prediction: '0', flag: 'true' }), 2000, place)
    log.add(row({ id: 'd' }), 2000, place)
    expect(total(log)).toEqual([2, 1])
    log.add(row({ id: 'd', arm: null, prediction: null, time: null, flag: 1 }), 2000, place)
    expect(total(log)).toEqual([3, 2])
  })

  it('need to know which label is positive, and never take a score for a decision', () => {
    const fraud = (settings: Partial<RateSettings>) => logOf({ of: 'predicted_positive', ...settings })
    expect(() => fraud({}).add(row({ prediction: 'fraud', label: 'fraud' }), 2000, place)).toThrow(
      'signal s: a prediction is "fraud", and which label is positive is not known; set `positive`',
    )
    const log = fraud({ positive: 'fraud' })
    log.add(row({ prediction: 'fraud', label: 'honest' }), 2000, place)
    expect(total(log)).toEqual([1, 1])
    expect(() => logOf().add(row({ prediction: 0.93 }), 2000, place)).toThrow(
      'line 7, column decision holds a score and not a decision: name the column of the decision, or set `threshold`',
    )
    const scored = logOf({ of: 'predicted_positive', threshold: 0.5 })
    scored.add(row({ id: 'a', prediction: 0.93, label: 0 }), 2000, place)
    scored.add(row({ id: 'b', prediction: 0.5, label: true }), 2000, place)
    scored.add(row({ id: 'c', prediction: 0.1, label: true }), 2000, place)
    expect(total(scored)).toEqual([2, 1])
    expect(() => scored.add(row({ id: 'd', prediction: 'high' }), 2000, place)).toThrow(
      'column decision is no score, although a threshold is set',
    )
  })

  it('are refused where they say nothing', () => {
    expect(() => logOf({ bad: 'chargeback' })).toThrow(
      'signal s: bad: "chargeback" is none of wrong, positive, negative or "<column> is true"',
    )
    expect(() => logOf({ of: 'predicted_positive', bad: 'negative' })).toThrow('write bad: wrong, which is 1 - precision')
  })
})

describe('labels that come late', () => {
  it('are joined by id, whichever comes first, and counted once by the minute of their request', () => {
    const log = logOf()
    log.add(row({ id: 'a', time: 119 }), 2000, place)
    log.add(row({ id: 'b', arm: null, prediction: null, time: null, label: '0' }), 2000, place)
    expect(log.series('blue')).toEqual({})
    expect(log.summary()).toMatchObject({ requests: 1, waiting: 1, unknown: 1 })
    log.add(row({ id: 'a', arm: null, prediction: null, time: null, label: '0' }), 3000, place)
    log.add(row({ id: 'b', time: 120, arm: 'green' }), 3000, place)
    // The same rows again, as every look reads them, also with the label beside the prediction.
    log.add(row({ id: 'a', time: 119 }), 4000, place)
    log.add(row({ id: 'a', time: 119, label: 0 }), 4000, place)
    expect(log.series('blue')).toEqual({ 60: { total: 1, bad: 1 } })
    expect(log.series('green')).toEqual({ 120: { total: 1, bad: 1 } })
    expect(log.summary()).toMatchObject({ requests: 2, waiting: 0, unknown: 0 })
  })

  it('count only within their time, and only for requests since the rollout began and of one of the arms', () => {
    const log = logOf({}, { since: 900, within: 600 })
    log.add(row({ id: 'old', time: 899, label: '0' }), 1000, place)
    log.add(row({ id: 'other', arm: '7', label: '0' }), 1000, place)
    log.add(row({ id: 'late' }), 1000, place)
    log.add(row({ id: 'late', label: '0' }), 1601, place)
    log.add(row({ id: 'late', label: '0' }), 1602, place)
    log.add(row({ id: 'just', label: '0' }), 1600, place)
    expect(total(log)).toEqual([1, 1])
    expect(log.summary()).toEqual({ requests: 2, waiting: 0, unknown: 0, tooLate: 1, otherArms: ['7'] })
  })

  it.each<[string, Partial<LogRow>, string]>([
    ['no id', { id: null }, 'line 7, column request_id is empty'],
    ['no arm', { arm: null }, 'line 7, column model_version is empty'],
    ['no time', { time: null }, 'line 7, column ts is empty'],
    ['no prediction', { prediction: null }, 'line 7, column decision is empty'],
    ['a time without its zone', { time: '2026-11-26T10:00:00' }, 'line 7, column ts is no time; expected ISO 8601 with its zone'],
    ['a time to come', { time: 90_000 }, 'line 7, column ts lies more than a day ahead of now'],
    ['a flag in words', { flag: 'perhaps' }, 'line 7, column refunded is neither true nor false'],
    [
      'another label',
      { id: 'x', label: '1' },
      'line 7: id "x" was there before with another value in column chargeback: which one is true is not known',
    ],
    ['another prediction', { id: 'x', prediction: '0' }, 'line 7: id "x" was there before with another value in column decision'],
    ['another arm', { id: 'x', arm: 'green' }, 'line 7: id "x" was there before with another value in column model_version'],
    ['another time', { id: 'x', time: 999 }, 'line 7: id "x" was there before at another time'],
  ])('refuse %s', (_, change, message) => {
    const log = logOf()
    log.add(row({ id: 'x', label: '0' }), 2000, place)
    expect(() => log.add(row(change), 2000, place)).toThrow(message)
  })

  it('come to the same counts in any order, in any number of looks, however often rows are repeated', () => {
    const requests = Array.from({ length: 12 }, (_, index) =>
      row({ id: `r${index}`, arm: index % 2 ? 'blue' : 'green', prediction: String(index % 3 === 0 ? 1 : 0), time: 1000 + 37 * index }),
    )
    const labels = requests.map((request, index) =>
      row({ id: request.id, arm: null, prediction: null, time: null, label: String(index % 4 === 0 ? 1 : 0) }),
    )
    const expected = logOf()
    for (const one of [...requests, ...labels]) expected.add(one, 5000, place)
    fc.assert(
      fc.property(fc.shuffledSubarray([...requests, ...labels, ...requests, ...labels], { minLength: 48 }), rows => {
        const log = logOf()
        for (const one of rows) log.add(one, 5000, place)
        expect([log.series('blue'), log.series('green')]).toEqual([expected.series('blue'), expected.series('green')])
      }),
    )
  })
})

it('reads values as logs write them', () => {
  expect([true, 1, 'True', ' yes', 0, 'false', 'maybe', 2].map(truthOf)).toEqual([true, true, true, true, false, false, null, null])
  expect([1, '1', '1.0', 'True', true, ' fraud ', '1e1'].map(labelOf)).toEqual(['1', '1', '1', 'true', 'true', 'fraud', '10'])
  expect(['0.93', '1', '1e-7', '-0.5', 'a.5'].map(isFraction)).toEqual([true, false, false, true, false])
  const at = 1_795_687_200
  expect([at, at * 1000, String(at), '2026-11-26T10:00:00Z', '2026-11-26 12:00:00.000+02:00', new Date(at * 1000)].map(instantOf)).toEqual([
    at,
    at,
    at,
    at,
    at,
    at,
  ])
  expect(['2026-11-26T10:00:00', '2026-11-26', 'now', '', true, new Date(Number.NaN), '99999999999999999'].map(instantOf)).toEqual([
    null,
    null,
    null,
    null,
    null,
    null,
    null,
  ])
})
