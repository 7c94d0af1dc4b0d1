import type { ModelConfiguration } from '../configuration/schema.ts'
import { metricOf } from '../evaluation/metrics.ts'
import type { Assessment, Decision, JudgedFairness, JudgedRow, JudgedSlice, Opponent, Verdict } from './assessment.ts'
import { shortFigure } from './figures.ts'
import { gateRules, promotionKinds } from './rows.ts'

/** What a conclusion is drawn from: everything that was judged. `blocked` are reasons why something could not be judged at all, which fails. */
export interface Judged {
  readonly model: string
  readonly rules: ModelConfiguration
  readonly opponent: Opponent
  readonly change: Assessment['change']
  readonly rows: readonly JudgedRow[]
  readonly slices: readonly JudgedSlice[]
  readonly fairness: readonly JudgedFairness[]
  readonly blocked: readonly string[]
}

/** Both answers, in one sentence and one sentence each for what stands against them. */
export interface Conclusion {
  readonly verdict: Verdict
  readonly decision: Decision
  readonly headline: string
  readonly because: string[]
}

const sentencesOf = (judged: Judged, wanted: 'fail' | 'inconclusive'): string[] => [
  ...judged.rows.flatMap(row =>
    gateRules(row.rules)
      .filter(rule => rule.verdict === wanted)
      .map(rule => `${row.metric}: ${rule.sentence}`),
  ),
  ...judged.slices.flatMap(slice =>
    slice.rules
      .filter(rule => rule.verdict === wanted)
      .map(rule => `${slice.metric} where ${slice.column} is ${slice.value}: ${rule.sentence}`),
  ),
  ...judged.fairness.flatMap(measure =>
    measure.rules
      .filter(rule => rule.verdict === wanted && rule.severity === 'error')
      .map(rule => `${measure.measure} between the groups of ${measure.column}: ${rule.sentence}`),
  ),
]

const promotionOf = (primary: JudgedRow | undefined) => primary?.rules.find(rule => promotionKinds.has(rule.kind))

const decide = (judged: Judged, verdict: Verdict): Decision => {
  const { opponent, rules } = judged
  if (opponent.kind === 'unreachable') return 'inconclusive'
  if (verdict === 'fail') return 'keep'
  if (verdict === 'inconclusive' && rules.on_inconclusive !== 'warn') return 'inconclusive'
  if (opponent.kind === 'first') return 'promote'
  const primary = judged.rows.find(row => row.primary)
  const promotion = promotionOf(primary)
  if (promotion === undefined || primary?.difference?.value == null || primary.difference.low === null) return 'inconclusive'
  return promotion.verdict === 'pass' ? 'promote' : 'keep'
}

/** Draws verdict and decision from what was judged. */
export const conclude = (judged: Judged): Conclusion => {
  const { opponent } = judged
  const failed = [...sentencesOf(judged, 'fail'), ...judged.blocked]
  const open = sentencesOf(judged, 'inconclusive')
  const unreachable =
    opponent.kind === 'unreachable'
      ? [`champion${opponent.version === null ? '' : ` v${opponent.version}`} is recorded but could not be compared: ${opponent.reason}`]
      : []
  const verdict: Verdict = failed.length > 0 ? 'fail' : open.length + unreachable.length > 0 ? 'inconclusive' : 'pass'
  const decision = decide(judged, verdict)
  const primary = judged.rows.find(row => row.primary)
  const because = [...failed, ...unreachable, ...open]
  const promotion = promotionOf(primary)
  if (verdict !== 'fail' && decision !== 'promote' && promotion && promotion.verdict !== 'pass' && opponent.kind === 'champion') {
    because.push(`${primary?.metric}: ${promotion.sentence}`)
  }
  return { verdict, decision, headline: headline(judged, verdict, decision, because), because }
}

const primaryFigures = ({ rules, rows }: Judged): string => {
  const primary = rows.find(row => row.primary)
  const [ours, theirs] = [primary?.challenger.value, primary?.champion?.value]
  const title = metricOf(rules.primary, rules.task)?.title ?? rules.primary
  if (ours == null || theirs == null) return ''
  return ` (${title} ${shortFigure(theirs)} → ${shortFigure(ours)})`
}

const failedHeadline = (judged: Judged, [first = '', ...more]: readonly string[]): string => {
  const primary = judged.rows.find(row => row.primary)
  const worse =
    primary && gateRules(primary.rules).find(rule => rule.verdict === 'fail' && (rule.kind === 'max_drop' || rule.kind === 'max_rise'))
  if (judged.opponent.kind === 'champion' && worse && primary.difference?.value != null && primary.difference.value !== 0) {
    const allowed = worse.relative ? `${Number(((worse.bound ?? 0) * 100).toPrecision(6))} %` : worse.bound
    const figures = primaryFigures(judged).replace(/\)$/, `, allowed ${worse.kind === 'max_drop' ? 'drop' : 'rise'} ${allowed})`)
    return `${judged.model} must not merge: it is worse than champion v${judged.opponent.version}${figures}`
  }
  return `${judged.model} must not merge: ${first}${more.length === 0 ? '' : `, and ${more.length} more`}`
}

const headline = (judged: Judged, verdict: Verdict, decision: Decision, because: readonly string[]): string => {
  const { model, opponent } = judged
  if (verdict === 'fail') return failedHeadline(judged, because)
  const first = because[0] ?? ''
  if (opponent.kind === 'unreachable') return `${model}: cannot tell whether it may merge, because ${first}`
  const merge = verdict === 'pass' ? `${model} may merge` : `${model}: not proven that it may merge`
  if (opponent.kind === 'first') {
    if (verdict !== 'pass') return `${merge}: ${first}`
    return `${model} may merge, and merging makes it the first champion: nothing to compare with, all absolute gates pass`
  }
  const champion = `champion v${opponent.version}`
  const promotion = promotionOf(judged.rows.find(row => row.primary))
  if (decision === 'promote') {
    const how = promotion?.kind === 'non_inferior' ? 'it is not inferior to' : 'it is better than'
    return `${merge}, and merging puts it live: ${how} ${champion}${primaryFigures(judged)}`
  }
  if (verdict === 'inconclusive') return `${model}: cannot tell if it is worse than ${champion}; ${first}`
  if (decision === 'inconclusive') return `${merge}, but ${champion} stays live: ${first}`
  const why = promotion?.kind === 'non_inferior' ? 'it is not proven to be as good' : 'it is not proven better'
  return `${merge}, but ${champion} stays live: ${why}${primaryFigures(judged)}`
}
