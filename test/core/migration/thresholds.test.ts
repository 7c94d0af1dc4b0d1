import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readThresholds } from '../../../src/core/migration/thresholds.ts'

const python = (text: string) => readThresholds(text, 'thresholds.py')
const plain = { line: 1, threshold: null, absolute: null, relative: null, greaterIsBetter: true }
const lostOf = (text: string) => python(text).lost.map(({ what, line, why }) => `${line} ${what}: ${why}`)

describe('MetricThresholds in Python', () => {
  test('the example of MLflow’s own documentation', () => {
    const text = `import mlflow
from mlflow.models import MetricThreshold

thresholds = {
    "accuracy_score": MetricThreshold(
        # accuracy should be >=0.8
        threshold=0.8,
        min_absolute_change=0.05,
        min_relative_change=0.05,
        greater_is_better=True,
    ),
}
`
    expect(python(text)).toEqual({
      thresholds: [{ name: 'accuracy_score', line: 5, threshold: 0.8, absolute: 0.05, relative: 0.05, greaterIsBetter: true }],
      lost: [],
    })
  })

  test.each([
    ['single quotes and a module in front', `{'a': mlflow.models.MetricThreshold(threshold=1, greater_is_better=True)}`, { threshold: 1 }],
    ['positions', '{"a": MetricThreshold(0.5, 0.1, 0.2, False)}', { threshold: 0.5, absolute: 0.1, relative: 0.2, greaterIsBetter: false }],
    [
      'the old name of the direction',
      '{"a": MetricThreshold(threshold=1, higher_is_better=False)}',
      { threshold: 1, greaterIsBetter: false },
    ],
    ['None', '{"a": MetricThreshold(threshold=None, min_absolute_change=2, greater_is_better=True)}', { absolute: 2 }],
    ['signs, points and powers', '{"a": MetricThreshold(threshold=-1_0.5e-1, greater_is_better=True)}', { threshold: -1.05 }],
    [
      'a number without a digit before the point',
      '{"a": MetricThreshold(min_relative_change=.05, greater_is_better=True)}',
      { relative: 0.05 },
    ],
    ['dict()', 'dict(a=MetricThreshold(threshold=1, greater_is_better=True))', { threshold: 1 }],
    ['an item', 't["a"] = MetricThreshold(threshold=1, greater_is_better=True)', { threshold: 1 }],
    ['brackets in comments and strings', '{"a": MetricThreshold(threshold=1, # ) }\n greater_is_better=True)} # "', { threshold: 1 }],
    [
      'a docstring before it',
      '"""\n{"b": MetricThreshold(threshold=1)\n"""\n{"a": MetricThreshold(1, greater_is_better=True)}',
      { threshold: 1, line: 4 },
    ],
  ])('%s', (_what, text, expected) => {
    expect(python(text)).toEqual({ thresholds: [{ name: 'a', ...plain, ...expected }], lost: [] })
  })

  test.each([
    [
      'a name for a number',
      '{"a": MetricThreshold(threshold=LIMIT, greater_is_better=True)}',
      '1 a: threshold could not be read: LIMIT is no plain number',
    ],
    [
      'arithmetic',
      '{"a": MetricThreshold(threshold=1 - 0.1, greater_is_better=True)}',
      '1 a: threshold could not be read: 1 - 0.1 is no plain number',
    ],
    [
      'a call',
      '{"a": MetricThreshold(threshold=f(1, 2), greater_is_better=True)}',
      '1 a: threshold could not be read: f(1, 2) is no plain number',
    ],
    ['a string that is filled in', '{f"a{1}": MetricThreshold(threshold=1, greater_is_better=True)}', /no plain text/],
    ['a variable as the name', '{name: MetricThreshold(threshold=1, greater_is_better=True)}', /no plain text/],
    ['no name at all', 't = MetricThreshold(threshold=1, greater_is_better=True)', /no metric's name stands beside it/],
    ['arguments from elsewhere', '{"a": MetricThreshold(**settings)}', /no single argument/],
    ['no direction', '{"a": MetricThreshold(threshold=1)}', /greater_is_better does not stand there/],
    ['both directions', '{"a": MetricThreshold(threshold=1, greater_is_better=True, higher_is_better=True)}', /does not stand there once/],
    ['a text for a direction', '{"a": MetricThreshold(threshold=1, greater_is_better="yes")}', /does not stand there once/],
    ['no threshold', '{"a": MetricThreshold(greater_is_better=True)}', /it sets no threshold/],
    ['a change of nothing', '{"a": MetricThreshold(min_absolute_change=0, greater_is_better=True)}', /must be a positive number, found 0/],
    ['a share above 1', '{"a": MetricThreshold(min_relative_change=1.5, greater_is_better=True)}', /between 0 and 1, found 1.5/],
    ['a truth value for a number', '{"a": MetricThreshold(threshold=True, greater_is_better=True)}', /must be a number, found true/],
    ['a number that is none', '{"a": MetricThreshold(threshold=1e999, greater_is_better=True)}', /no plain number/],
    ['a complex number', '{"a": MetricThreshold(threshold=1j, greater_is_better=True)}', /no plain number/],
    ['a field of its own', '{"a": MetricThreshold(treshold=1, greater_is_better=True)}', /treshold is no field/],
    [
      'brackets that never close',
      '{"a": MetricThreshold(threshold=1, greater_is_better=True',
      /no MetricThreshold\(...\) written out here/,
    ],
  ])('%s is listed, not guessed', (_what, text, why) => {
    expect(python(text).thresholds).toEqual([])
    expect(lostOf(text).join('\n')).toMatch(why)
  })

  test('a neighbour in the same dictionary that cannot be read is listed, with its line', () => {
    const text = '{\n"a": MetricThreshold(1, greater_is_better=True),\n"b": shared,\n**more,\n}'
    expect(python(text).thresholds).toHaveLength(1)
    expect(lostOf(text)).toEqual([
      '3 "b": shared: could not be read: its value is no MetricThreshold(...) written out here',
      '4 **more: could not be read: what it adds stands elsewhere',
    ])
  })

  test('what is only imported or declared is no threshold', () => {
    expect(python('from mlflow.models import MetricThreshold\nclass MetricThreshold(Base): pass\n')).toEqual({ thresholds: [], lost: [] })
  })

  test('any text at all is read without an error', () => {
    const part = fc.constantFrom(
      'MetricThreshold(',
      '"a": ',
      '{',
      '}',
      '(',
      ')',
      '[',
      ']',
      ',',
      '=',
      '"',
      "'''",
      '#',
      '\n',
      '\\',
      'threshold=1',
      'True',
      '**',
      '\u0000',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(part, fc.string({ maxLength: 4 })), { maxLength: 40 }), parts => {
        const { thresholds } = python(parts.join(''))
        for (const { threshold, absolute, relative } of thresholds)
          expect([threshold, absolute, relative].filter(value => value !== null).every(Number.isFinite)).toBe(true)
      }),
      { seed: 7, numRuns: 500 },
    )
  })
})

describe('the same as a mapping', () => {
  const expected = {
    thresholds: [{ name: 'f1_score', line: 1, threshold: 0.7, absolute: null, relative: 0.05, greaterIsBetter: true }],
    lost: [],
  }
  test.each([
    ['JSON', 'a.json', '{"f1_score": {"threshold": 0.7, "min_relative_change": 0.05, "greater_is_better": true}}'],
    ['YAML', 'a.yaml', 'f1_score: { threshold: 0.7, min_relative_change: 0.05, greater_is_better: true, min_absolute_change: null }'],
    ['under a key', 'a.yml', 'thresholds: { f1_score: { threshold: 0.7, min_relative_change: 0.05, higher_is_better: true } }'],
  ])('%s', (_what, file, text) => {
    expect(readThresholds(text, file)).toEqual(expected)
  })

  test('what is no threshold is listed', () => {
    const { lost } = readThresholds(
      'a: { threshold: .nan, greater_is_better: true }\nb: 3\nc: { threshold: [1], greater_is_better: true }\n',
      'a.yml',
    )
    expect(lost.map(({ what, line, why }) => `${line} ${what}: ${why}`)).toEqual([
      '1 a: threshold must be a number, found NaN',
      '2 b: could not be read: its value has none of the fields of a MetricThreshold',
      '3 c: threshold could not be read: a list or an object is no plain number',
    ])
  })

  test('another ending is refused', () => {
    expect(() => readThresholds('', 'thresholds.txt')).toThrow(/must end in .py, .json, .yaml or .yml/)
  })
})
