import { describe, expect, it } from 'vitest'
import type { VersionRecord } from '../../../src/core/lineage/events.ts'
import type { ChecksResult, RunRecord } from '../../../src/core/lineage/run.ts'
import { rulesOf, runOf } from '../evaluation/fixtures.ts'
import { first, judge, zero } from './requests.ts'

const rowNamed = (found: ReturnType<typeof judge>, name: string) => found.rows.find(row => row.metric === name)

const withFiles = (reported: RunRecord['reported'], from: Record<string, string>): RunRecord => ({
  ...runOf(reported),
  reported_from: from,
})
const withChecks = (checks: Partial<ChecksResult>, reported: RunRecord['reported'] = {}): RunRecord => ({
  ...runOf(reported),
  checks: { metrics: {}, findings: [], problem: null, ...checks },
})
const version = (metrics: VersionRecord['metrics']): VersionRecord => ({
  version: 11,
  run: 'churn-000000000000',
  digest: zero,
  tag: 'refline/churn/000000000000',
  assets: [],
  bytes: 4_000_000,
  input: zero,
  code: null,
  commit: null,
  pull_request: null,
  holdout: null,
  metrics,
  image: null,
})
const told = (name: string, value: number) => version([{ name, value, low: null, high: null }])

describe('which way is better', () => {
  it('is said by the gate of a figure of one’s own, or by what it forbids', () => {
    const run = runOf({ cost: 12 })
    const championVersion = told('cost', 10)
    const gated = (gate: object) => judge({ run, championVersion, rules: rulesOf({ gates: { roc_auc: { min: 0.6 }, cost: gate } }) })
    expect(gated({ min_gain: 1, direction: 'higher' })).toMatchObject({ verdict: 'pass' })
    expect(gated({ min_gain: 1, direction: 'lower' }).because).toEqual([
      'cost: 2.0000 worse than the champion, 1 better is asked for (a point, no rows)',
    ])
    expect(rowNamed(gated({ max_rise: 3 }), 'cost')).toMatchObject({ direction: 'lower', verdict: 'pass' })
    expect(rowNamed(gated({ max_rise: 3, min_gain: 1 }), 'cost')).toMatchObject({ verdict: 'fail' })
    expect(() => gated({ min_gain: 1 })).toThrow(/gates\.cost\.direction is missing/)
    expect(() => gated({ max_drop: 1, direction: 'lower' })).toThrow(/gates\.cost\.max_drop: lower is better/)
  })
  it('is known for metrics by their names, even where another task computes them', () => {
    expect(() => judge({ rules: rulesOf({ gates: { log_loss: { max: 1, direction: 'higher' } } }) })).toThrow(
      /lower is better for log_loss/,
    )
    const regression = { task: 'regression', primary: 'mae', predictions: undefined }
    expect(() => judge({ rules: rulesOf({ ...regression, gates: { roc_auc: { max_rise: 1 } } }) })).toThrow(/higher is better for roc_auc/)
    expect(() => judge({ rules: rulesOf({ gates: { model_size_mb: { max: 5, direction: 'higher' } } }) })).toThrow(/lower is better/)
  })
  it('of the primary metric is never guessed', () => {
    expect(() => judge({ rules: rulesOf({ primary: 'profit', gates: { profit: { min: 3 } } }) })).toThrow(
      /gates\.profit\.direction is missing: profit is the primary metric/,
    )
    for (const gate of [{ min: 3, direction: 'higher' }, { max_drop: 1 }]) {
      const rules = rulesOf({ primary: 'profit', gates: { profit: gate, roc_auc: { min: 0.6 } } })
      expect(judge({ rules, run: runOf({ profit: 4 }), championVersion: told('profit', 4) })).toMatchObject({ verdict: 'pass' })
    }
  })
})

describe('a gate that names its source', () => {
  const rules = (gate: object) => rulesOf({ gates: { roc_auc: { min: 0.6 }, recall: gate } })
  const run = withFiles({ recall: 0.9, cost: 3 }, { recall: 'out/metrics.json', cost: 'mlflow.db' })
  it('takes the figure from that file although rows would give it, as a point, and says so', () => {
    const found = judge({ run, rules: rules({ min: 0.89, source: 'out/metrics.json' }) })
    expect(rowNamed(found, 'recall')).toMatchObject({
      challenger: { value: 0.9, low: null, high: null, reason: 'a point, no rows' },
      rules: [{ basis: 'point', verdict: 'pass' }],
      direction: 'higher',
    })
    expect(found.notes).toContain('recall is taken from out/metrics.json, judged as a point: without rows there is no interval')
    expect(rowNamed(judge({ run, rules: rules({ min: 0.91, source: './out/metrics.json' }) }), 'recall')?.verdict).toBe('fail')
  })
  it('is compared with what is recorded of the champion', () => {
    const gate = { max_drop: 0.01, source: 'out/metrics.json' }
    expect(judge({ run, rules: rules(gate), championVersion: told('recall', 0.905) }).verdict).toBe('pass')
    expect(judge({ run, rules: rules(gate), championVersion: told('recall', 0.95) }).because[0]).toMatch(/^recall: 0\.0500 lower/)
    expect(judge({ run, rules: rules(gate) }).because[0]).toMatch(/^recall: undefined never passes: the champion has no such figure/)
  })
  it.each([
    [{ min: 0, source: 'other.json' }, 'missing: other.json reports no recall, it was read from out/metrics.json'],
    [{ min: 0, source: 'metrics.json' }, 'missing: metrics.json reports no recall, it was read from out/metrics.json'],
  ])('is undefined where that file does not report it: %j', (gate, reason) => {
    const found = judge({ run, rules: rules(gate) })
    expect(found.verdict).toBe('fail')
    expect(found.because).toEqual([`recall: undefined never passes: ${reason}`])
  })
  it('is undefined where the run does not say where figures come from, and where the file says NaN', () => {
    const gate = { min: 0, source: 'metrics.json' }
    expect(judge({ run: runOf({ recall: 0.9 }), rules: rules(gate) }).because[0]).toMatch(/metrics\.json reports no recall$/)
    expect(judge({ run: withFiles({ recall: 'NaN' }, { recall: 'metrics.json' }), rules: rules(gate) }).because).toEqual([
      'recall: undefined never passes: metrics.json reports recall as NaN',
    ])
  })
})

describe('checks of one’s own', () => {
  const checked = (section: object = {}) => rulesOf({ checks: 'checks.ts', gates: { roc_auc: { min: 0.6 } }, ...section })
  it('report figures like the script does', () => {
    const rules = checked({ gates: { roc_auc: { min: 0.6 }, profit: { min: 100 } } })
    const found = judge({ rules, run: withChecks({ metrics: { profit: 120 } }) })
    expect(found).toMatchObject({ verdict: 'pass', findings: [] })
    expect(found.notes).toContain('profit is the word of your own checks, judged as a point: without rows there is no interval')
    expect(judge({ rules, run: withChecks({ metrics: { profit: 90 } }) }).because).toEqual([
      'profit: 90.00 is below 100 (a point, no rows)',
    ])
    expect(judge({ rules, run: withChecks({ metrics: { profit: 'NaN' } }) }).because).toEqual([
      'profit: undefined never passes: your own checks report profit as NaN',
    ])
    expect(judge({ rules, run: withChecks({ metrics: { profits: 1 } }) }).because[0]).toMatch(/did you mean profits\?/)
  })
  it('rows win over them, unless the gate takes them as its source', () => {
    const run = withChecks({ metrics: { recall: 0.01 } })
    const gated = (gate: object) => judge({ run, rules: checked({ gates: { roc_auc: { min: 0.6 }, recall: gate } }) })
    const byRows = gated({ min: 0.1 })
    expect(byRows.verdict).toBe('pass')
    expect(byRows.notes).toContainEqual(
      expect.stringMatching(/^your own checks report recall as 0\.0100, its predictions give .*: the predictions count$/),
    )
    expect(gated({ min: 0.1, source: 'checks' }).because).toEqual(['recall: 0.0100 is below 0.1 (a point, no rows)'])
    expect(gated({ min: 0.1, source: 'metrics.json' }).verdict).toBe('fail')
  })
  it('a computed metric that they give as NaN is undefined', () => {
    const run = withChecks({ metrics: { roc_auc: 'NaN' } })
    expect(judge({ run, rules: checked() }).because[0]).toBe('roc_auc: undefined never passes: your own checks report roc_auc as NaN')
  })
  it('two that tell different figures leave it undefined until one is named', () => {
    const run = { ...withChecks({ metrics: { cost: 5 } }, { cost: 4 }), reported_from: { cost: 'metrics.json' } }
    const gated = (gate: object) => judge({ run, rules: checked({ gates: { roc_auc: { min: 0.6 }, cost: gate } }) })
    expect(gated({ max: 9 }).because[0]).toMatch(/the training script reports cost as 4\.0000 and your own checks report 5\.0000: name one/)
    expect(gated({ max: 9, source: 'checks' }).verdict).toBe('pass')
    expect(gated({ max: 4, source: 'metrics.json' }).verdict).toBe('pass')
  })
  it('findings stop, warn or inform by their severity', () => {
    const finding = (severity: 'error' | 'warn' | 'info') => ({ check: 'drift', severity, message: `${severity}: 3 columns moved` })
    const found = (severity: 'error' | 'warn' | 'info') => judge({ rules: checked(), run: withChecks({ findings: [finding(severity)] }) })
    expect(found('error')).toMatchObject({
      verdict: 'fail',
      decision: 'keep',
      because: ['check drift: error: 3 columns moved'],
      findings: [finding('error')],
    })
    expect(found('warn')).toMatchObject({ verdict: 'pass', warnings: ['check drift: warn: 3 columns moved'], findings: [finding('warn')] })
    expect(found('info')).toMatchObject({ verdict: 'pass', warnings: [], because: [], findings: [finding('info')] })
  })
  it.each([
    ['that gave no answer', withChecks({ problem: 'checks.ts line 3: x is not defined' }), /gave no answer: checks\.ts line 3/],
    ['that did not run', runOf(), /^the rules name `checks`, but this run did not run them/],
  ])('%s fail, whatever else passes', (_, run, sentence) => {
    for (const on_inconclusive of ['point', 'warn']) {
      const found = judge({ run, rules: checked({ on_inconclusive }) })
      expect(found).toMatchObject({ verdict: 'fail', decision: 'keep' })
      expect(found.because).toEqual([expect.stringMatching(sentence)])
    }
    expect(judge({ ...first, run, rules: checked() }).verdict).toBe('fail')
  })
  it('that no rule names count all the same where the run has them', () => {
    const rules = rulesOf({ gates: { roc_auc: { min: 0.6 } } })
    expect(judge({ rules, run: withChecks({ problem: 'it threw' }) }).verdict).toBe('fail')
  })
})

describe('a figure that only the script gives', () => {
  it('is said to be a point without an interval, with the file that it was read from', () => {
    const run = withFiles({ cost: 12 }, { cost: 'mlflow.db' })
    expect(judge({ run, rules: rulesOf({ gates: { roc_auc: { min: 0.6 }, cost: { max: 13 } } }) }).notes).toContain(
      "cost is the training script's own word, read from mlflow.db, judged as a point: without rows there is no interval",
    )
  })
})
