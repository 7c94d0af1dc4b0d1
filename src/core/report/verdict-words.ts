import type { JudgedRow, JudgedRule, JudgedSlice } from '../comparison/assessment.ts'
import { promotionKinds } from '../comparison/rows.ts'
import { formatBound } from './numbers.ts'

/** What a reader is shown of something judged: its verdict, or that only a rule which blocks nothing is not kept. */
export type Shown = JudgedRow['verdict'] | JudgedSlice['verdict'] | JudgedRule['verdict'] | 'warning' | 'info'

/** The sign of a verdict; the word always stands beside it. */
export const icon = (verdict: Shown): string =>
  ({
    pass: '✅',
    fail: '❌',
    inconclusive: '⚠️',
    warning: '⚠️',
    info: 'ℹ️',
    reported: '',
    'not-judged': '',
    'not-applicable': '',
  })[verdict]

const isKept = (rule: JudgedRule): boolean => rule.verdict === 'pass' || rule.verdict === 'not-applicable'

/** What is shown of a row, slice or measure: where nothing that blocks stands against it, a broken rule of severity `warn` is a warning and one of severity `info` is told. */
export const shownVerdict = (verdict: JudgedRow['verdict'] | JudgedSlice['verdict'], rules: readonly JudgedRule[]): Shown => {
  const gates = rules.filter(rule => !isPromotion(rule))
  const broken = gates.filter(rule => !isKept(rule))
  if (broken.length === 0) return verdict === 'reported' && gates.some(rule => rule.verdict === 'pass') ? 'pass' : verdict
  const blocking = broken.filter(rule => rule.severity === 'error')
  if (blocking.length > 0) return blocking.some(rule => rule.verdict === 'fail') ? 'fail' : 'inconclusive'
  return broken.some(rule => rule.severity === 'warn') ? 'warning' : 'info'
}

/** The verdict with its sign, as in `❌ fail` or `not judged`. */
export const verdictWords = (shown: Shown): string => `${icon(shown)} ${shown === 'not-judged' ? 'not judged' : shown}`.trim()

/** A rule as people write it: `≥ 0.9`, `drop ≤ 2 %`, `superior`, `≤ 0.03 (warn)`. */
export const ruleWords = (rule: Pick<JudgedRule, 'kind' | 'bound' | 'relative' | 'severity'>): string =>
  `${limitWords(rule)}${rule.severity === 'error' ? '' : ` (${rule.severity})`}`

const limitWords = (rule: Pick<JudgedRule, 'kind' | 'bound' | 'relative'>): string => {
  const bound = rule.bound === null ? '' : formatBound(rule.bound, rule.relative)
  switch (rule.kind) {
    case 'min':
      return `≥ ${bound}`
    case 'max':
      return `≤ ${bound}`
    case 'max_drop':
      return `drop ≤ ${bound}`
    case 'max_rise':
      return `rise ≤ ${bound}`
    case 'min_gain':
      return `gain ≥ ${bound}`
    case 'superior':
      return 'superior'
    case 'superior_by':
      return `superior by ${bound}`
    case 'equivalent':
      return `equivalent within ${bound}`
    case 'non_inferior':
      return bound === '' ? 'not inferior' : `not inferior by ${bound}`
  }
}

/** True for the rules that answer "will it go live" and not "may it merge". */
export const isPromotion = (rule: JudgedRule): boolean => promotionKinds.has(rule.kind)

/**
 * Why a row has its verdict: the rules that are not plainly passed, each with its sentence, none twice. Where a gate fails, what goes live is no question any more. A broken rule that
 * blocks nothing is marked where the row as a whole shows something else. Plain text, to be escaped.
 */
export const because = (rules: readonly JudgedRule[]): readonly string[] => {
  const failed = rules.some(rule => rule.verdict === 'fail' && rule.severity === 'error' && !isPromotion(rule))
  const shown = shownVerdict('pass', rules)
  const sentences = rules.flatMap(rule => {
    if (rule.verdict === 'pass' && rule.proven) return []
    if (isPromotion(rule)) {
      const told =
        failed ||
        rule.verdict === 'pass' ||
        rule.verdict === 'not-applicable' ||
        rules.some(other => other !== rule && other.sentence === rule.sentence)
      if (told) return []
      return [rule.sentence.startsWith('not proven') ? rule.sentence : `${ruleWords(rule)} not shown: ${rule.sentence}`]
    }
    if (rule.verdict === 'not-applicable') return [`${ruleWords(rule)} not applicable: ${rule.sentence.replace(/^not applicable: /, '')}`]
    const own = rule.severity === 'warn' ? 'warning' : rule.severity
    return [isKept(rule) || rule.severity === 'error' || own === shown ? rule.sentence : `${own}: ${rule.sentence}`]
  })
  return [...new Set(sentences)]
}

/** How many have which verdict, in words: `3 pass, 0 fail, 1 warning, 1 not judged`. */
export const counted = (all: readonly Shown[]): string => {
  const of = (shown: Shown): number => all.filter(one => one === shown).length
  const rare = (['inconclusive', 'warning', 'info', 'not-judged'] as const).flatMap(shown =>
    of(shown) === 0
      ? []
      : [`${of(shown)} ${shown === 'not-judged' ? 'not judged' : shown === 'warning' && of(shown) > 1 ? 'warnings' : shown}`],
  )
  return [`${of('pass')} pass`, `${of('fail')} fail`, ...rare].join(', ')
}
