import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AssessmentRequest, assess } from '../../../src/core/comparison/assess.ts'
import type { Predictions, Task } from '../../../src/core/evaluation/predictions.ts'
import type { RunRecord } from '../../../src/core/lineage/run.ts'
import { uniform } from '../../../src/core/statistics/random.ts'
import { binaryOf, otherOf, rulesOf, runOf } from '../evaluation/fixtures.ts'
import { first, requestOf } from './requests.ts'

/** Rules that a good model keeps, by task: bounds so wide that only what is undefined, missing or no number can break them. */
const gatesOf: Readonly<Record<Task, Readonly<Record<string, readonly object[]>>>> = {
  binary: {
    roc_auc: [{ min: 0 }, { max_drop: 1 }, { min: 0, max_drop: '500%' }, { min_gain: 0 }],
    recall: [{ min: 0 }, { max_drop: 1 }],
    f1: [{ min: 0, max_drop: 1 }],
    log_loss: [{ max: 1e9 }, { max_rise: 1e9 }],
    ece: [{ max: 1 }, { max_rise: 1 }],
  },
  multiclass: {
    accuracy: [{ min: 0 }, { max_drop: 1 }, { min: 0, max_drop: '500%' }],
    f1_macro: [{ min: 0, max_drop: 1 }],
    log_loss: [{ max: 1e9 }, { max_rise: 1e9 }],
  },
  regression: {
    mae: [{ max: 1e9 }, { max_rise: 1e9 }, { min_gain: 0 }],
    rmse: [{ max: 1e9, max_rise: '5000%' }],
    r2: [{ min: -1e9 }],
  },
}
const primaryOf: Readonly<Record<Task, string>> = { binary: 'roc_auc', multiclass: 'accuracy', regression: 'mae' }

/** A good model on rows of a task; `skill` 1 errs nowhere. */
const predictionsOf = (task: Task, rows: number, seed: number, skill: number): Predictions => {
  const [random, noise] = [uniform(seed), uniform(seed + Math.round(skill * 100))]
  const labels = Array.from({ length: rows }, (_, row) => (task === 'regression' ? 10 * random() : row % (task === 'binary' ? 2 : 3)))
  if (task === 'binary') {
    return binaryOf(labels.map((label, row) => ({ id: `r${row}`, label, score: skill * (0.1 + 0.8 * label) + (1 - skill) * noise() })))
  }
  if (task === 'regression') {
    const predicted = Float64Array.from(labels, label => label + 4 * (1 - skill) * (noise() - 0.5))
    return otherOf({ task, classes: [], labels: Float64Array.from(labels), predicted })
  }
  const raw = labels.map(label => [0, 1, 2].map(index => 0.1 + noise() * (1 - skill) + (index === label ? skill : 0)))
  return otherOf({
    task,
    classes: ['a', 'b', 'c'],
    labels: Uint16Array.from(labels),
    predicted: Uint16Array.from(raw, row => row.indexOf(Math.max(...row))),
    probabilities: [0, 1, 2].map(index => Float64Array.from(raw, row => (row[index] as number) / row.reduce((a, b) => a + b, 0))),
  })
}

/** With one number of the rows replaced, as a reader hands such rows over: with the reason. */
const broken = (predictions: Predictions, row: number, wrong: number): Predictions => {
  const hit = <C extends Float64Array>(column: C | null | undefined): C | null => {
    if (!column) return null
    const copy = column.slice() as C
    copy[row % predictions.rows] = wrong
    return copy
  }
  return {
    ...predictions,
    scores: hit(predictions.scores),
    probabilities: predictions.probabilities?.map((column, index) => (index === 0 ? (hit(column) as Float64Array) : column)) ?? null,
    predicted: predictions.predicted instanceof Float64Array ? hit(predictions.predicted) : predictions.predicted,
    problem: 'one of the numbers is NaN (line 3)',
  }
}

const tasks = fc.constantFrom<Task>('binary', 'multiclass', 'regression')
const policies = fc.constantFrom('point', 'fail', 'warn')
const notNumbers = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)

/** A set of rules for a task: some of its metrics, each with one of its gates, all of severity error. */
const ruleSets = tasks.chain(task => {
  const known = gatesOf[task]
  const names = Object.keys(known)
  return fc
    .record({
      names: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: names.length }),
      picks: fc.array(fc.nat(), { minLength: names.length, maxLength: names.length }),
      on_inconclusive: policies,
      paired: fc.boolean(),
      seed: fc.integer({ min: 1, max: 1e6 }),
      rows: fc.integer({ min: 12, max: 60 }),
    })
    .map(drawn => {
      const gates: Record<string, object> = Object.fromEntries(
        drawn.names.map((name, index) => {
          const variants = known[name] as readonly object[]
          return [name, variants[(drawn.picks[index] as number) % variants.length] as object]
        }),
      )
      return { task, gates, ...drawn }
    })
})
type Drawn = typeof ruleSets extends fc.Arbitrary<infer T> ? T : never

const request = ({ task, gates, on_inconclusive, paired, seed, rows }: Drawn, part: Partial<AssessmentRequest> = {}, section = {}) =>
  requestOf({
    rules: rulesOf({
      task,
      primary: primaryOf[task],
      gates,
      on_inconclusive,
      predictions: { file: 'predictions.csv', paired },
      ...section,
    }),
    challenger: predictionsOf(task, rows, seed, 0.8),
    champion: predictionsOf(task, rows, seed, 0.6),
    ...part,
  })

const stopped = (asked: AssessmentRequest): void => {
  const found = assess(asked)
  expect(found.verdict, found.headline).not.toBe('pass')
  expect(found.decision).not.toBe('promote')
}
const options = { seed: 20240601, numRuns: 60 }

describe('what is missing, undefined or no number never passes', () => {
  it('and without such a thing these rules do pass, or could not be proven', () => {
    let passed = 0
    fc.assert(
      fc.property(ruleSets, drawn => {
        const found = assess(request(drawn))
        expect(found.verdict, found.because.join()).not.toBe('fail')
        if (found.verdict === 'pass') passed++
      }),
      options,
    )
    expect(passed).toBeGreaterThan(options.numRuns / 2)
  })
  it('a number of the challenger’s predictions', () => {
    fc.assert(
      fc.property(ruleSets, fc.nat(), notNumbers, (drawn, row, wrong) => {
        stopped(request(drawn, { challenger: broken(predictionsOf(drawn.task, drawn.rows, drawn.seed, 0.8), row, wrong) }))
      }),
      options,
    )
  })
  it('a number of the champion’s predictions', () => {
    fc.assert(
      fc.property(ruleSets, fc.nat(), notNumbers, (drawn, row, wrong) => {
        stopped(request(drawn, { champion: broken(predictionsOf(drawn.task, drawn.rows, drawn.seed, 0.6), row, wrong) }))
      }),
      options,
    )
  })
  it('the predictions of either model, or the reason to believe them', () => {
    const gone = fc.constantFrom<Partial<AssessmentRequest>>(
      { champion: null },
      { challenger: null },
      { problem: 'the saved model does not reproduce its predictions' },
      { opponent: { kind: 'unreachable', version: 4, reason: 'the store does not answer' }, champion: null },
    )
    fc.assert(
      fc.property(ruleSets, gone, (drawn, part) => stopped(request(drawn, part))),
      options,
    )
  })
  it('a gated metric that the script or the checks report as no number', () => {
    fc.assert(
      fc.property(ruleSets, fc.constantFrom('NaN', 'Infinity', '-Infinity'), fc.boolean(), fc.nat(), (drawn, value, byChecks, pick) => {
        const name = drawn.names[pick % drawn.names.length] as string
        const checks = { metrics: { [name]: value }, findings: [], problem: null } as RunRecord['checks'] & object
        stopped(request(drawn, { run: byChecks ? { ...runOf(), checks } : runOf({ [name]: value as 'NaN' }) }))
      }),
      options,
    )
  })
  it('a gated metric that nobody computes or reports, and a source that does not report it', () => {
    fc.assert(
      fc.property(ruleSets, fc.boolean(), fc.constantFrom({ min: -1e9 }, { max: 1e9 }, { min: -1e9, max: 1e9 }), (drawn, known, gate) => {
        const name = known ? (drawn.names[0] as string) : 'nobody_knows'
        stopped(request({ ...drawn, gates: { ...drawn.gates, [name]: known ? { ...gate, source: 'metrics.json' } : gate } }))
      }),
      options,
    )
  })
  it('the answer of checks that the rules name', () => {
    const problems = fc.constantFrom<RunRecord['checks']>(
      undefined,
      { metrics: {}, findings: [], problem: 'it threw' },
      { metrics: {}, findings: [{ check: 'c', severity: 'error', message: 'no' }], problem: null },
    )
    fc.assert(
      fc.property(ruleSets, problems, (drawn, checks) => {
        stopped(request(drawn, { run: checks === undefined ? runOf() : { ...runOf(), checks } }, { checks: 'checks.ts' }))
      }),
      options,
    )
  })
  it('a slice column that the predictions do not have', () => {
    fc.assert(
      fc.property(ruleSets, drawn => {
        const metric = { binary: 'recall', multiclass: 'accuracy', regression: 'mae' }[drawn.task]
        const rule = drawn.task === 'regression' ? { max: 1e9 } : { min: 0 }
        stopped(request(drawn, {}, { slices: { nowhere: { min_support: 1, [metric]: rule } } }))
      }),
      options,
    )
  })
})

describe('rules that need no rows let nothing pass', () => {
  const rows = Array.from({ length: 40 }, (_, row) => ({ id: `c${row}`, label: row % 2, score: ((row * 7) % 40) / 40 }))
  const sized = (gates: object = {}) => rulesOf({ gates: { model_size_mb: { max: 10 }, ...gates } })
  const nan = binaryOf(rows.map((row, index) => (index === 3 ? { ...row, score: Number.NaN } : row)))
  it.each([
    ['a first version that the saved model does not reproduce', { ...first, problem: 'not reproduced' }, /not reproduced/],
    ['a first version with a NaN score', { ...first, challenger: nan }, /1 scores are NaN/],
    ['a first version whose predictions cannot be read', { ...first, challenger: null, problem: 'p.csv is empty' }, /p\.csv is empty/],
    ['one that the saved model does not reproduce, against a champion', { problem: 'not reproduced' }, /not reproduced/],
    [
      'a first version without its primary metric',
      { ...first, challenger: { ...binaryOf(rows), scores: null } },
      /primary metric, is undefined/,
    ],
  ] as const)('%s', (_what, part, words) => {
    for (const rules of [sized(), sized({ roc_auc: { max_drop: 0.1 } })]) {
      const asked = requestOf({ rules, ...part })
      stopped(asked)
      expect(assess(asked).because.join()).toMatch(/undefined/.test(words.source) ? /undefined/ : words)
    }
    expect(assess(requestOf({ rules: sized(), ...first })).verdict).toBe('pass')
  })
  it('nor does a rule on a drop that has nothing to be compared with, where its figure is undefined', () => {
    stopped(requestOf({ rules: sized({ cost: { max_drop: 0.1 } }), ...first }))
    expect(assess(requestOf({ rules: sized({ cost: { max_drop: 0.1 } }), run: runOf({ cost: 3 }), ...first })).verdict).toBe('pass')
  })
})
