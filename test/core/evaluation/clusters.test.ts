import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { differenceOf, estimateOf } from '../../../src/core/evaluation/metrics/metric.ts'
import { metricNames } from '../../../src/core/evaluation/metrics.ts'
import type { Task } from '../../../src/core/evaluation/predictions.ts'
import { partOf, type Sample } from '../../../src/core/evaluation/sample.ts'
import { uniform } from '../../../src/core/statistics/random.ts'
import { metricNamed, noisy } from './noisy-rows.ts'

const few = { confidence: 0.95, seed: 20240601, resamples: 400 }
const more = { ...few, resamples: 3000 }
/** So many resamples that no bootstrap is affordable. */
const robust = { ...few, resamples: 1e9 }

const estimate = (name: string, sample: Sample, method = few) => estimateOf(metricNamed(name, sample.task), sample, method)
const compare = (name: string, ours: Sample, theirs: Sample, method = few) =>
  differenceOf(
    metricNamed(name, ours.task),
    { sample: ours, estimate: estimate(name, ours, { ...method, resamples: 2 }) },
    { sample: theirs, estimate: estimate(name, theirs, { ...method, resamples: 2 }) },
    method,
  )
const tasks: readonly Task[] = ['binary', 'multiclass', 'regression']
const namesOf = ({ task, classes }: Sample): string[] => metricNames(task, classes.slice(1, 2))
const widthOf = ({ low, high }: { readonly low: number | null; readonly high: number | null }): number => (high as number) - (low as number)
/** Neither bootstrapped nor by a robust error: there is no robust form of what has no slope. */
const always = (name: string): string | null => (name === 'ece' ? 'bootstrap' : name.startsWith('roc_auc_ovo') ? 'robust' : null)

const repeated = (sample: Sample, times: number): Sample => {
  const rows = Uint32Array.from({ length: sample.rows * times }, (_, row) => Math.floor(row / times))
  return { ...partOf(sample, rows), clusters: rows }
}

describe('rows that stand several times are no more evidence', () => {
  for (const task of tasks) {
    const [first, second] = noisy(task, 301, 21)
    it.each(namesOf(first))(`${task} %s`, name => {
      const [plain, gap] = [estimate(name, first, more), compare(name, first, second, more)]
      for (const method of [more, robust]) {
        if (method === robust && always(name) === 'bootstrap') continue
        const [found, difference] = [
          estimate(name, repeated(first, 4), method),
          compare(name, repeated(first, 4), repeated(second, 4), method),
        ]
        expect(found.value).toBeCloseTo(plain.value as number, 12)
        expect(difference.value).toBeCloseTo(gap.value as number, 12)
        const kind = always(name) ?? (method === more ? 'bootstrap' : 'robust')
        expect(found.method).toMatch(new RegExp(`${kind}.*, \\d+ clusters$`))
        expect(difference.method).toMatch(new RegExp(`${kind}.*clusters$`))
        // Rows taken as independent would give half of it.
        expect(widthOf(found) / widthOf(plain)).toBeGreaterThan(0.85)
        expect(widthOf(found) / widthOf(plain)).toBeLessThan(1.18)
        expect(widthOf(difference) / widthOf(gap)).toBeGreaterThan(0.85)
        expect(widthOf(difference) / widthOf(gap)).toBeLessThan(1.18)
      }
    })
  }
})

describe('clusters of one row each are independent rows', () => {
  for (const task of tasks) {
    const [first, second] = noisy(task, 301, 22)
    const alone = <S extends Sample>(sample: S): S => ({
      ...sample,
      clusters: Uint32Array.from({ length: sample.rows }, (_, row) => 7 * row),
    })
    it.each(namesOf(first))(`${task} %s`, name => {
      const ratios = [
        [estimate(name, alone(first), more), estimate(name, first, more)],
        [compare(name, alone(first), alone(second), more), compare(name, first, second, more)],
      ] as const
      for (const [clustered, plain] of ratios) {
        expect(clustered.value).toBeCloseTo(plain.value as number, 12)
        expect(clustered.support).toBe(plain.support)
        // Order statistics are not the ends of a bootstrap, and errors that are rounded are few.
        expect(widthOf(clustered) / widthOf(plain)).toBeGreaterThan(name === 'median_ae' ? 0.75 : 0.85)
        expect(widthOf(clustered) / widthOf(plain)).toBeLessThan(1.18)
      }
    })
  }
})

describe('rows that a cluster makes alike', () => {
  it.each(tasks)('%s: wider than if they were independent, alike by both ways', task => {
    const [first] = noisy(task, 900, 23, 90)
    const independent = { ...first, clusters: null }
    for (const name of namesOf(first).filter(one => always(one) === null)) {
      const [drawn, error] = [estimate(name, first, more), estimate(name, first, robust)]
      expect(drawn.value).toBe(estimate(name, independent).value)
      expect(widthOf(drawn) / widthOf(error), name).toBeGreaterThan(0.8)
      expect(widthOf(drawn) / widthOf(error), name).toBeLessThan(1.25)
    }
    const alike = { binary: 'roc_auc', multiclass: 'recall[a]', regression: 'mae' }[task]
    expect(widthOf(estimate(alike, first, more)) / widthOf(estimate(alike, independent, more))).toBeGreaterThan(1.2)
  })
})

describe('too few clusters', () => {
  it.each(tasks)('%s: one gives no interval, a handful is marked', task => {
    const [first, second] = noisy(task, 120, 24)
    const inOne = <S extends Sample>(sample: S): S => ({ ...sample, clusters: new Uint32Array(sample.rows).fill(9) })
    const inTwelve = { ...first, clusters: Uint32Array.from({ length: 120 }, (_, row) => row % 12) }
    for (const name of namesOf(first)) {
      const found = estimate(name, inOne(first))
      expect(found).toMatchObject({ value: estimate(name, first).value, low: null, high: null, method: null })
      expect(found.reason).toMatch(/all of one cluster/)
      expect(compare(name, inOne(first), inOne(second))).toMatchObject({
        low: null,
        p: null,
        reason: expect.stringMatching(/all of one cluster/),
      })
      // Too few to be drawn: Student's t is wider.
      expect(estimate(name, inTwelve).method).toMatch(name === 'ece' ? /bootstrap, 12 clusters \(few\)$/ : /robust, 12 clusters \(few\)$/)
    }
  })
  it('clusters that have none of the rows in question do not count', () => {
    const [first] = noisy('binary', 200, 25)
    const clusters = Uint32Array.from(first.labels, (label, row) => (label === 1 ? 0 : 1 + (row % 40)))
    expect(estimate('recall', { ...first, clusters }).reason).toMatch(/all of one cluster/)
    expect(estimate('specificity', { ...first, clusters }).method).toBe('cluster bootstrap, 40 clusters')
  })
  it('nothing wrong in any cluster is as sure as that many clusters, not rows', () => {
    const [first] = noisy('binary', 200, 26)
    const perfect = { ...first, predicted: first.labels as Uint16Array, scores: Float64Array.from(first.labels) }
    const [rows, clusters] = [perfect, { ...perfect, clusters: Uint32Array.from({ length: 200 }, (_, row) => row % 20) }].map(sample =>
      (['accuracy', 'recall', 'roc_auc'] as const).map(name => estimate(name, sample)),
    )
    for (const [index, found] of (clusters ?? []).entries()) {
      expect(found).toMatchObject({ value: 1, high: 1 })
      expect(found.low as number).toBeLessThan((rows?.[index]?.low as number) - 0.05)
    }
  })
})

describe('the order of rows, the names of clusters and which model comes first change nothing', () => {
  const shuffled = (rows: number, seed: number): Uint32Array => {
    const random = uniform(seed)
    const keys = Float64Array.from({ length: rows }, () => random())
    return Uint32Array.from(keys, (_, row) => row).sort((a, b) => (keys[a] as number) - (keys[b] as number))
  }
  const order = fc.record({ seed: fc.integer({ min: 1, max: 1e6 }), clusters: fc.constantFrom(0, 7, 25), weighted: fc.boolean() })
  it.each(tasks)('%s', task => {
    fc.assert(
      fc.property(order, ({ seed, clusters, weighted }) => {
        const random = uniform(seed + 1)
        const weights = weighted ? Float64Array.from({ length: 75 }, () => Math.ceil(4 * random()) / 2) : null
        const [first, second] = noisy(task, 75, seed, clusters)
        const [ours, theirs] = [
          { ...first, weights },
          { ...second, weights },
        ]
        const rows = shuffled(75, seed + 2)
        const moved = (sample: Sample): Sample => {
          const part = partOf(sample, rows)
          return { ...part, clusters: part.clusters?.map(cluster => 1000 - 3 * cluster) ?? null }
        }
        for (const name of namesOf(first)) {
          const pairs = [
            [estimate(name, ours), estimate(name, moved(ours))],
            [compare(name, ours, theirs), compare(name, moved(ours), moved(theirs))],
          ] as const
          for (const [before, after] of pairs) {
            expect(after).toMatchObject({ method: before.method, support: before.support })
            for (const key of ['value', 'low', 'high'] as const) {
              if (before[key] === null) expect(after[key]).toBeNull()
              else expect(after[key], `${name} ${key}`).toBeCloseTo(before[key], 9)
            }
          }
          if (clusters === 0 && !weighted) continue
          const [there, back] = [compare(name, ours, theirs), compare(name, theirs, ours)]
          expect((back.value ?? 0) + (there.value ?? 0)).toBe(0)
          if (there.low === null || there.high === null) continue
          // Sums that are drawn as normal are drawn one model after the other.
          const near = there.method?.includes('drawn as normal') ? 0.3 * widthOf(there) : 1e-9
          expect(Math.abs((back.low as number) + there.high), name).toBeLessThanOrEqual(near)
          expect(Math.abs((back.high as number) + there.low), name).toBeLessThanOrEqual(near)
        }
      }),
      // The example has two rows in a cell that go together but for a rounding error.
      { numRuns: 12, examples: [[{ seed: 441_226, clusters: 0, weighted: false }]] },
    )
  })
})

describe('rows that say nothing of how they vary', () => {
  it('are alike in all clusters, and no cluster takes part by the last digit of one row', () => {
    const rows = 60
    const labels = new Float64Array(rows)
    labels[7] = 3
    // 3.1 - 3 is not 0.1.
    const predicted = labels.map(label => label + 0.1)
    const [first] = noisy('regression', rows, 1)
    const sample = { ...first, labels, predicted, clusters: Uint32Array.from({ length: rows }, (_, row) => row % 5) }
    for (const name of ['mae', 'mse', 'rmse'])
      expect(metricNamed(name, 'regression').measure(sample, few)).toMatchObject({
        interval: null,
        method: expect.stringMatching(/, 5 clusters/),
      })
  })
})
