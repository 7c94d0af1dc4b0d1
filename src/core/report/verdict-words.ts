import type { JudgedRow, JudgedRule, JudgedSlice } from '../comparison/assessment.ts'
import { promotionKinds } from '../comparison/rows.ts'
import { formatBound } from './numbers.ts'

/** The sign of a verdict; the word always stands beside it. */
export const icon = (verdict: JudgedRow['verdict'] | JudgedSlice['verdict'] | JudgedRule['verdict']): string =>
  ({ pass: '✅', fail: '❌', inconclusive: '⚠️', reported: '', 'not-judged': '', 'not-applicable': '' })[verdict]

/** A rule as people write it: `≥ 0.9`, `drop ≤ 2 %`, `superior`. */
export const ruleWords = (rule: Pick<JudgedRule, 'kind' | 'bound' | 'relative'>): string => {
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
 * Why a row has its verdict: the rules that are not plainly passed, each with its sentence, none twice. Where a gate fails, what goes live is no question any more. Plain
 * text, to be escaped.
 */
export const because = (rules: readonly JudgedRule[]): readonly string[] => {
  const failed = rules.some(rule => rule.verdict === 'fail' && !isPromotion(rule))
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
    return [rule.sentence]
  })
  return [...new Set(sentences)]
}
