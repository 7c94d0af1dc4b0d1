import { describe, expect, it } from 'vitest'
import { binaryOf, rulesOf, runOf } from '../evaluation/fixtures.ts'
import { first, judge, rowsOf } from './requests.ts'

const rowNamed = (found: ReturnType<typeof judge>, name: string) => found.rows.find(row => row.metric === name)

describe('only rules of severity error decide', () => {
  it('a rule that warns and does not pass is a warning, with its verdict on the rule', () => {
    const rules = rulesOf({
      gates: { roc_auc: { min: 0.6 }, recall: { min: 0.99, severity: 'warn' }, f1: { min: 0.999, severity: 'info' } },
    })
    const found = judge({ rules })
    expect(found).toMatchObject({ verdict: 'pass', decision: 'promote', because: [] })
    expect(found.warnings).toEqual([expect.stringMatching(/^recall: 0\.\d+ is below 0\.99, even at best/)])
    expect(rowNamed(found, 'recall')).toMatchObject({ verdict: 'reported', rules: [{ verdict: 'fail', severity: 'warn' }] })
    expect(rowNamed(found, 'f1')).toMatchObject({ verdict: 'reported', rules: [{ verdict: 'fail', severity: 'info' }] })
  })
  it('where the rules cannot tell, a warning too', () => {
    const near = judge().rows[0]?.challenger.value as number
    const rules = rulesOf({ on_inconclusive: 'fail', gates: { accuracy: { min: 0.2 }, roc_auc: { min: near, severity: 'warn' } } })
    const found = judge({ rules })
    expect(found.verdict).toBe('pass')
    expect(found.warnings).toEqual([
      expect.stringMatching(/^roc_auc: not proven with these rows: may be as low as .*; about|^roc_auc: not proven/),
    ])
  })
  it('undefined under a warning says so', () => {
    const rules = rulesOf({ gates: { roc_auc: { min: 0.6 }, cost: { max: 3, severity: 'warn' } } })
    expect(judge({ rules }).warnings).toEqual([expect.stringMatching(/^cost: undefined never passes: missing: neither a metric/)])
    const reported = judge({ rules, run: runOf({ cost: 'NaN' }) })
    expect(reported.verdict).toBe('pass')
    expect(reported.warnings).toEqual(['cost: undefined never passes: the training script reports cost as NaN'])
  })
  it('a champion that cannot be compared warns and stops at once', () => {
    const rules = rulesOf({ gates: { roc_auc: { min: 0.6 }, recall: { max_drop: 0.1, severity: 'warn' } } })
    const found = judge({ rules, champion: null })
    expect(found).toMatchObject({ verdict: 'inconclusive', decision: 'inconclusive' })
    expect(found.warnings).toEqual(['recall: the champion could not be compared on the same rows'])
  })
  it('the same rule decides where it is an error', () => {
    const rules = rulesOf({ gates: { roc_auc: { min: 0.6 }, recall: { min: 0.99, severity: 'error' } } })
    expect(judge({ rules })).toMatchObject({ verdict: 'fail', decision: 'keep', warnings: [] })
  })
})

describe('rules that could not stop anything are refused', () => {
  it.each([
    ['gates that only warn or inform', { gates: { roc_auc: { min: 0.6, severity: 'warn' }, f1: { min: 0.1, severity: 'info' } } }],
    ['slices that only warn', { gates: {}, slices: { region: { severity: 'warn', recall: { min: 0.1 } } } }],
    ['fairness that only warns', { gates: {}, fairness: { region: { demographic_parity_ratio: { min: 0.8, severity: 'warn' } } } }],
  ])('%s', (_, section) => {
    expect(() => judge({ rules: rulesOf(section) })).toThrow(/no rule is of severity error/)
  })
  it.each([
    ['a slice whose metric is an error', { gates: {}, slices: { region: { severity: 'warn', recall: { min: 0.1, severity: 'error' } } } }],
    ['an error among warnings', { gates: { roc_auc: { min: 0.6 }, f1: { min: 0.1, severity: 'warn' } } }],
  ])('%s is enough', (_, section) => {
    expect(judge({ rules: rulesOf(section) }).verdict).toBe('pass')
  })
  it('a first version needs an absolute rule that is an error', () => {
    const rules = rulesOf({ gates: { roc_auc: { max_drop: 0.1 }, recall: { min: 0.1, severity: 'warn' } } })
    expect(() => judge({ ...first, rules })).toThrow(/absolute rule of severity error/)
  })
})

describe('guardrails', () => {
  // Ranks better and decides every row alike: so few rows prove no drop below 0.001 even of an equal recall.
  const challenger = binaryOf(rowsOf(800, 0.3).map(row => (row.label === 0 && row.score < 0.5 ? { ...row, score: row.score / 2 } : row)))
  const near = { recall: { max_drop: 0.001 } }
  it('must be proven before anything goes live, although the point lets it merge', () => {
    const found = judge({ rules: rulesOf({ gates: { roc_auc: { min: 0.6 }, ...near } }), challenger })
    const rule = rowNamed(found, 'recall')?.rules[0]
    expect(rule).toMatchObject({ verdict: 'pass', proven: false })
    expect(found.rows[0]?.rules.at(-1)).toMatchObject({ kind: 'superior', verdict: 'pass' })
    expect(found).toMatchObject({ verdict: 'pass', decision: 'keep' })
    expect(found.because).toEqual([`recall: ${rule?.sentence}`])
    expect(found.headline).toMatch(/^churn may merge, but champion v11 stays live: recall: not proven with these rows: could be/)
  })
  it('that only warn keep nothing from going live', () => {
    const found = judge({
      rules: rulesOf({ gates: { roc_auc: { min: 0.6 }, recall: { max_drop: 0.001, severity: 'warn' } } }),
      challenger,
    })
    expect(found).toMatchObject({ verdict: 'pass', decision: 'promote' })
  })
})

describe('how a model may go live', () => {
  const promoting = (changed: unknown, part = {}) =>
    rulesOf({ promote: { changed }, gates: { roc_auc: { min: 0.5, max_drop: 0.05 } }, ...part })
  const same = { challenger: binaryOf(rowsOf(800, 0.3)) }
  it('equivalent: two models that are alike may take turns', () => {
    expect(judge({ ...same, rules: promoting('equivalent') })).toMatchObject({ verdict: 'pass', decision: 'promote' })
    expect(judge({ ...same, rules: promoting('equivalent') }).headline).toMatch(/it is equivalent to champion v11/)
    expect(judge({ rules: promoting('equivalent') })).toMatchObject({ decision: 'keep' })
  })
  it('superior by more than was seen', () => {
    expect(judge({ rules: promoting({ superior_by: 0.001 }) }).decision).toBe('promote')
    const found = judge({ rules: promoting({ superior_by: '50%' }) })
    expect(found).toMatchObject({ verdict: 'pass', decision: 'keep' })
    expect(found.headline).toMatch(/it is not proven better by enough/)
    expect(found.rows[0]?.rules.at(-1)).toMatchObject({ kind: 'superior_by', bound: 0.5, relative: true })
  })
  it('a gain that a gate asks for decides whether it may merge', () => {
    const gaining = (min_gain: number) => rulesOf({ gates: { roc_auc: { min: 0.5, min_gain } } })
    expect(judge({ rules: gaining(0.001) })).toMatchObject({ verdict: 'pass', decision: 'promote' })
    expect(judge({ rules: gaining(0.5) }).because).toEqual([
      expect.stringMatching(/^roc_auc: 0\.\d+ better than the champion, 0.5 better is/),
    ])
    expect(judge({ ...same, rules: gaining(0.001) }).verdict).toBe('fail')
    expect(judge({ ...first, rules: gaining(0.5) }).rows[0]?.rules[1]).toMatchObject({ kind: 'min_gain', verdict: 'not-applicable' })
  })
})

describe('a holdout that has decided often', () => {
  it.each([
    [null, false],
    [19, false],
    [20, true],
    [137, true],
  ])('after %s times: said %s', (decided, said) => {
    const found = judge({ decided })
    expect(found.holdout?.decided).toBe(decided)
    expect(found.notes.some(note => note.startsWith(`this holdout has decided ${decided} times`))).toBe(said)
  })
})
