import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AssessmentRequest, assess } from '../../../src/core/comparison/assess.ts'
import type { Assessment } from '../../../src/core/comparison/assessment.ts'
import type { ModelConfiguration } from '../../../src/core/configuration/schema.ts'
import { TextBuilder } from '../../../src/core/evaluation/columns.ts'
import { type Predictions, textAt } from '../../../src/core/evaluation/predictions.ts'
import { partOf } from '../../../src/core/evaluation/sample.ts'
import { drawNormal, uniform } from '../../../src/core/statistics/random.ts'
import { binaryOf, otherOf, rulesOf, runOf } from '../evaluation/fixtures.ts'

const zero = '0'.repeat(64)

const permuted = (predictions: Predictions, seed: number): Predictions => {
  const random = uniform(seed)
  const order = Uint32Array.from({ length: predictions.rows }, (_, row) => row)
  for (let last = order.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[order[last], order[other]] = [order[other] as number, order[last] as number]
  }
  const ids = new TextBuilder()
  for (const row of order) ids.addValue(textAt(predictions.ids, row))
  const slices = [...predictions.slices].map(
    ([name, { codes, values }]) => [name, { values, codes: Uint16Array.from(order, row => codes[row] as number) }] as const,
  )
  return { ...predictions, ...partOf(predictions, order), ids: ids.build(), slices: new Map(slices) }
}

/** Two models on the same rows, the second a little better or worse. */
const binaryPair = (rows: number, seed: number) => {
  const random = uniform(seed)
  const labels = Array.from({ length: rows }, () => (random() < 0.4 ? 1 : 0))
  const regions = labels.map(() => (random() < 0.3 ? 'US' : 'EU'))
  const model = (skill: number) =>
    binaryOf(
      labels.map((label, row) => {
        const raw = Math.min(1, Math.max(0, 0.5 + (label - 0.5) * skill + (random() - 0.5) * 0.9))
        return { id: `r${row}`, label, region: regions[row] as string, score: seed % 2 ? raw : Math.round(raw * 10) / 10 }
      }),
    )
  return [model(0.5), model(0.4)] as const
}

const multiclassPair = (rows: number, seed: number) => {
  const random = uniform(seed)
  const labels = Uint16Array.from({ length: rows }, () => Math.floor(random() * 3))
  const model = (skill: number) => {
    const raw = Array.from(labels, label => [0, 1, 2].map(index => random() + (index === label ? skill : 0)))
    return otherOf({
      task: 'multiclass',
      classes: ['a', 'b', 'c'],
      labels,
      predicted: Uint16Array.from(raw, row => row.indexOf(Math.max(...row))),
      probabilities: [0, 1, 2].map(index => Float64Array.from(raw, row => (row[index] as number) / row.reduce((a, b) => a + b, 0))),
    })
  }
  return [model(0.4), model(0.3)] as const
}

const regressionPair = (rows: number, seed: number) => {
  const random = uniform(seed)
  const labels = Float64Array.from({ length: rows }, () => 10 + 3 * drawNormal(random))
  const model = (spread: number) =>
    otherOf({ task: 'regression', classes: [], labels, predicted: labels.map(label => label + spread * drawNormal(random)) })
  return [model(1), model(1.05)] as const
}

const judge = (rules: ModelConfiguration, challenger: Predictions, champion: Predictions): Assessment => {
  const request: AssessmentRequest = {
    model: 'churn',
    rules,
    policy: { from: 'refline.yml of main', digest: zero, loosened: [] },
    run: runOf(),
    runDigest: zero,
    challenger,
    opponent: { kind: 'champion', version: 1 },
    champion,
    change: 'changed',
    override: null,
    problem: null,
  }
  return assess(request)
}

/** What is said, without figures. */
const said = (found: Assessment) => ({
  verdict: found.verdict,
  decision: found.decision,
  headline: found.headline,
  holdout: found.holdout,
  rows: found.rows.map(row => [row.metric, row.verdict, row.rules.map(rule => [rule.kind, rule.verdict, rule.proven])]),
  slices: found.slices.map(slice => [slice.value, slice.metric, slice.verdict, slice.support]),
})

/** Every number of the answer, by where it stands. */
const numbersOf = (value: unknown, path = ''): [string, number][] => {
  if (typeof value === 'number') return [[path, value]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, part]) => numbersOf(part, `${path}/${key}`))
}

const tasks = [
  [
    binaryPair,
    {
      gates: { roc_auc: { min: 0.7, max_drop: 0.02 }, f1: { min: 0.5 }, ece: { max: 0.2, max_rise: 0.05 }, log_loss: { max_rise: 0.1 } },
      slices: { region: { min_support: 5, recall: { min: 0.4 } } },
    },
  ],
  [
    multiclassPair,
    { task: 'multiclass', primary: 'accuracy', gates: { f1_macro: { min: 0.5, max_drop: 0.05 }, roc_auc_ovr: { max_drop: 0.01 } } },
  ],
  [
    regressionPair,
    { task: 'regression', primary: 'mae', gates: { mae: { max_rise: '5%' }, median_ae: { max: 1 }, r2: { max_drop: 0.1 } } },
  ],
] as const

describe('the order of the rows', () => {
  it.each(tasks)('changes nothing: %o', (pairOf, section) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 5, max: 300 }),
        fc.integer({ min: 1, max: 1e6 }),
        fc.constantFrom('point', 'fail', 'warn'),
        (rows, seed, policy) => {
          const [challenger, champion] = pairOf(rows, seed)
          const rules = rulesOf({ ...section, on_inconclusive: policy })
          const first = judge(rules, challenger, champion)
          const again = judge(rules, permuted(challenger, seed + 1), permuted(champion, seed + 2))
          expect(said(again)).toEqual(said(first))
          const [before, after] = [new Map(numbersOf(first)), new Map(numbersOf(again))]
          expect([...after.keys()]).toEqual([...before.keys()])
          for (const [path, figure] of before)
            expect(Math.abs((after.get(path) as number) - figure), path).toBeLessThanOrEqual(1e-10 + 1e-9 * Math.abs(figure))
        },
      ),
      { numRuns: 8, seed: 20240601 },
    )
  })
})
