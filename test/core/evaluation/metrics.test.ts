import { describe, expect, it } from 'vitest'
import { differenceOf, estimateOf } from '../../../src/core/evaluation/metrics/metric.ts'
import { metricNames, metricOf } from '../../../src/core/evaluation/metrics.ts'
import type { Predictions } from '../../../src/core/evaluation/predictions.ts'
import { partOf } from '../../../src/core/evaluation/sample.ts'
import { distribution } from '../../../src/core/statistics/bootstrap.ts'
import { uniform } from '../../../src/core/statistics/random.ts'
import { binaryOf, otherOf } from './fixtures.ts'
import { binary, multiclass, regression, targets } from './scored-rows.ts'

const method = { confidence: 0.95, seed: 20240601, resamples: 500 }
const estimate = (name: string, predictions: Predictions) => {
  const metric = metricOf(name, predictions.task)
  if (!metric) throw new Error(name)
  return estimateOf(metric, predictions, method)
}

describe('scikit-learn on the same rows', () => {
  const cases: [Predictions, Record<string, number>][] = [
    [
      binary,
      {
        roc_auc: 0.8177083333333334,
        average_precision: 0.7585830979549011,
        accuracy: 0.725,
        balanced_accuracy: 0.7708333333333333,
        precision: 0.5925925925925926,
        recall: 1,
        specificity: 0.5416666666666666,
        false_positive_rate: 0.45833333333333337,
        negative_predictive_value: 1,
        f1: 0.7441860465116279,
        mcc: 0.5665577237325317,
        cohen_kappa: 0.4859813084112149,
        log_loss: 0.5752526683924474,
        brier: 0.19998204725,
      },
    ],
    [
      multiclass,
      {
        accuracy: 0.7333333333333333,
        balanced_accuracy: 0.7333333333333334,
        precision_macro: 0.735016835016835,
        recall_macro: 0.7333333333333334,
        f1_macro: 0.7329156223893065,
        precision_weighted: 0.735016835016835,
        recall_weighted: 0.7333333333333333,
        f1_weighted: 0.7329156223893065,
        precision_micro: 0.7333333333333333,
        recall_micro: 0.7333333333333333,
        f1_micro: 0.7333333333333333,
        mcc: 0.6010025069647601,
        cohen_kappa: 0.6,
        log_loss: 0.7206160673649171,
        brier: 0.40949252479940024,
        roc_auc_ovr: 0.9316666666666666,
        roc_auc_ovr_weighted: 0.9316666666666666,
        roc_auc_ovo: 0.9316666666666666,
        roc_auc_ovo_weighted: 0.9316666666666666,
        'precision[b]': 0.7272727272727273,
        'recall[b]': 0.8,
        'f1[b]': 0.7619047619047619,
      },
    ],
    [
      regression,
      {
        mae: 0.8405,
        mse: 0.9014943999999998,
        rmse: 0.9494705893286004,
        r2: 0.9273317542567515,
        mape: 0.09616076043501649,
        median_ae: 0.9214999999999991,
      },
    ],
  ]
  for (const [predictions, expected] of cases) {
    it.each(Object.entries(expected))(`${predictions.task} %s`, (name, value) => {
      const found = estimate(name, predictions)
      expect(Math.abs((found.value ?? Number.NaN) - value)).toBeLessThanOrEqual(1e-12 + 1e-9 * Math.abs(value))
      expect(found.low).not.toBeNull()
      expect(found.low as number).toBeLessThanOrEqual(value)
      expect(found.high as number).toBeGreaterThanOrEqual(value - 1e-12)
      expect(found.support).toBeGreaterThan(0)
    })
  }
  it('covers every metric but ece, which scikit-learn does not have', () => {
    const checked = cases.flatMap(([{ task }, expected]) => Object.keys(expected).map(name => `${task} ${name}`))
    const all = (['binary', 'multiclass', 'regression'] as const).flatMap(task =>
      metricNames(task, [task === 'binary' ? '1' : 'b']).map(name => `${task} ${name}`),
    )
    const rest = ['binary ece', 'binary precision[1]', 'binary recall[1]', 'binary f1[1]', 'multiclass ece']
    expect(all.filter(name => !checked.includes(name))).toEqual(rest)
  })
  it('a class of two by its name is that class', () => {
    for (const name of ['precision', 'recall', 'f1']) expect(estimate(`${name}[1]`, binary)).toEqual(estimate(name, binary))
    expect(estimate('recall[0]', binary)).toEqual(estimate('specificity', binary))
    expect(estimate('precision[0]', binary)).toEqual(estimate('negative_predictive_value', binary))
  })
  it('a class that is not there has no figure, and the classes are named', () => {
    for (const name of ['precision', 'recall', 'f1'])
      expect(estimate(`${name}[d]`, multiclass)).toMatchObject({
        value: null,
        support: 0,
        reason: 'no row is labelled or predicted "d"; the classes are a, b, c',
      })
    expect(metricOf('recall[a]', 'regression')).toBeUndefined()
    expect(metricOf('recall[]', 'multiclass')).toBeUndefined()
    expect(metricOf('accuracy[a]', 'multiclass')).toBeUndefined()
  })
  it('its documented examples', () => {
    const four = binaryOf([0, 0, 1, 1].map((label, row) => ({ id: `${row}`, label, score: [0.1, 0.4, 0.35, 0.8][row] as number })))
    expect(estimate('roc_auc', four).value).toBe(0.75)
    expect(estimate('average_precision', four).value).toBeCloseTo(0.8333333333333333, 12)
    const brier = binaryOf([0, 1, 1, 0].map((label, row) => ({ id: `${row}`, label, score: [0.1, 0.9, 0.8, 0.3][row] as number })))
    expect(estimate('brier', brier).value).toBeCloseTo(0.0375, 12)
    const loss = binaryOf([1, 0, 0, 1].map((label, row) => ({ id: `${row}`, label, score: [0.9, 0.1, 0.2, 0.65][row] as number })))
    expect(estimate('log_loss', loss).value).toBeCloseTo(0.21616187468057912, 12)
  })
})

describe('expected calibration error', () => {
  it('has half-open bins: an edge belongs to the bin above, 1 to the last', () => {
    const rows = [
      { id: 'a', label: 1, score: 1 },
      { id: 'b', label: 0, score: 14 / 15 },
      { id: 'c', label: 0, score: 1 / 15 },
      { id: 'd', label: 0, score: 0 },
    ]
    // Bins: {1, 14/15} with gap (1 - 1) + (0 - 14/15), {1/15} with gap -1/15, {0} with gap 0.
    expect(estimate('ece', binaryOf(rows)).value).toBeCloseTo((14 / 15 + 1 / 15) / 4, 12)
  })
})

describe('undefined is null with a reason', () => {
  const onlyNegative = binaryOf([0, 1, 2].map(row => ({ id: `${row}`, label: 0, score: 0.1 })))
  it.each([
    ['roc_auc', 'no row has the positive label'],
    ['recall', 'no row has the positive label'],
    ['precision', 'no row is predicted positive'],
    ['f1', 'no row is labelled or predicted positive'],
    ['mcc', 'every row has the same label or the same prediction'],
    ['balanced_accuracy', 'every row has the same label'],
  ])('%s', (name, reason) => {
    expect(estimate(name, onlyNegative)).toMatchObject({ value: null, low: null, high: null, reason })
  })
  it('scores that are no probabilities', () => {
    const far = binaryOf([0, 1, 1, 0].map((label, row) => ({ id: `${row}`, label, score: row * 2 })))
    for (const name of ['brier', 'log_loss', 'ece']) expect(estimate(name, far).reason).toMatch(/outside \[0, 1\]/)
    expect(estimate('roc_auc', far).value).not.toBeNull()
  })
  it('a prediction that there is no threshold for', () => {
    expect(estimate('recall', { ...binary, predicted: null }).reason).toMatch(/names no threshold/)
  })
})

describe('perfect separation', () => {
  it('is not certainty', () => {
    const rows = Array.from({ length: 40 }, (_, row) => ({ id: `${row}`, label: row % 2, score: row % 2 ? 0.9 : 0.1 }))
    const found = estimate('roc_auc', binaryOf(rows))
    expect(found).toMatchObject({ value: 1, high: 1 })
    expect(found.low as number).toBeLessThan(0.9)
  })
})

describe('rounding is no evidence', () => {
  const compared = (name: string, ours: Predictions, theirs: Predictions) => {
    const metric = metricOf(name, ours.task)
    if (!metric) throw new Error(name)
    return differenceOf(
      metric,
      { sample: ours, estimate: estimate(name, ours) },
      { sample: theirs, estimate: estimate(name, theirs) },
      method,
    )
  }
  const far = (by: number) => otherOf({ task: 'regression', classes: [], labels: targets, predicted: targets.map(target => target + by) })
  it('a perfect order has the average precision 1, and these rows do not say how sure that is', () => {
    for (const positives of [3, 6, 10, 49]) {
      const rows = Array.from({ length: 3 * positives }, (_, row) => ({
        id: `${row}`,
        label: row < positives ? 1 : 0,
        score: 1 - row / (3 * positives),
      }))
      expect(estimate('average_precision', binaryOf(rows))).toMatchObject({ value: 1, low: null, high: null })
    }
  })
  it('errors that are all alike have no interval and no p-value', () => {
    for (const name of ['mae', 'rmse']) {
      expect(estimate(name, far(0.1))).toMatchObject({ low: null, high: null })
      expect(compared(name, far(0.1), far(0.3))).toMatchObject({ p: null, statistic: null, detectable: null })
    }
  })
  it('labels that are all alike have no R²', () => {
    for (const [label, rows] of [
      [0.1, 3],
      [0.1, 7],
      [1e6 + 0.3, 11],
    ] as const) {
      const same = new Float64Array(rows).fill(label)
      for (const predicted of [same, same.map((value, row) => value + row)]) {
        const found = estimate('r2', otherOf({ task: 'regression', classes: [], labels: same, predicted }))
        expect(found).toMatchObject({ value: null, reason: 'every row has the same label' })
      }
    }
  })
  it('R² and its interval do not change when everything moves by a large number', () => {
    const label = Float64Array.of(251, 59, 248).map(value => value / 256)
    const guess = (by: number) =>
      estimate(
        'r2',
        otherOf({ task: 'regression', classes: [], labels: label.map(value => value + by), predicted: label.map(value => by - 9 * value) }),
      )
    const [near, far] = [guess(0), guess(2 ** 30 + 1 / 256)]
    for (const what of ['value', 'low', 'high'] as const) expect((far[what] as number) / (near[what] as number)).toBeCloseTo(1, 12)
  })
  it('a model is as well calibrated as itself, exactly', () => {
    const found = compared('ece', binary, { ...binary, scores: binary.scores?.slice() ?? null })
    expect(found).toMatchObject({ value: 0, low: 0, high: 0, p: 1, detectable: null })
    const constant = binaryOf(Array.from({ length: 30 }, (_, row) => ({ id: `${row}`, label: 1, score: 0.3 })))
    expect(estimate('ece', constant)).toMatchObject({
      value: expect.closeTo(0.7, 14),
      low: null,
      high: null,
      reason: expect.stringMatching(/do not vary/),
    })
  })
})

describe('intervals without resampling agree with the row bootstrap', () => {
  const random = uniform(3)
  const rows = Array.from({ length: 400 }, (_, row) => {
    const label = random() < 0.3 ? 1 : 0
    return {
      id: `r${row}`,
      label,
      score: Math.round((0.25 + 0.3 * label + 0.4 * random()) * 100) / 100,
      other: Math.min(1, 0.3 * label + 0.7 * random()),
    }
  })
  const first = binaryOf(rows)
  const second = binaryOf(rows.map(row => ({ ...row, score: row.other })))
  it.each(['average_precision', 'roc_auc', 'ece'])('%s', name => {
    const metric = metricOf(name, 'binary')
    if (!metric) throw new Error(name)
    const draw = uniform(11)
    const few = { ...method, resamples: 2 }
    const bootstrap = distribution(600, () => {
      const drawn = Uint32Array.from(rows, () => Math.floor(draw() * rows.length))
      const [a, b] = [estimateOf(metric, partOf(first, drawn), few), estimateOf(metric, partOf(second, drawn), few)]
      return (a.value ?? Number.NaN) - (b.value ?? Number.NaN)
    })
    const [a, b] = [estimate(name, first), estimate(name, second)]
    const found = differenceOf(metric, { sample: first, estimate: a }, { sample: second, estimate: b }, { ...method, resamples: 2000 })
    const width = (found.high as number) - (found.low as number)
    expect(width / (2 * 1.96 * bootstrap.error)).toBeGreaterThan(0.85)
    expect(width / (2 * 1.96 * bootstrap.error)).toBeLessThan(1.15)
  })
})
