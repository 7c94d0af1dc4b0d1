import { describe, expect, test } from 'vitest'
import { type Assessment, assessment } from '../../../src/core/comparison/assessment.ts'
import { renderComment } from '../../../src/core/report/comment.ts'
import { renderLogLines } from '../../../src/core/report/log-lines.ts'
import {
  clearLoss,
  clearWin,
  commentContext,
  difference,
  estimate,
  fairness,
  firstRun,
  group,
  inconclusive,
  row,
  rule,
  slice,
} from '../../support/assessments.ts'
import { elements, rendered, textOf } from '../../support/rendered.ts'

const html = (of: Assessment): string => rendered(renderComment(assessment.parse(of), commentContext))
const outside = (page: string): string => textOf(page.replace(/<details>[\s\S]*?<\/details>/g, ''))
/** The cells that a reader sees in the table row that holds this text. */
const cells = (page: string, part: string): string[] => {
  const line = [...page.matchAll(/<tr>([\s\S]*?)<\/tr>/g)].map(match => match[1] ?? '').find(text => textOf(text).includes(part)) ?? ''
  return [...line.matchAll(/<t[dh][^>]*>([\s\S]*?)<\/t[dh]>/g)].map(match => textOf(match[1] ?? ''))
}
const summaries = (page: string): string[] => [...page.matchAll(/<summary>(.*?)<\/summary>/g)].map(match => textOf(match[1] ?? ''))
const holdout = (more: Partial<NonNullable<Assessment['holdout']>>) => ({
  ...(clearWin.holdout as NonNullable<Assessment['holdout']>),
  ...more,
})

describe('severities', () => {
  const broken = (severity: 'error' | 'warn' | 'info') => rule('max', 0.03, { severity, verdict: 'fail', sentence: '0.0500 is above 0.03' })
  const one = (rules: Assessment['rows'][number]['rules'], verdict: Assessment['rows'][number]['verdict'] = 'pass') =>
    cells(html({ ...firstRun, rows: [row('ece', estimate(0.05, 0.04, 0.06), { rules, verdict })] }), 'ece').slice(-2)

  test.each([
    'pass',
    'fail',
    'reported',
  ] as const)('a broken rule that only warns is a warning and neither pass nor fail (row said to be %s)', verdict => {
    expect(one([broken('warn')], verdict)).toEqual(['≤ 0.03 (warn)', '⚠️ warning: 0.0500 is above 0.03'])
  })
  test('one that is for information is only told', () => {
    expect(one([broken('info')])).toEqual(['≤ 0.03 (info)', 'ℹ️ info: 0.0500 is above 0.03'])
  })
  test('beside a broken rule that blocks, it is marked as what it is', () => {
    const rules = [rule('max', 0.04, { verdict: 'fail', sentence: '0.0500 is above 0.04' }), broken('warn')]
    expect(one(rules, 'fail')).toEqual(['≤ 0.04 · ≤ 0.03 (warn)', '❌ fail: 0.0500 is above 0.04 · warning: 0.0500 is above 0.03'])
  })
  test('kept ones pass', () => {
    for (const verdict of ['pass', 'reported'] as const)
      expect(one([rule('max', 0.1, { severity: 'warn' })], verdict)).toEqual(['≤ 0.1 (warn)', '✅ pass'])
    expect(one([], 'reported')).toEqual(['none', 'reported'])
  })
  test('the words for all kinds of rules', () => {
    const kinds = [rule('min_gain', 0.01), rule('superior_by', 0.02), rule('equivalent', 0.03), rule('max_rise', 0.1, { relative: true })]
    expect(one(kinds)[0]).toBe('gain ≥ 0.01 · superior by 0.02 · equivalent within 0.03 · rise ≤ 10 %')
  })
})

describe('warnings', () => {
  const of = (warnings: string[]): Assessment => ({
    ...clearWin,
    warnings,
    slices: [
      slice('US', {
        rules: [rule('min', 0.9, { severity: 'warn', verdict: 'fail', sentence: '0.8020 is below 0.9' })],
        verdict: 'pass',
      }),
    ],
  })
  test('stand where they are seen, although the slice is folded away', () => {
    const page = html(of(['recall where region is US: 0.8020 is below 0.9']))
    expect(outside(page)).toContain('Warnings, which block nothing:')
    expect(outside(page)).toContain('recall where region is US: 0.8020 is below 0.9')
    expect(summaries(page)).toContain('Slices: 0 pass, 0 fail, 1 warning')
    expect(cells(page, 'region = US').at(-1)).toBe('⚠️ warning: 0.8020 is below 0.9')
  })
  test('that the table shows already are not said again', () => {
    const rows = [row('ece', estimate(0.05), { rules: [rule('max', 0.03, { severity: 'warn', verdict: 'fail', sentence: 'too much' })] })]
    expect(outside(html({ ...clearWin, rows, warnings: ['ece: too much'] }))).not.toContain('Warnings')
  })
  test('are bounded', () => {
    const page = outside(html(of(Array.from({ length: 50 }, (_, index) => `warning number ${index}`))))
    expect(page).toContain('warning number 19')
    expect(page).not.toContain('warning number 20')
    expect(page).toContain('and 30 more')
  })
})

describe('fairness', () => {
  const page = html({
    ...clearLoss,
    headline: 'fraud must not merge',
    because: ['equal_opportunity_difference between the groups of sex: 0.1200 is above 0.05, even at best (0.0600)'],
    fairness: [
      fairness(),
      fairness({
        measure: 'equal_opportunity_ratio',
        estimate: estimate(null, null, null, { reason: 'fewer than two groups' }),
        rules: [],
        verdict: 'not-judged',
      }),
    ],
  })
  test('is counted on the fold, and what fails is seen without opening it', () => {
    expect(summaries(page)).toContain('Fairness: 0 pass, 1 fail, 1 not judged')
    expect(outside(page)).toContain('equal_opportunity_difference between the groups of sex: 0.1200 is above 0.05')
  })
  test('shows each measure with its interval, rule and result', () => {
    expect(cells(page, 'equal_opportunity_difference')).toEqual([
      'equal_opportunity_difference',
      '0.1200 [0.0600, 0.1800]',
      '≤ 0.05',
      '❌ fail: 0.1200 is above 0.05, even at best (0.0600)',
    ])
    expect(cells(page, 'equal_opportunity_ratio')).toEqual([
      'equal_opportunity_ratio',
      'undefined',
      '',
      'not judged: fewer than two groups',
    ])
  })
  test('shows each group with its rates, intervals and supports, and which is left out', () => {
    expect(cells(page, 'compared')).toEqual(['group', 'rows', 'true positive rate (rows)', 'compared'])
    expect(cells(page, 'F').slice(0, 4)).toEqual(['F', '1,400', '0.7000 [0.6700, 0.7300] of 700', 'yes'])
    expect(cells(page, '__missing__').at(-1)).toBe('no: too few rows')
  })
  test('says that four fifths is a screening rule', () => {
    expect(textOf(page)).toContain('(four fifths) is a screening rule')
  })
  test('of many columns with many groups still fits beside the rest', () => {
    const groups = Array.from({ length: 200 }, (_, index) => group(`group ${index}`, 0.8, 50))
    const columns = Array.from({ length: 12 }, (_, index) => fairness({ column: `column ${index}`, groups }))
    const many = html({ ...clearLoss, fairness: columns })
    expect(many).toContain('column 11')
    expect(textOf(many)).not.toContain('is cut')
  })
  test('of a thousand groups shows those furthest from the middle', () => {
    const groups = Array.from({ length: 1000 }, (_, index) => group(`g${index}`, index === 777 ? 0.1 : 0.8, 50))
    const many = html({ ...clearLoss, fairness: [fairness({ groups })] })
    expect(cells(many, 'g777')[2]).toContain('0.1000')
    expect(many.match(/<tr>/g)?.length).toBeLessThan(100)
    expect(textOf(many)).toContain('940 more rows are not shown')
  })
})

describe('slices', () => {
  test('show the difference from the champion with its interval', () => {
    const page = html({ ...clearWin, slices: [slice('EU', { difference: difference(0.017, -0.01, 0.04) }), slice('US')] })
    expect(cells(page, 'region = EU')).toEqual([
      'region = EU',
      'recall',
      '5,747 (865)',
      '0.7850',
      '0.8020 [0.7740, 0.8270]',
      '+0.0170 [−0.0100, +0.0400]',
      '≥ 0.75',
      '✅ pass',
    ])
    expect(cells(page, 'region = US')[5]).toBe('')
  })
  test('show the worst first, and no more than a hundred', () => {
    const failing = slice('worst', { verdict: 'fail', rules: [rule('min', 0.75, { verdict: 'fail', sentence: 'low' })] })
    const page = html({ ...clearWin, slices: [...Array.from({ length: 300 }, (_, index) => slice(`s${index}`)), failing] })
    expect(page.indexOf('region = worst')).toBeGreaterThan(0)
    expect(page.indexOf('region = worst')).toBeLessThan(page.indexOf('region = s0'))
    expect(textOf(page)).toContain('201 more rows are not shown')
  })
})

describe('the user’s own checks', () => {
  const findings: Assessment['findings'] = [
    { check: 'prices', severity: 'info', message: 'mean price 12.5' },
    { check: 'leak', severity: 'error', message: '3 ids are in the training data' },
    { check: 'drift', severity: 'warn', message: 'older than 30 days' },
  ]
  test('show what they found, worst first and once', () => {
    const page = outside(
      html({
        ...clearLoss,
        findings,
        because: ['check leak: 3 ids are in the training data'],
        warnings: ['check drift: older than 30 days'],
      }),
    )
    expect(page).toMatch(/❌ leak: 3 ids[\s\S]*⚠️ drift: older[\s\S]*ℹ️ prices: mean/)
    expect(page.match(/3 ids are in the training data/g)).toHaveLength(1)
    expect(page.match(/older than 30 days/g)).toHaveLength(1)
  })
})

describe('the line about the rows', () => {
  const line = (of: Assessment): string =>
    outside(html(of))
      .split('\n')
      .find(text => text.includes('holdout rows')) ?? ''
  test('names weights and clusters', () => {
    expect(line({ ...clearWin, holdout: holdout({ weighted: true, clusters: 1204 }) })).toContain(
      'none lost. Rows are weighted. 1,204 clusters; whole clusters are resampled.',
    )
    expect(line(clearWin)).not.toMatch(/weighted|cluster/)
  })
  test('says how often the holdout has decided, where it has', () => {
    expect(line({ ...clearWin, holdout: holdout({ decided: 4 }) })).toContain('This holdout has decided 4 times before.')
    expect(line({ ...clearWin, holdout: holdout({ decided: 1 }) })).toContain('decided once before')
    const noted = {
      ...clearWin,
      holdout: holdout({ decided: 40 }),
      notes: ['this holdout has decided 40 times: fresh rows would be honest'],
    }
    expect(line(noted)).not.toContain('decided')
    expect(outside(html(noted)).match(/40 times/g)).toHaveLength(1)
    for (const decided of [0, null]) expect(line({ ...clearWin, holdout: holdout({ decided }) })).not.toContain('decided')
  })
  test('says that the models are compared as on unrelated rows where that was asked for', () => {
    const unpaired = { ...clearWin, holdout: holdout({ paired: null }) }
    const asked = { ...unpaired, rows: clearWin.rows.map(one => ({ ...one, challenger: { ...one.challenger, support: 12480 } })) }
    expect(line(asked)).toContain('compared with the champion as unrelated rows, as the rules ask')
    expect(line({ ...unpaired, rows: [row('roc_auc', estimate(0.9, 0.8, 1))] })).toContain('not paired with the champion')
  })
})

test('an inconclusive run has three ways on, with the margin that these rows decide', () => {
  const rows = inconclusive.rows.map(one => ({ ...one, difference: difference(0.0051, -0.0091, 0.0194, { detectable: 0.02036 }) }))
  const text = outside(html({ ...inconclusive, rows }))
  expect(text).toContain('Three ways on: more holdout rows (about how many stands above) · a wider margin in refline.yml')
  expect(text).toContain('(these rows decide one of 0.02 on roc_auc in 4 of 5 cases) · an override')
  expect(outside(html(clearLoss))).not.toContain('Three ways on')
})

test('nothing that users name becomes markup in any of these parts', () => {
  const evil = '<img src=x>|`@alice` [x](http://evil.test) </details> <!-- x --> ::error::'
  const of: Assessment = {
    ...clearLoss,
    warnings: [evil],
    findings: [{ check: evil.slice(0, 90), severity: 'error', message: evil }],
    fairness: [
      fairness({
        column: evil,
        groups: [group(evil, 0.5, 50), group('b', null, 50)],
        estimate: estimate(null, null, null, { reason: evil }),
        rules: [rule('max', 0.1, { verdict: 'fail', sentence: evil })],
      }),
    ],
    slices: [slice(evil, { difference: difference(null, null, null, { reason: evil }) })],
  }
  const page = html(of)
  expect(elements(page).filter(name => ['img', 'script'].includes(name))).toEqual([])
  expect(page.match(/href="[^"]*"/g)).toEqual([`href="${commentContext.jobUrl}"`])
  expect(textOf(page)).not.toMatch(/@alice|:\/\//)
  expect(page).not.toContain('<!--')
  expect(page.match(/<details>/g)?.length).toBe(page.match(/<\/details>/g)?.length)
  expect(renderLogLines(of).every(line => !/[\n\r]/.test(line))).toBe(true)
})

test('the lines of the log tell the same', () => {
  const lines = renderLogLines({
    ...clearLoss,
    holdout: holdout({ weighted: true, clusters: 40, decided: 3 }),
    fairness: [fairness()],
    findings: [{ check: 'leak', severity: 'warn', message: 'found' }],
    warnings: ['ece: too much'],
    slices: [
      slice('EU'),
      slice('US', { verdict: 'fail', rules: [rule('min', 0.9, { verdict: 'fail', sentence: '0.8020 is below 0.9' })] }),
    ],
  })
  expect(lines[0]).toContain('12,480 weighted paired rows in 40 clusters')
  for (const line of [
    '  slices 1 pass, 1 fail',
    '    ❌ recall where region is US: 0.8020 is below 0.9',
    '  fairness 0 pass, 1 fail',
    '    ❌ equal_opportunity_difference between the groups of sex: 0.1200 is above 0.05, even at best (0.0600)',
    '  ⚠️ leak: found',
    '  warning: ece: too much',
    '  This holdout has decided 3 times before',
  ])
    expect(lines).toContain(line)
  expect(lines.filter(line => line.includes('0.8020 is below 0.9'))).toHaveLength(1)
  expect(lines.filter(line => line.includes('found'))).toHaveLength(1)
})
