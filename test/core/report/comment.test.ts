import { describe, expect, test } from 'vitest'
import { type Assessment, assessment } from '../../../src/core/comparison/assessment.ts'
import { renderComment } from '../../../src/core/report/comment.ts'
import { renderLogLines } from '../../../src/core/report/log-lines.ts'
import { capped } from '../../../src/core/report/sections.ts'
import {
  clearLoss,
  clearWin,
  commentContext,
  difference,
  emptyContext,
  estimate,
  firstRun,
  fiveCases,
  inconclusive,
  notANumber,
  row,
  rule,
  slice,
} from '../../support/assessments.ts'
import { elements, rendered, textOf } from '../../support/rendered.ts'

const comment = (of: Assessment, more = {}): string => renderComment(of, { ...commentContext, ...more })
const lineWith = (text: string, part: string): string => text.split('\n').find(line => line.includes(part)) ?? ''

test.each(Object.entries(fiveCases))('%s: a valid assessment gives a comment with one heading and well-formed tables', (_, of) => {
  expect(assessment.parse(of)).toEqual(of)
  const html = rendered(comment(of))
  expect(html.match(/<h3/g)).toHaveLength(1)
  expect(html.match(/<details>/g)?.length).toBe(html.match(/<\/details>/g)?.length)
  expect(textOf(html)).not.toMatch(/\|:--|\bnull\b|NaN [^"]*\]|\bInfinity\b/)
})

describe('a clear win', () => {
  const text = comment(clearWin)
  test('says both answers in the headline', () => {
    expect(text.split('\n')[0]).toMatch(/^### ✅ churn may merge, and merging puts it live: it is better than champion v11/)
  })
  test('shows each metric with its interval, the difference with a real sign, the rules and the result', () => {
    expect(lineWith(text, '**roc_auc** (primary)')).toBe(
      '| **roc_auc** (primary) | 0.9179 | **0.9288** [0.9229, 0.9348] | +0.0110 [+0.0064, +0.0155] | ≥ 0.9 · drop ≤ 0.005 · superior | ✅ pass |',
    )
    expect(lineWith(text, 'brier (lower is better)')).toContain('−0.0054 [−0.0073, −0.0035]')
    expect(lineWith(text, '| precision |')).toMatch(/\| none \| reported \|$/)
    expect(lineWith(text, 'model_size_mb')).toContain('| 3.6 | **4.2** | +0.6 | ≤ 50 |')
  })
  test('names the rows, the slices with the one too small to judge, the change, the tests and the way on', () => {
    expect(text).toContain('Same 12,480 holdout rows for both (1,909 positive), paired by id, none lost.')
    expect(text).toContain('<summary>Slices: 1 pass, 0 fail, 1 not judged</summary>')
    expect(lineWith(text, 'LATAM')).toContain('not judged')
    expect(lineWith(text, 'LATAM')).toContain('support 53 &#60; 60')
    expect(text).toContain('<code>max_depth</code> 6 → 8 · code changed')
    expect(text).toContain('roc_auc: DeLong, paired, statistic 4.75, p 2e-6, these rows show a difference of 0.0065 in 4 of 5 cases')
    expect(text).toContain('rolled out to production as a canary at 5 → 10 → 25 → 50 % of the traffic')
    expect(text).toContain('[job](https://github.com/acme/churn/actions/runs/1)')
  })
  test('says where no difference could have been shown, and nothing where one was or where the two are alike', () => {
    const said = (low: number, high: number): string =>
      comment({
        ...clearWin,
        rows: [row('accuracy', estimate(0.9), { difference: difference(0, low, high, { test: 'McNemar mid-p', p: 1 }) })],
      })
    expect(said(-0.01, 0.02)).toContain(
      'accuracy: McNemar mid-p, p 1, the two differ in too few rows to show any difference in 4 of 5 cases',
    )
    for (const [low, high] of [
      [0, 0],
      [0.01, 0.02],
    ] as const)
      expect(said(low, high)).not.toContain('4 of 5')
  })
  test('draws the curves, with the same in a table', () => {
    expect(text).toContain('```mermaid\nxychart-beta\n')
    expect(text.match(/^ {2}line \[.*\]$/gm)).toHaveLength(2)
    expect(lineWith(text, '| v11 |')).toContain('0.753')
  })
})

test('a clear loss says by how much, that the point decided where the rows could not, and how to override it', () => {
  const text = comment(clearLoss)
  expect(text.split('\n')[0]).toMatch(/^### ❌ fraud must not merge/)
  expect(lineWith(text, '**roc_auc**')).toContain('❌ fail: at least 0.0101 lower')
  expect(lineWith(text, 'recall @')).toContain('✅ pass: not proven with these rows: may be as low as 0.7325')
  expect(text).toContain('- roc_auc is at least 0.0101 below champion v7, 0.005 is allowed')
  expect(text).toContain('the input `override-reason`')
  expect(text).not.toMatch(/\/refline override|refline explain/)
  expect(text).not.toContain('On merge')
})

test('what a row of a table says already is not said again below it', () => {
  const text = comment({ ...clearLoss, because: ['roc_auc: at least 0.0101 lower', 'the saved model does not reproduce its predictions'] })
  expect(text).not.toContain('- roc_auc: at least')
  expect(text).toContain('- the saved model does not reproduce its predictions')
})

test('reasons are given once, and a failed gate leaves no question of what goes live', () => {
  const gone = 'the champion could not be compared on the same rows'
  const judged = (verdict: 'fail' | 'inconclusive') => ({
    ...inconclusive,
    rows: [
      row('roc_auc', estimate(0.9, 0.8, 1), {
        rules: [
          rule('max_drop', 0.1, { verdict, proven: false, sentence: gone }),
          rule('superior', null, { verdict: 'inconclusive', proven: false, sentence: 'not better' }),
        ],
        verdict,
      }),
    ],
  })
  expect(lineWith(comment(judged('fail')), '| roc_auc')).toContain(`❌ fail: ${gone} |`)
  expect(lineWith(comment(judged('inconclusive')), '| roc_auc')).toContain(`⚠️ inconclusive: ${gone} · superior not shown: not better |`)
})

test('without usable predictions nothing is called a reported metric', () => {
  expect(comment({ ...notANumber, holdout: null })).toContain('There are no usable predictions')
  expect(comment({ ...clearWin, holdout: null })).toContain('metrics as the training script reported them')
})

test('the name of the run can be copied', () => {
  expect(comment(clearWin)).toContain('run <code>churn-3f9a1c2b0d7e</code>')
})

test('an inconclusive one never looks like a pass', () => {
  const text = comment(inconclusive)
  expect(text.split('\n')[0]).toMatch(/^### ⚠️ churn: cannot tell/)
  expect(lineWith(text, '**roc_auc**')).toContain('⚠️ inconclusive: could be 0.0091 lower')
  expect(text).not.toContain('✅')
  expect(text).toContain('- roc_auc: even identical models could not prove')
})

test('a first run has no empty champion columns, says how that is known and calls for a review of its rules', () => {
  const text = comment(firstRun, { newModel: true })
  expect(text).toContain('| metric | this run (95 % interval) | rule | result |')
  expect(text).toContain('drop ≤ 0.005 not applicable: no champion')
  expect(text).toContain('proven, not assumed: the ledger was read')
  expect(text).toContain('**Please review them too.**')
})

test('NaN is undefined with its reason, fails, and draws nothing', () => {
  const text = comment(notANumber)
  expect(lineWith(text, '**roc_auc**')).toContain('| undefined | undefined |')
  expect(lineWith(text, '**roc_auc**')).toContain('❌ fail: undefined never passes: 37 of 12,480 scores are NaN')
  expect(text).not.toContain('mermaid')
  expect(text).not.toMatch(/✅|\b0\.0000\b/)
})

test('an override shouts and keeps the verdict of the rules', () => {
  const text = comment({ ...clearLoss, override: { reason: 'board decided @bob', actor: 'carol' } })
  expect(text.split('\n')[0]).toContain('🚨')
  expect(text).toContain('**OVERRIDDEN by <code>carol</code>.** The verdict of the rules is ❌ **fail**')
  expect(textOf(rendered(text))).not.toContain('@bob')
})

test('loosened rules are called out above the table', () => {
  const text = comment({ ...clearWin, rules: { ...clearWin.rules, loosened: ['gates.recall.min 0.75 -> 0.5'] } })
  expect(text.indexOf('loosens rules')).toBeGreaterThan(0)
  expect(text.indexOf('loosens rules')).toBeLessThan(text.indexOf('| metric |'))
})

test('an unreachable champion is named with its reason', () => {
  const text = comment({ ...inconclusive, opponent: { kind: 'unreachable', version: 11, reason: 'release is gone' } })
  expect(text).toContain('Champion v11 is recorded but could not be compared with: release is gone')
})

test('nothing from data becomes markup, wherever it stands', () => {
  const evil = '<img src=x>|`@alice` [x](http://evil.test) </details> <!-- refline churn x -->'
  const reason = { sentence: evil, verdict: 'fail' as const }
  const text = renderComment(
    {
      ...clearLoss,
      headline: evil,
      because: [evil],
      notes: [evil],
      opponent: { kind: 'unreachable', version: null, reason: evil },
      rules: { ...clearLoss.rules, from: evil, loosened: [evil] },
      rows: clearLoss.rows.map(one => ({ ...one, title: evil, rules: one.rules.map(rule => ({ ...rule, ...reason })) })),
      slices: [slice(evil, { column: evil, metric: evil })],
    },
    {
      ...commentContext,
      version: evil,
      commit: evil,
      jobUrl: `javascript:${evil}`,
      params: [{ name: evil, from: evil, to: evil }],
      data: [{ path: evil, sha256: evil, changed: true }],
      rollout: { environment: evil, steps: [] },
    },
  )
  const html = rendered(text)
  expect(elements(html).filter(name => ['img', 'a', 'script'].includes(name))).toEqual([])
  expect(textOf(html)).not.toMatch(/@alice|:\/\//)
  expect(html).not.toContain('<!--')
  expect(html.match(/<details>/g)?.length).toBe(html.match(/<\/details>/g)?.length)
})

test('too much is cut at a border of sections: the verdict stays, the fold of slices goes, and it says so', () => {
  const many = Array.from({ length: 3000 }, (_, index) => slice(`${'é'.repeat(60)}${index}`, { column: 'x'.repeat(70) }))
  const rows = [...clearWin.rows, ...Array.from({ length: 190 }, (_, index) => row(`m${index}${'m'.repeat(90)}`, estimate(0.5, 0.4, 0.6)))]
  const text = comment({ ...clearWin, rows, slices: many })
  expect(text.length).toBeLessThanOrEqual(60_000)
  expect(text.split('\n')[0]).toContain('churn may merge')
  expect(text).toContain('**roc_auc** (primary)')
  expect(text).toContain('This report was too long and is cut')
  expect(text.match(/<details>/g)?.length).toBe(text.match(/<\/details>/g)?.length)
})

test('what is unknown is left out', () => {
  const text = renderComment(firstRun, emptyContext('0.1.0'))
  expect(text).not.toMatch(/null|undefined|\[job\]|commit /)
})

test('a cut never divides a character and closes what it opens', () => {
  for (let limit = 400; limit < 420; limit += 1) {
    const cut = capped(`<details>\n\n${'😀'.repeat(500)}`, limit)
    expect(cut.isWellFormed()).toBe(true)
    expect(cut.length).toBeLessThanOrEqual(limit)
    expect(cut).toContain('</details>')
  }
})

test('the lines of the log are aligned and say what failed', () => {
  const lines = renderLogLines(clearLoss)
  expect(lines[0]).toBe('fraud: run fraud-18d9be40f6c1 against champion v7, 12,480 paired rows, rules: refline.yml of main at a81c0de')
  expect(lines[1]).toMatch(
    /^ {2}❌ roc_auc {7}0\.8945 \[0\.8868, 0\.9021\] {2}drop ≤ 0\.005 {2}fail {2}−0\.0151 \[−0\.0202, −0\.0101\]: at least 0\.0101 lower$/,
  )
  expect(lines.at(-1)).toContain('verdict fail, decision keep: fraud must not merge')
  expect(
    renderLogLines({ ...clearLoss, notes: ['a\n::error::x\r##[x]'] }).every(line => !line.includes('\n') && !line.includes('\r')),
  ).toBe(true)
})
