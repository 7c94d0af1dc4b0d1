import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AssessmentRequest, assess } from '../../../src/core/comparison/assess.ts'
import type { ModelConfiguration } from '../../../src/core/configuration/schema.ts'
import { metricOf } from '../../../src/core/evaluation/metrics.ts'
import type { Predictions, Task } from '../../../src/core/evaluation/predictions.ts'
import { rulesOf, runOf } from '../evaluation/fixtures.ts'
import { everyName, pairs, weighted } from '../evaluation/pairs.ts'

const zero = '0'.repeat(64)
const tasks = ['binary', 'multiclass', 'regression'] as const
const notANumber = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)
const policy = fc.constantFrom('point' as const, 'fail' as const, 'warn' as const)
const change = fc.constantFrom('changed' as const, 'retrained' as const)
const runs = { numRuns: 60, seed: 20240601 }

const requestOf = (part: Pick<AssessmentRequest, 'rules' | 'challenger' | 'champion'> & Partial<AssessmentRequest>): AssessmentRequest => ({
  model: 'churn',
  policy: { from: 'refline.yml of main', digest: zero, loosened: [] },
  run: runOf(),
  runDigest: zero,
  opponent: { kind: 'champion', version: 1 },
  change: 'changed',
  override: null,
  problem: null,
  ...part,
})

/** Gates that sound models of these pairs pass; with the champion in them or without. */
const lenient = (task: Task, name: string, compared: boolean): ModelConfiguration => {
  const isLower = metricOf(name, task)?.direction === 'lower'
  const absolute = isLower ? { max: 1000 } : { min: -1000 }
  const relative = compared ? { [isLower ? 'max_rise' : 'max_drop']: 1000 } : {}
  return rulesOf({ task, primary: name, gates: { [name]: { ...absolute, ...relative } } })
}

/** The columns of numbers of a reading, by name. */
const columnsOf = (predictions: Predictions): Map<string, Float64Array> => {
  const all = { labels: predictions.labels, predicted: predictions.predicted, scores: predictions.scores, weights: predictions.weights }
  const named = [...Object.entries(all), ...(predictions.probabilities ?? []).map((column, index) => [`p${index}`, column] as const)]
  return new Map(named.filter((entry): entry is [string, Float64Array] => entry[1] instanceof Float64Array))
}

/** The same rows with one number replaced; `isNoticed` says whether the reader has said so. */
const spoilt = (predictions: Predictions, name: string, row: number, value: number, isNoticed: boolean): Predictions => {
  const replaced = (column: Float64Array, own: string): Float64Array =>
    own === name ? column.map((number, index) => (index === row ? value : number)) : column
  const part = (column: Predictions['labels'] | null, own: string) => (column instanceof Float64Array ? replaced(column, own) : column)
  return {
    ...predictions,
    labels: part(predictions.labels, 'labels') as Predictions['labels'],
    predicted: part(predictions.predicted, 'predicted'),
    scores: predictions.scores && replaced(predictions.scores, 'scores'),
    weights: predictions.weights && replaced(predictions.weights, 'weights'),
    probabilities: predictions.probabilities?.map((column, index) => replaced(column, `p${index}`)) ?? null,
    problem: isNoticed ? `1 of ${predictions.rows} ${name} is ${value}` : null,
  }
}

const cases = tasks.flatMap(task => everyName(task).map(name => [task, name] as const))

describe('a number that is none never passes', () => {
  it.each(cases)('the gates of %s %s pass without it', (task, name) => {
    const [challenger, champion] = pairs[task](400, 7)
    expect(assess(requestOf({ rules: lenient(task, name, true), challenger, champion })).verdict).toBe('pass')
  })

  it.each(tasks)('in the %s predictions of either model, whether or not the reader noticed', task => {
    fc.assert(
      fc.property(
        fc.constantFrom(...everyName(task)),
        fc.integer({ min: 20, max: 120 }),
        fc.integer({ min: 1, max: 1e6 }),
        fc.nat(),
        fc.nat(),
        notANumber,
        policy,
        change,
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        (name, rows, seed, at, which, value, onInconclusive, kind, ofChallenger, isNoticed, isWeighted, compared) => {
          const pair = pairs[task](rows, seed)
          const [challenger, champion] = isWeighted ? weighted(pair, seed) : pair
          const names = [...columnsOf(challenger).keys()]
          const column = names[which % names.length] as string
          const spoil = (predictions: Predictions): Predictions => spoilt(predictions, column, at % rows, value, isNoticed)
          const rules = { ...lenient(task, name, compared), on_inconclusive: onInconclusive }
          const request = requestOf({
            rules,
            change: kind,
            challenger: ofChallenger ? spoil(challenger) : challenger,
            champion: ofChallenger ? champion : spoil(champion),
          })
          // Labels that differ, and weights, are errors of their own where they are noticed while rows are joined.
          const answer = (() => {
            try {
              return assess(request)
            } catch (error) {
              expect((error as Error).message).toMatch(/differs? from the champion/)
              return null
            }
          })()
          expect(answer?.verdict).not.toBe('pass')
          expect(answer?.decision).not.toBe('promote')
        },
      ),
      { ...runs, numRuns: 150 },
    )
  })

  it('in a bound', () => {
    fc.assert(
      fc.property(fc.constantFrom('min', 'max', 'max_drop'), fc.constantFrom(true, false), policy, (key, relative, onInconclusive) => {
        const [challenger, champion] = pairs.binary(300, 5)
        const rules = lenient('binary', 'accuracy', true)
        const gate = { ...rules.gates.accuracy, [key]: key === 'max_drop' ? { value: Number.NaN, relative } : Number.NaN }
        const request = requestOf({
          rules: { ...rules, gates: { accuracy: gate as ModelConfiguration['gates'][string] }, on_inconclusive: onInconclusive },
          challenger,
          champion,
        })
        expect(assess(request).verdict).not.toBe('pass')
      }),
      runs,
    )
  })

  it('in what the training script reports, whether or not there are rows', () => {
    fc.assert(
      fc.property(notANumber, fc.boolean(), fc.boolean(), policy, (value, asText, withRows, onInconclusive) => {
        const [challenger, champion] = pairs.binary(300, 5)
        const reported = asText ? (String(value) as 'NaN') : value
        const rules = { ...lenient('binary', 'accuracy', false), on_inconclusive: onInconclusive }
        const { predictions: _, ...noRows } = rules
        const request = withRows
          ? requestOf({ rules, challenger, champion, run: runOf({ accuracy: reported }) })
          : requestOf({ rules: noRows, challenger: null, champion: null, run: runOf({ accuracy: reported }, false) })
        const answer = assess(request)
        expect(answer.verdict).not.toBe('pass')
        expect(answer.decision).not.toBe('promote')
      }),
      runs,
    )
  })
})
