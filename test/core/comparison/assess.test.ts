import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AssessmentRequest } from '../../../src/core/comparison/assess.ts'
import { UserError } from '../../../src/core/errors.ts'
import { holdoutDigest } from '../../../src/core/evaluation/holdout.ts'
import type { VersionRecord } from '../../../src/core/lineage/events.ts'
import { binaryOf, type Row, rulesOf, runOf } from '../evaluation/fixtures.ts'
import { first, judge, rowsOf, zero } from './requests.ts'

describe('both answers', () => {
  it('a better model may merge and goes live', () => {
    const found = judge()
    expect(found).toMatchObject({ verdict: 'pass', decision: 'promote', because: [] })
    expect(found.headline).toMatch(
      /^churn may merge, and merging puts it live: it is better than champion v11 \(ROC AUC 0\.\d{3} → 0\.\d{3}\)$/,
    )
    expect(found.holdout).toMatchObject({ rows: 800, paired: 800, lost: 0 })
    expect(found.rows[0]).toMatchObject({ metric: 'roc_auc', primary: true, verdict: 'pass', difference: { test: 'DeLong, paired' } })
    expect(found.roc?.challenger.at(-1)).toBe(1)
  })
  it('a perfect order of four rows against a constant score proves nothing, since nothing varies', () => {
    const four = (score: (label: number) => number) =>
      binaryOf([0, 0, 1, 1].map((label, row) => ({ id: `c${row}`, label, score: score(label) })))
    const found = judge({ challenger: four(label => 0.1 + 0.8 * label), champion: four(() => 0.5) })
    expect(found.rows[0]?.difference).toMatchObject({ value: 0.5, low: null, high: null, reason: expect.stringMatching(/do not vary/) })
    expect(found.decision).toBe('inconclusive')
  })
  it('a worse model must not merge', () => {
    const found = judge({ challenger: binaryOf(rowsOf(800, 0.1)) })
    expect(found).toMatchObject({ verdict: 'fail', decision: 'keep' })
    expect(found.headline).toMatch(/^churn must not merge: it is worse than champion v11 \(ROC AUC .*, allowed drop 0.05\)$/)
  })
  it('a refactoring keeps the champion with a green check; retrained, the same rows may go live', () => {
    const same = binaryOf(rowsOf(800, 0.3))
    expect(judge({ challenger: same })).toMatchObject({ verdict: 'pass', decision: 'keep' })
    expect(judge({ challenger: same, change: 'retrained' })).toMatchObject({ verdict: 'pass', decision: 'promote' })
    expect(judge({ challenger: same }).headline).toMatch(/^churn may merge, but champion v11 stays live: it is not proven better/)
  })
  it('a first version needs an absolute rule and passes by it', () => {
    expect(judge(first)).toMatchObject({ verdict: 'pass', decision: 'promote' })
    const rules = judge(first).rows[0]?.rules.map(rule => [rule.kind, rule.verdict])
    expect(rules).toEqual([
      ['min', 'pass'],
      ['max_drop', 'not-applicable'],
      ['superior', 'not-applicable'],
    ])
    expect(() => judge({ ...first, rules: rulesOf({ gates: { roc_auc: { max_drop: 0.01 } } }) })).toThrow(/at least one absolute rule/)
  })
})

describe('a first version where the rules let doubt pass', () => {
  const found = (min: number) =>
    judge({ rules: rulesOf({ on_inconclusive: 'warn', gates: { accuracy: { min } } }), challenger: binaryOf(rowsOf(60, 0.4)), ...first })
  const accuracy = found(0.1).rows.find(row => row.metric === 'accuracy')?.challenger.value as number
  it('goes live inside its bounds, proven or not', () => {
    expect(found(accuracy - 0.01)).toMatchObject({ verdict: 'inconclusive', decision: 'promote' })
  })
  it('does not go live outside of one, although that is not proven', () => {
    expect(found(accuracy + 0.01)).toMatchObject({ verdict: 'inconclusive', decision: 'inconclusive' })
  })
})

describe('nothing missing ever passes', () => {
  it.each([
    [
      'an unreachable champion',
      { opponent: { kind: 'unreachable', version: 11, reason: 'its file is gone' }, champion: null },
      'inconclusive',
      /its file is gone/,
    ],
    ['a champion without predictions', { champion: null }, 'inconclusive', /no predictions of the champion/],
    ['other rows', { challenger: binaryOf(rowsOf(799, 0.4)) }, 'inconclusive', /the holdouts differ .*1 ids on one side only/],
    ['predictions that cannot be read', { challenger: null, problem: 'predictions.csv is empty' }, 'fail', /predictions.csv is empty/],
    ['no predictions at all', { challenger: null }, 'fail', /has no predictions, although/],
    ['predictions that the saved file does not reproduce', { problem: 'not reproduced' }, 'fail', /not reproduced/],
    ['no rows', { challenger: binaryOf([]) }, 'fail', /has no rows/],
  ] as const)('%s', (_, part, verdict, why) => {
    for (const on_inconclusive of ['point', 'fail', 'warn']) {
      const found = judge({
        ...part,
        rules: rulesOf({ on_inconclusive, gates: { roc_auc: { min: 0.6, max_drop: 0.05 } } }),
      } as Partial<AssessmentRequest>)
      expect(found.verdict).toBe(verdict)
      expect(found.decision).not.toBe('promote')
      expect(`${found.headline} ${found.because.join(' ')}`).toMatch(why)
    }
  })
  it.each(['NaN', 'Infinity', '-Infinity'] as const)('a gated metric reported as %s, even where the predictions give it', value => {
    const rules = rulesOf({ gates: { roc_auc: { min: 0.6 }, recall: { min: 0.1 } } })
    expect(judge({ rules }).verdict).toBe('pass')
    const gated = judge({ run: runOf({ recall: value }), rules })
    expect(gated.verdict).toBe('fail')
    expect(gated.headline).toMatch(new RegExp(`recall.*reports recall as ${value}`))
  })
  it('a metric that nobody knows, with the name that was meant', () => {
    const found = judge({ rules: rulesOf({ gates: { roc_acu: { min: 0.1 } } }) })
    expect(found.verdict).toBe('fail')
    expect(found.because[0]).toMatch(/roc_acu: .*missing.*did you mean roc_auc/)
  })
  it('rules that could never fail', () => {
    expect(() => judge({ rules: rulesOf({ gates: {} }) })).toThrow(UserError)
  })
  it('slices without predictions to judge them by', () => {
    const rules = rulesOf({ gates: { model_size_mb: { max: 50 } }, slices: { region: { recall: { min: 0.1 } } } })
    expect(judge({ challenger: null, problem: 'unreadable', rules })).toMatchObject({ verdict: 'fail' })
  })
})

describe('figures without rows', () => {
  it('are points, said so', () => {
    const rules = rulesOf({ gates: { model_size_mb: { max: 4 }, latency_p95_ms: { max: 30 } } })
    const found = judge({ run: runOf({ latency_p95_ms: 12 }), rules })
    const rows = Object.fromEntries(found.rows.map(row => [row.metric, row]))
    expect(rows.model_size_mb).toMatchObject({ challenger: { value: 4.2 }, verdict: 'fail' })
    expect(rows.latency_p95_ms).toMatchObject({ verdict: 'pass', rules: [{ basis: 'point', sentence: 'a point, no rows' }] })
  })
  it('are compared with the champion’s record', () => {
    const championVersion: VersionRecord = {
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
      metrics: [{ name: 'latency_p95_ms', value: 10, low: null, high: null }],
      image: null,
    }
    const gated = (rise: string) => rulesOf({ gates: { latency_p95_ms: { max_rise: rise }, model_size_mb: { max_rise: 0.3 } } })
    const run = runOf({ latency_p95_ms: 11.5 })
    expect(judge({ run, championVersion, rules: gated('20%') }).verdict).toBe('pass')
    expect(judge({ run, championVersion, rules: gated('10%') }).because[0]).toMatch(/^latency_p95_ms: 1.5000 higher than the champion/)
    expect(judge({ run, rules: gated('20%') }).because[0]).toMatch(
      /^latency_p95_ms: undefined never passes: the champion has no such figure/,
    )
  })
  it('the predictions count where the script says otherwise', () => {
    expect(judge({ run: runOf({ roc_auc: 0.999 }) }).notes.join()).toMatch(/reports roc_auc as 0.9990.*the predictions count/)
  })
})

describe('slices', () => {
  it('that all have too little support pass nothing where they are the only rules', () => {
    const rules = rulesOf({ gates: {}, slices: { region: { min_support: 10_000, recall: { min: 0.2 } } } })
    const found = judge({ rules })
    expect(found).toMatchObject({ verdict: 'fail', decision: 'keep' })
    expect(found.because.join()).toContain('no rule could be judged')
  })
  it('are judged in the metric’s own denominator', () => {
    const rules = rulesOf({ gates: { roc_auc: { min: 0.6 } }, slices: { region: { min_support: 60, recall: { min: 0.2 } } } })
    const found = judge({ rules })
    expect(found.slices.map(slice => [slice.value, slice.verdict])).toEqual([
      ['EU', 'pass'],
      ['LATAM', 'not-judged'],
      ['US', 'pass'],
    ])
    const latam = found.slices[1]
    expect(latam?.support).toBeLessThan(60)
    expect(latam?.rows).toBeGreaterThan(latam?.support as number)
  })
  it('fail the whole where one fails', () => {
    const bad = rowsOf(800, 0.4).map(row => (row.region === 'US' ? { ...row, score: 0.1 } : row))
    const rules = rulesOf({ gates: { roc_auc: { min: 0.1 } }, slices: { region: { recall: { min: 0.3 } } } })
    const found = judge({ challenger: binaryOf(bad), rules })
    expect(found.verdict).toBe('fail')
    expect(found.because[0]).toMatch(/^recall where region is US/)
  })
})

describe('calibration', () => {
  it('of few rows says that its error comes out too large', () => {
    const notes = (rows: number) =>
      judge({ rules: rulesOf({ gates: { ece: { max: 0.5 } } }), challenger: binaryOf(rowsOf(rows, 0.4)), ...first }).notes
    expect(notes(749)).toContainEqual(expect.stringMatching(/^ece: below 750 rows it comes out too large/))
    expect(notes(750).join(' ')).not.toContain('too large')
  })
})

describe('rows that cannot be paired', () => {
  it('an id that stands twice', () => {
    const rows = rowsOf(20, 0.4)
    expect(() => judge({ challenger: binaryOf([...rows, rows[3] as Row]) })).toThrow(/id "c3" stands in lines 5 and 22/)
  })
  it('a label that differs', () => {
    const changed = rowsOf(800, 0.3).map((row, index) => (index === 7 ? { ...row, label: 1 - row.label } : row))
    expect(() => judge({ champion: binaryOf(changed) })).toThrow(/the label of id "c7" differs/)
  })
})

describe('properties', () => {
  const score = fc.integer({ min: 0, max: 20 }).map(step => step / 20)
  const rows = fc.array(fc.record({ label: fc.constantFrom(0, 1), ours: score, theirs: score }), { minLength: 4, maxLength: 40 })
  const rules = rulesOf({ gates: { roc_auc: { min: 0.5, max_drop: 0.1 }, recall: { min: 0.5, max_drop: 0.1 }, brier: { max: 0.3 } } })
  const sides = (drawn: readonly { label: number; ours: number; theirs: number }[]) => ({
    ours: drawn.map(({ label, ours }, index) => ({ id: `c${index}`, label, score: ours })),
    theirs: drawn.map(({ label, theirs }, index) => ({ id: `c${index}`, label, score: theirs })),
  })
  const options = { numRuns: 25, seed: 1 }

  it('one NaN score anywhere never passes', () => {
    fc.assert(
      fc.property(rows, fc.nat(), (drawn, place) => {
        const { ours, theirs } = sides(drawn)
        const broken = ours.map((row, index) => (index === place % ours.length ? { ...row, score: Number.NaN } : row))
        expect(judge({ challenger: binaryOf(broken), champion: binaryOf(theirs), rules })).toMatchObject({
          verdict: 'fail',
          decision: 'keep',
        })
      }),
      options,
    )
  })
  it('the order of rows changes nothing, not even the holdout’s identity', () => {
    fc.assert(
      fc.property(rows, fc.nat(), (drawn, turn) => {
        const { ours, theirs } = sides(drawn)
        const turned = [...ours.slice(turn % ours.length), ...ours.slice(0, turn % ours.length)].reverse()
        const [a, b] = [
          judge({ challenger: binaryOf(ours), champion: binaryOf(theirs), rules }),
          judge({ challenger: binaryOf(turned), champion: binaryOf(theirs), rules }),
        ]
        expect(b).toMatchObject({ verdict: a.verdict, decision: a.decision, holdout: a.holdout as object })
        a.rows.forEach((row, index) => {
          const other = b.rows[index]
          for (const key of ['value', 'low', 'high'] as const) {
            const [x, y] = [row.challenger[key], other?.challenger[key] ?? null]
            if (x === null) expect(y).toBeNull()
            else expect(y).toBeCloseTo(x, 10)
          }
        })
      }),
      options,
    )
  })
  it('swapping the models negates every difference', () => {
    fc.assert(
      fc.property(rows, drawn => {
        const { ours, theirs } = sides(drawn)
        const [a, b] = [
          judge({ challenger: binaryOf(ours), champion: binaryOf(theirs), rules }),
          judge({ challenger: binaryOf(theirs), champion: binaryOf(ours), rules }),
        ]
        for (const name of ['roc_auc', 'recall', 'brier']) {
          const [x, y] = [a, b].map(one => one.rows.find(row => row.metric === name)?.difference)
          if (x?.value == null || y?.value == null) continue
          expect(x.value).toBeCloseTo(-y.value, 10)
          if (x.low !== null && y.high !== null) expect(x.low).toBeCloseTo(-y.high, 8)
        }
      }),
      options,
    )
  })
  it('more of the same rows keep the point and narrow the interval', () => {
    fc.assert(
      fc.property(rows, drawn => {
        const { ours } = sides(drawn)
        const more = [...ours, ...ours.map(row => ({ ...row, id: `again-${row.id}` }))]
        const [a, b] = [judge({ ...first, challenger: binaryOf(ours), rules }), judge({ ...first, challenger: binaryOf(more), rules })]
        for (const name of ['recall', 'brier', 'roc_auc']) {
          const [x, y] = [a, b].map(one => one.rows.find(row => row.metric === name)?.challenger)
          if (x?.value == null || x.low === null || x.high === null) continue
          expect(y?.value).toBeCloseTo(x.value, 10)
          if (y?.low == null || y.high === null) continue
          expect(y.high - y.low).toBeLessThanOrEqual(x.high - x.low + 1e-12)
        }
      }),
      options,
    )
  })
  it('the holdout’s identity knows labels, ids and slices, and no scores', () => {
    const rows = rowsOf(20, 0.4)
    const digest = holdoutDigest(binaryOf(rows))
    expect(holdoutDigest(binaryOf(rows.map(row => ({ ...row, score: 0 }))))).toBe(digest)
    for (const change of [{ id: 'x' }, { label: 2 - 1 - (rows[2]?.label as number) }, { region: 'elsewhere' }]) {
      expect(holdoutDigest(binaryOf(rows.map((row, index) => (index === 2 ? { ...row, ...change } : row))))).not.toBe(digest)
    }
  })
})
