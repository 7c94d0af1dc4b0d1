import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checksProblem, readCheckAnswer } from '../../../src/core/evaluation/check-answer.ts'
import { checksResult } from '../../../src/core/lineage/run.ts'

const finding = (severity: string, message = 'm') => ({ check: 'c', severity, message })

describe('what a check answers', () => {
  it('is kept: metrics of its own, NaN and infinities as words, findings with the gravest first', () => {
    expect(
      readCheckAnswer(
        {
          metrics: { cost: 12.5, lost: Number.NaN, most: Number.POSITIVE_INFINITY, least: Number.NEGATIVE_INFINITY },
          findings: [finding('info'), finding('error'), finding('warn')],
        },
        'binary',
      ),
    ).toEqual({
      metrics: { cost: 12.5, lost: 'NaN', most: 'Infinity', least: '-Infinity' },
      findings: [finding('error'), finding('warn'), finding('info')],
      problem: null,
    })
  })
  it.each([{}, { metrics: {} }, { findings: [] }])('may be nothing at all: %j', answer => {
    expect(readCheckAnswer(answer, 'binary')).toEqual({ metrics: {}, findings: [], problem: null })
  })
  it.each<[unknown, RegExp]>([
    [undefined, /^its answer is undefined; it must be an object with metrics, findings$/],
    [null, /is null/],
    [7, /is a number/],
    [[], /is a list/],
    [new Map(), /is an object of another kind/],
    [{ finding: [] }, /has "finding"; it may have metrics, findings/],
    [{ metrics: null }, /`metrics` is null/],
    [{ metrics: [1] }, /`metrics` is a list/],
    [{ metrics: { cost: '12' } }, /"cost" is a string; it must be a number/],
    [{ metrics: { cost: undefined } }, /"cost" is undefined/],
    [{ metrics: { cost: 12n } }, /"cost" is a bigint/],
    [{ metrics: { '': 1 } }, /"" has no usable name/],
    [{ metrics: { 'a\nb': 1 } }, /"a\\nb" has no usable name/],
    [{ metrics: JSON.parse('{"__proto__": 1}') }, /"__proto__" has no usable name/],
    [{ metrics: { ['x'.repeat(81)]: 1 } }, /no usable name/],
    [{ metrics: { roc_auc: 0.99 } }, /"roc_auc" is computed from the rows, so a check cannot give it/],
    [{ metrics: Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`m${index}`, index])) }, /has 201 names; at most 200/],
    [{ findings: {} }, /`findings` is an object of another kind; it must be a list/],
    [{ findings: ['boom'] }, /finding 1 is a string/],
    [{ findings: [finding('info'), finding('fatal')] }, /finding 2 has the severity "fatal"; it must be error, warn or info/],
    [{ findings: [finding('error', ' ')] }, /finding 1 has no text as `message`/],
    [{ findings: [{ ...finding('error'), check: 3 }] }, /no text as `check`/],
    [{ findings: [{ ...finding('error'), level: 3 }] }, /finding 1 has "level"/],
  ])('that is wrong is a problem and nothing else: %o', (answer, words) => {
    const { problem, ...rest } = readCheckAnswer(answer, 'binary')
    expect(problem).toMatch(words)
    expect(rest).toEqual({ metrics: {}, findings: [] })
  })
  it('may have a metric of another task by its name', () => {
    expect(readCheckAnswer({ metrics: { roc_auc: 0.99 } }, 'regression')).toMatchObject({ metrics: { roc_auc: 0.99 }, problem: null })
  })
  it('keeps every error before anything less grave where there are too many findings', () => {
    const many = [...Array.from({ length: 60 }, () => finding('info')), ...Array.from({ length: 45 }, () => finding('error'))]
    const { findings } = readCheckAnswer({ findings: many }, 'binary')
    expect(findings).toHaveLength(40)
    expect(findings.slice(0, 39).every(({ severity }) => severity === 'error')).toBe(true)
    expect(findings.at(-1)).toEqual({ check: 'more', severity: 'error', message: '66 more findings are not shown' })
  })
  it('is cut to what fits and put on one line', () => {
    const { findings } = readCheckAnswer(
      { findings: [{ check: 'c'.repeat(300), severity: 'warn', message: `a\r\n${'😀'.repeat(300)}` }] },
      'binary',
    )
    expect(findings[0]?.check).toHaveLength(100)
    expect(findings[0]?.message.length).toBeLessThanOrEqual(500)
    expect(findings[0]?.message).toMatch(/^a 😀+.*…$/)
    expect(findings[0]?.message.isWellFormed()).toBe(true)
  })
  it('is always of the shape that is stored, whatever it is', () => {
    const anything = fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true, withSparseArray: true })
    const answers = fc.oneof(
      anything,
      fc.record({ metrics: fc.dictionary(fc.string(), fc.oneof(fc.double(), anything)), findings: fc.array(anything) }),
    )
    fc.assert(
      fc.property(answers, answer => {
        const read = readCheckAnswer(answer, 'binary')
        expect(checksResult.parse(JSON.parse(JSON.stringify(read)))).toEqual(read)
      }),
    )
  })
})

it('a problem is one bounded line', () => {
  const { problem } = checksProblem(`a\n  b ${'x'.repeat(600)}`)
  expect(problem).toMatch(/^a b x+…$/)
  expect(problem).toHaveLength(500)
})
