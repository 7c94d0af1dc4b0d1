import type { ModelConfiguration } from '../configuration/schema.ts'
import { metricOf } from '../evaluation/metrics.ts'
import type { Assessment, Decision, JudgedFairness, JudgedRow, JudgedRule, JudgedSlice, Opponent, Verdict } from './assessment.ts'
import { shortFigure } from './figures.ts'
import { opponentName, whyUnreachable } from './opponent.ts'
import { promotionKinds, shownBy } from './promotion.ts'
import { decidingRules, gateRules } from './rows.ts'

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

/** Both answers, in one sentence and one sentence each for what stands against them and for what only warns. */
export interface Conclusion {
  readonly verdict: Verdict
  readonly decision: Decision
  readonly headline: string
  readonly because: string[]
  readonly warnings: string[]
}

/** Everything that has rules, by the name that a sentence about it begins with. */
const subjects = ({ rows, slices, fairness }: Judged): readonly { readonly name: string; readonly rules: readonly JudgedRule[] }[] => [
  ...rows.map(({ metric, rules }) => ({ name: metric, rules })),
  ...slices.map(({ metric, column, value, rules }) => ({ name: `${metric} where ${column} is ${value}`, rules })),
  ...fairness.map(({ measure, column, rules }) => ({ name: `${measure} between the groups of ${column}`, rules })),
]

const sentencesOf = (judged: Judged, wanted: 'fail' | 'inconclusive'): string[] =>
  subjects(judged).flatMap(({ name, rules }) =>
    decidingRules(rules)
      .filter(rule => rule.verdict === wanted)
      .map(rule => `${name}: ${rule.sentence}`),
  )

const warningsOf = (judged: Judged): string[] =>
  subjects(judged).flatMap(({ name, rules }) =>
    gateRules(rules)
      .filter(rule => rule.severity === 'warn' && (rule.verdict === 'fail' || rule.verdict === 'inconclusive'))
      .map(rule => `${name}: ${rule.sentence}`),
  )

const primaryOf = ({ rows }: Judged): JudgedRow | undefined => rows.find(row => row.primary)

const promotionOf = (primary: JudgedRow | undefined) => primary?.rules.find(rule => promotionKinds.has(rule.kind))

/** Metrics that must not get worse, beside the primary one, and are not proven not to: what goes live needs proof, whatever lets a change be merged. */
const unprovenGuardrails = ({ rows }: Judged): string[] =>
  rows.flatMap(({ metric, rules }) =>
    decidingRules(rules)
      .filter(rule => (rule.kind === 'max_drop' || rule.kind === 'max_rise') && rule.verdict !== 'not-applicable')
      .filter(rule => rule.verdict !== 'pass' || !rule.proven)
      .map(rule => `${metric}: ${rule.sentence}`),
  )

/** Does a figure lie outside of a bound, proven or not? */
const anyOutside = ({ rows, slices, fairness }: Judged): boolean =>
  [...rows, ...slices, ...fairness.map(({ estimate, rules }) => ({ challenger: estimate, rules }))].some(
    ({ challenger: { value }, rules }) =>
      decidingRules(rules).some(
        ({ kind, bound }) => value !== null && bound !== null && ((kind === 'min' && value < bound) || (kind === 'max' && value > bound)),
      ),
  )

const decide = (judged: Judged, verdict: Verdict): Decision => {
  const { opponent, rules } = judged
  if (opponent.kind === 'unreachable') return 'inconclusive'
  if (verdict === 'fail') return 'keep'
  if (verdict === 'inconclusive' && rules.on_inconclusive !== 'warn') return 'inconclusive'
  // Nothing is compared with, so the bounds are all the proof there is: whoever only warns of doubt does not put live what looks worse than its own bound.
  if (opponent.kind === 'first') return opponent.assumed || (verdict !== 'pass' && anyOutside(judged)) ? 'inconclusive' : 'promote'
  const primary = primaryOf(judged)
  const promotion = promotionOf(primary)
  if (promotion === undefined || primary?.difference?.value == null || primary.difference.low === null) return 'inconclusive'
  return promotion.verdict === 'pass' && unprovenGuardrails(judged).length === 0 ? 'promote' : 'keep'
}

/** Draws verdict and decision from what was judged. Only rules of severity error make them; those of severity warn that do not pass are warnings. */
export const conclude = (judged: Judged): Conclusion => {
  const { opponent } = judged
  const failed = [...sentencesOf(judged, 'fail'), ...judged.blocked]
  const open = sentencesOf(judged, 'inconclusive')
  const unreachable = opponent.kind === 'unreachable' ? [whyUnreachable(opponent)] : []
  const verdict: Verdict = failed.length > 0 ? 'fail' : open.length + unreachable.length > 0 ? 'inconclusive' : 'pass'
  const decision = decide(judged, verdict)
  const because = [...failed, ...unreachable, ...open]
  if (verdict !== 'fail' && decision !== 'promote' && opponent.kind === 'champion') {
    const primary = primaryOf(judged)
    const promotion = promotionOf(primary)
    if (promotion && promotion.verdict !== 'pass') because.push(`${primary?.metric}: ${promotion.sentence}`)
    else because.push(...unprovenGuardrails(judged).filter(sentence => !because.includes(sentence)))
  }
  return { verdict, decision, headline: headline(judged, verdict, decision, because), because, warnings: warningsOf(judged) }
}

const primaryFigures = (judged: Judged): string => {
  const primary = primaryOf(judged)
  const [ours, theirs] = [primary?.challenger.value, primary?.champion?.value]
  const { rules } = judged
  const title = metricOf(rules.primary, rules.task)?.title ?? rules.primary
  if (ours == null || theirs == null) return ''
  return ` (${title} ${shortFigure(theirs)} → ${shortFigure(ours)})`
}

const failedHeadline = (judged: Judged, [first = '', ...more]: readonly string[]): string => {
  const primary = primaryOf(judged)
  const worse =
    primary && decidingRules(primary.rules).find(rule => rule.verdict === 'fail' && (rule.kind === 'max_drop' || rule.kind === 'max_rise'))
  if (judged.opponent.kind === 'champion' && worse && primary.difference?.value != null && primary.difference.value !== 0) {
    const allowed = worse.relative ? `${Number(((worse.bound ?? 0) * 100).toPrecision(6))} %` : worse.bound
    const figures = primaryFigures(judged).replace(/\)$/, `, allowed ${worse.kind === 'max_drop' ? 'drop' : 'rise'} ${allowed})`)
    return `${judged.model} must not merge: it is worse than ${opponentName(judged.opponent)}${figures}`
  }
  return `${judged.model} must not merge: ${first}${more.length === 0 ? '' : `, and ${more.length} more`}`
}

/** Against anything but the champion: what the rules say of these two, and nothing of a merge or of what goes live. */
const sideBySide = (judged: Judged, verdict: Verdict, [first]: readonly string[]): string => {
  const { model, opponent } = judged
  const primary = primaryOf(judged)
  const { low = null, high = null } = primary?.difference ?? {}
  const [worst, best] = primary?.direction === 'lower' ? [high && -high, low && -low] : [low, high]
  const against = opponent.kind === 'champion' ? opponentName(opponent) : 'nothing'
  const found =
    worst === null || best === null
      ? 'cannot be told from'
      : worst > 0
        ? 'is better than'
        : best < 0
          ? 'is worse than'
          : 'is not told apart from'
  const gates =
    verdict === 'pass'
      ? 'its gates pass against it'
      : `its gates ${verdict === 'fail' ? 'fail' : 'are not proven'} against it: ${first ?? 'nothing was judged'}`
  return `${model} ${found} ${against}${primaryFigures(judged)}; ${gates}`
}

const notShown: Readonly<Record<string, string>> = {
  non_inferior: 'it is not proven to be as good',
  equivalent: 'it is not proven equivalent',
  superior_by: 'it is not proven better by enough',
}

const headline = (judged: Judged, verdict: Verdict, decision: Decision, because: readonly string[]): string => {
  const { model, opponent } = judged
  if (opponent.kind === 'champion' && opponent.asked !== undefined) return sideBySide(judged, verdict, because)
  if (opponent.kind === 'unreachable' && opponent.asked !== undefined) return `${model}: ${whyUnreachable(opponent)}`
  if (verdict === 'fail') return failedHeadline(judged, because)
  const first = because[0] ?? ''
  if (opponent.kind === 'unreachable') return `${model}: cannot tell whether it may merge, because ${first}`
  const merge = verdict === 'pass' ? `${model} may merge` : `${model}: not proven that it may merge`
  if (opponent.kind === 'first') {
    if (verdict !== 'pass') return `${merge}: ${first}`
    if (opponent.assumed) return `${model} passes its absolute gates; it was compared with nothing`
    return `${model} may merge, and merging makes it the first champion: nothing to compare with, all absolute gates pass`
  }
  const champion = opponentName(opponent)
  const promotion = promotionOf(primaryOf(judged))
  if (decision === 'promote') {
    return `${merge}, and merging puts it live: it is ${shownBy(promotion?.kind)} ${champion}${primaryFigures(judged)}`
  }
  if (verdict === 'inconclusive') return `${model}: cannot tell if it is worse than ${champion}; ${first}`
  if (decision === 'inconclusive') return `${merge}, but ${champion} stays live: ${first}`
  if (promotion?.verdict === 'pass') return `${merge}, but ${champion} stays live: ${first}`
  return `${merge}, but ${champion} stays live: ${notShown[promotion?.kind ?? ''] ?? 'it is not proven better'}${primaryFigures(judged)}`
}
