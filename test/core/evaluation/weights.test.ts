import { describe, expect, it } from 'vitest'
import { differenceOf, estimateOf } from '../../../src/core/evaluation/metrics/metric.ts'
import { metricNames } from '../../../src/core/evaluation/metrics.ts'
import { partOf, type Sample, weighing } from '../../../src/core/evaluation/sample.ts'
import { distribution } from '../../../src/core/statistics/bootstrap.ts'
import { wilsonInterval } from '../../../src/core/statistics/proportions.ts'
import { uniform } from '../../../src/core/statistics/random.ts'
import { metricNamed, noisy } from './noisy-rows.ts'
import { binary, multiclass, regression } from './scored-rows.ts'

const few = { confidence: 0.95, seed: 20240601, resamples: 400 }
const more = { ...few, resamples: 4000 }
const estimate = (name: string, sample: Sample, method = few) => estimateOf(metricNamed(name, sample.task), sample, method)
const compare = (name: string, ours: Sample, theirs: Sample, method = few) =>
  differenceOf(
    metricNamed(name, ours.task),
    { sample: ours, estimate: estimate(name, ours) },
    { sample: theirs, estimate: estimate(name, theirs) },
    method,
  )
const namesOf = ({ task, classes }: Sample): string[] => metricNames(task, classes.slice(1, 2))
const eachMetric = [binary, multiclass, regression].flatMap(sample => namesOf(sample).map(name => [sample.task, name, sample] as const))
const weigh = <S extends Sample>(sample: S, of: (row: number) => number): S => ({
  ...sample,
  weights: Float64Array.from({ length: sample.rows }, (_, row) => of(row)),
})

describe('scikit-learn with sample_weight on the same rows', () => {
  // By scikit-learn 1.9.1 with the weights 1 + row % 4 and (1 + row % 7) / 8.
  const cases: [Sample, Record<string, readonly [number, number]>][] = [
    [
      binary,
      {
        roc_auc: [0.8291666666666666, 0.8056959892146951],
        average_precision: [0.7728106121066705, 0.7789967267449727],
        accuracy: [0.72, 0.7483870967741936],
        balanced_accuracy: [0.7666666666666666, 0.7732558139534884],
        precision: [0.5882352941176471, 0.6388888888888888],
        recall: [1, 1],
        specificity: [0.5333333333333333, 0.5465116279069767],
        false_positive_rate: [0.4666666666666667, 0.4534883720930233],
        negative_predictive_value: [1, 1],
        f1: [0.7407407407407407, 0.7796610169491526],
        mcc: [0.560112033611204, 0.5908977971852207],
        cohen_kappa: [0.4776119402985074, 0.5175963610246588],
        log_loss: [0.561721221769565, 0.5666103717165619],
        brier: [0.1954663256, 0.1958176661935484],
      },
    ],
    [
      multiclass,
      {
        accuracy: [0.8904109589041096, 0.7478260869565218],
        balanced_accuracy: [0.8898550724637682, 0.7480769230769231],
        mcc: [0.83563604740712, 0.621735196594047],
        cohen_kappa: [0.8354002254791432, 0.6214528944381384],
        log_loss: [0.6914647633708491, 0.7371028951022586],
        brier: [0.3894738027315603, 0.42144414521864776],
        roc_auc_ovr: [0.9488768115942029, 0.930474202383596],
        roc_auc_ovr_weighted: [0.9496917808219179, 0.9314226071507884],
        precision_macro: [0.8912354312354313, 0.748288403936671],
        recall_macro: [0.8898550724637682, 0.7480769230769231],
        f1_macro: [0.8902832244008714, 0.7478632478632479],
        precision_weighted: [0.8907462400613085, 0.7483730535245856],
        recall_weighted: [0.8904109589041096, 0.7478260869565218],
        f1_weighted: [0.8903214253738024, 0.7477703455964326],
        f1_micro: [0.8904109589041096, 0.7478260869565218],
        'precision[b]': [0.8846153846153846, 0.7317073170731707],
        'recall[b]': [0.92, 0.7692307692307693],
        'f1[b]': [0.9019607843137255, 0.75],
      },
    ],
    [
      regression,
      {
        mae: [0.8637900000000001, 0.8279225806451613],
        mse: [0.93603903, 0.8685069548387095],
        rmse: [0.9674911007342651, 0.9319372054160675],
        r2: [0.9232511994881796, 0.9308572416985412],
        mape: [0.09802193604512045, 0.09514419792908811],
        median_ae: [0.9740000000000002, 0.9029999999999987],
      },
    ],
  ]
  for (const [sample, expected] of cases) {
    it.each(Object.entries(expected))(`${sample.task} %s`, (name, [whole, parts]) => {
      for (const [of, value] of [
        [(row: number) => 1 + (row % 4), whole],
        [(row: number) => (1 + (row % 7)) / 8, parts],
      ] as const) {
        const found = estimate(name, weigh(sample, of))
        expect(Math.abs((found.value ?? Number.NaN) - value)).toBeLessThanOrEqual(1e-12 + 1e-9 * Math.abs(value))
        expect(found.low as number).toBeLessThan(value)
        expect(found.high as number).toBeGreaterThanOrEqual(value - 1e-12)
        expect(found.high as number).toBeGreaterThan(found.low as number)
        expect(found.support).toBe(estimate(name, sample).support)
      }
    })
  }
})

describe('what a weight means', () => {
  it.each(eachMetric)('%s %s: a whole weight is as many rows', (_, name, sample) => {
    const times = (row: number): number => (row * 7) % 4
    const repeated = Uint32Array.from(Array.from({ length: sample.rows }, (_, row) => Array<number>(times(row)).fill(row)).flat())
    const [weighted, rows] = [estimate(name, weigh(sample, times)), estimate(name, partOf(sample, repeated))]
    expect(weighted.value).not.toBeNull()
    expect(Math.abs((weighted.value as number) - (rows.value as number))).toBeLessThanOrEqual(1e-12)
    // Rows of weight 0 are none, and the others count once: they are no more evidence for being heavy.
    expect(weighted.support as number).toBeLessThan(rows.support as number)
  })
  it.each(eachMetric)('%s %s: only ratios matter', (_, name, sample) => {
    const base = weigh(sample, row => 1 + (row % 5) / 2)
    const found = estimate(name, base)
    // Where half of the weight lies exactly between two rows decides a median: powers of two do not round it.
    for (const factor of name === 'median_ae' ? [2 ** -40, 2 ** 600] : [2 ** -40, 0.1, 3, 1e200]) {
      const scaled = estimate(
        name,
        weigh(base, row => factor * (base.weights?.[row] as number)),
      )
      expect(scaled).toMatchObject({ method: found.method, support: found.support, reason: found.reason })
      for (const key of ['value', 'low', 'high'] as const) {
        if (found[key] === null) expect(scaled[key]).toBeNull()
        else expect(scaled[key]).toBeCloseTo(found[key], 9)
      }
    }
  })
  it.each(eachMetric)('%s %s: equal weights are none', (_, name, sample) => {
    expect(
      estimate(
        name,
        weigh(sample, () => 0.3),
      ),
    ).toEqual(estimate(name, sample))
  })
})

describe('weights of 0 and 1', () => {
  it.each(eachMetric)('%s %s: give the figures of the rows that weigh 1', (_, name, sample) => {
    const kept = Uint32Array.from({ length: sample.rows }, (_, row) => row).filter(row => row % 5 > 0)
    expect(
      estimate(
        name,
        weigh(sample, row => (row % 5 > 0 ? 1 : 0)),
      ),
    ).toEqual(estimate(name, partOf(sample, kept)))
  })
})

describe('one row that weighs as much as all others', () => {
  it('leaves the calibration error a standard error below 1: its weight as a divisor stays what it is', () => {
    const sample = weigh(
      partOf(
        binary,
        Uint32Array.from({ length: 8 }, (_, row) => row),
      ),
      row => (row === 0 ? 400 : 1 + row),
    )
    for (const seed of [1, 2, 3]) {
      const found = metricNamed('ece', 'binary').measure(weighing(sample), { ...more, seed })
      expect(found).toMatchObject({ error: expect.any(Number) })
      expect('error' in found && found.error).toBeLessThan(1)
    }
  })
})

describe('weights that are none', () => {
  it.each([
    [Number.NaN, /not a finite number/],
    [-1, /not a finite number/],
    [Number.POSITIVE_INFINITY, /not a finite number/],
  ])('%s', (bad, reason) => {
    const weighted = weigh(binary, row => (row === 3 ? bad : 1))
    for (const name of namesOf(binary))
      expect(estimate(name, weighted)).toMatchObject({ value: null, reason: expect.stringMatching(reason) })
  })
  it('all 0', () => {
    const weightless = weigh(binary, () => 0)
    expect(estimate('accuracy', weightless)).toMatchObject({ value: null, reason: 'every row weighs 0' })
  })
  it('rows that weigh one thing for one model and another for the other are not compared', () => {
    const ours = weigh(binary, row => 1 + (row % 2))
    for (const theirs of [binary, weigh(binary, row => 1 + (row % 3))]) {
      expect(compare('accuracy', ours, theirs)).toMatchObject({ value: null, low: null, reason: expect.stringMatching(/weigh one thing/) })
    }
    expect(
      compare(
        'accuracy',
        ours,
        weigh(binary, row => 1 + (row % 2)),
      ).low,
    ).not.toBeNull()
  })
})

describe('the error of a weighted figure', () => {
  it('a share is Wilson on as many rows as have its error, and on Kish rows where nothing failed', () => {
    // Weights 1 and 3, half of the rows each; the heavy ones are right, and every other light one.
    const rows = 80
    const weights = Float64Array.from({ length: rows }, (_, row) => (row % 2 ? 3 : 1))
    const right = Float64Array.from({ length: rows }, (_, row) => (row % 4 === 0 ? 0 : 1))
    const labels = new Uint16Array(rows).fill(1)
    const sample: Sample = { ...binary, rows, labels, predicted: Uint16Array.from(right), scores: null, weights }
    const value = (3 * 40 + 20) / 160
    let squares = 0
    for (let row = 0; row < rows; row++) squares += (((weights[row] as number) * ((right[row] as number) - value)) / 160) ** 2
    const trials = (value * (1 - value)) / ((squares * rows) / (rows - 1))
    const { low, high } = wilsonInterval(value * trials, trials, 0.95)
    expect(estimate('accuracy', sample)).toMatchObject({ value, low: expect.closeTo(low, 12), high: expect.closeTo(high, 12) })
    const kish = 160 ** 2 / (40 * 1 + 40 * 9)
    const all = estimate('accuracy', { ...sample, predicted: labels })
    expect(all).toMatchObject({ value: 1, high: 1, low: expect.closeTo(wilsonInterval(kish, kish, 0.95).low, 12) })
  })
  it('weights that are nearly equal nearly give the interval of rows that count alike', () => {
    for (const task of ['binary', 'multiclass', 'regression'] as const) {
      // An odd number of rows has one median, whatever tips the scale.
      const [first, second] = noisy(task, 401, 5)
      const nudged = <S extends Sample>(sample: S): S => weigh(sample, row => 1 + 1e-9 * (row % 2))
      for (const name of namesOf(first)) {
        const width = ({ low, high }: { low: number | null; high: number | null }): number => (high as number) - (low as number)
        const [plain, weighted] = [estimate(name, first, more), estimate(name, nudged(first), more)]
        expect(weighted.value).toBeCloseTo(plain.value as number, 7)
        expect(width(weighted) / width(plain), `${name} interval`).toBeGreaterThan(0.85)
        expect(width(weighted) / width(plain), `${name} interval`).toBeLessThan(1.15)
        const ratio = width(compare(name, nudged(first), nudged(second), more)) / width(compare(name, first, second, more))
        expect(ratio, `${name} difference`).toBeGreaterThan(0.85)
        expect(ratio, `${name} difference`).toBeLessThan(1.15)
      }
    }
  })
  it.each(['binary', 'multiclass', 'regression'] as const)('agrees with resampling weighted rows: %s', task => {
    const weightOf = uniform(8)
    const weights = Float64Array.from({ length: 400 }, () => 0.2 + 3 * weightOf() ** 2)
    const [one, other] = noisy(task, 400, 6)
    const [first, second] = [
      { ...one, weights },
      { ...other, weights },
    ]
    const names = namesOf(first)
    const draw = uniform(11)
    const resamples = 300
    const drawn = Array.from({ length: resamples }, () => Uint32Array.from(weights, () => Math.floor(draw() * weights.length)))
    const parts = drawn.map(rows => [weighing(partOf(first, rows)), weighing(partOf(second, rows))] as const)
    for (const name of names) {
      const metric = metricNamed(name, task)
      const least = { ...few, resamples: 2 }
      const pointOf = (sample: Sample): number => {
        const measured = metric.measure(sample, least)
        return 'value' in measured ? measured.value : Number.NaN
      }
      const values = parts.map(([ours, theirs]) => [pointOf(ours), pointOf(theirs)] as const)
      const spread = (of: (pair: readonly [number, number]) => number): number => {
        const left = values.values()
        return distribution(resamples, () => of(left.next().value as readonly [number, number])).error
      }
      const measured = metric.measure(weighing(first), few)
      const error = 'value' in measured ? (measured.error as number) : Number.NaN
      const compared = metric.compare(weighing(first), weighing(second), few)
      // The root of 2 * 300 makes 4 standard errors of a bootstrap error 16 %.
      for (const [ours, theirs] of [
        [error, spread(([ours]) => ours)],
        [compared.error as number, spread(([ours, theirs]) => ours - theirs)],
      ] as const) {
        expect(ours / theirs, name).toBeGreaterThan(0.8)
        expect(ours / theirs, name).toBeLessThan(1.25)
      }
    }
  })
})
