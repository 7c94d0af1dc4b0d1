import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AssessmentRequest, assess } from '../../../src/core/comparison/assess.ts'
import type { Assessment } from '../../../src/core/comparison/assessment.ts'
import type { ModelConfiguration } from '../../../src/core/configuration/schema.ts'
import { metricOf } from '../../../src/core/evaluation/metrics.ts'
import type { Predictions, Task } from '../../../src/core/evaluation/predictions.ts'
import { rulesOf, runOf } from '../evaluation/fixtures.ts'
import { clustered, everyName, type Pair, pairs, permuted, weighted } from '../evaluation/pairs.ts'

const zero = '0'.repeat(64)

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
  notes: [...found.notes].sort(),
})

/** Every number of the answer, by where it stands. */
const numbersOf = (value: unknown, path = ''): [string, number][] => {
  if (typeof value === 'number') return [[path, value]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, part]) => numbersOf(part, `${path}/${key}`))
}

/** A gate on every metric of a task, some with a comparison; and in binary tasks a slice with every metric. */
const everyMetric = (task: Task, primary: string): ModelConfiguration => {
  const bounds = everyName(task).map((name, place) => {
    const lower = metricOf(name, task)?.direction === 'lower'
    const change = place % 2 ? {} : { [lower ? 'max_rise' : 'max_drop']: 0.02 }
    return [name, lower ? { max: 0.6 } : { min: 0.6 }, change] as const
  })
  const gates = Object.fromEntries(bounds.map(([name, limit, change]) => [name, { ...limit, ...change }]))
  const slice = Object.fromEntries(bounds.map(([name, limit]) => [name, limit]))
  return rulesOf({ task, primary, gates, slices: task === 'binary' ? { region: { min_support: 5, ...slice } } : {} })
}

const tasks = [
  ['binary', 'roc_auc'],
  ['multiclass', 'accuracy'],
  ['regression', 'mae'],
] as const

/** Figures agree up to what sums in another order lose; where sums are drawn as normal, up to the root of it, where a variance is 0. */
const kinds: readonly (readonly [string, number, (pair: Pair, seed: number) => Pair])[] = [
  ['rows', 1e-10, pair => pair],
  ['weighted rows', 1e-6, weighted],
  ['rows in clusters', 1e-6, (pair, seed) => clustered(pair, 4, seed)],
]

describe('the order of the rows changes nothing', () => {
  describe.each(kinds)('of %s', (_, lost, made) => {
    it.each(tasks)(
      'in any metric of %s models',
      (task, primary) => {
        const every = everyMetric(task, primary)
        fc.assert(
          fc.property(
            fc.integer({ min: 5, max: 120 }),
            fc.integer({ min: 1, max: 1e6 }),
            fc.constantFrom('point', 'fail', 'warn'),
            (rows, seed, policy) => {
              const [challenger, champion] = made(pairs[task](rows, seed), seed)
              const rules: ModelConfiguration = { ...every, on_inconclusive: policy }
              const first = judge(rules, challenger, champion)
              const again = judge(rules, permuted(challenger, seed + 1), permuted(champion, seed + 2))
              expect(said(again)).toEqual(said(first))
              const [before, after] = [new Map(numbersOf(first)), new Map(numbersOf(again))]
              expect([...after.keys()]).toEqual([...before.keys()])
              for (const [path, figure] of before)
                expect(Math.abs((after.get(path) as number) - figure), path).toBeLessThanOrEqual(lost + 1e-9 * Math.abs(figure))
            },
          ),
          { numRuns: 3, seed: 20240601 },
        )
      },
      60_000,
    )
  })
})
