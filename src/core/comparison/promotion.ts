import type { Promotion } from '../configuration/rules-schema.ts'
import type { Bound, ModelConfiguration } from '../configuration/schema.ts'
import type { Difference, JudgedRule } from './assessment.ts'
import { shortMargin } from './figures.ts'
import { marginOf } from './gates.ts'
import { rowsWords } from './rows-needed.ts'
import { type Evidence, fixed, shownInterval, tolerance } from './rule.ts'

type PromotionKind = 'superior' | 'superior_by' | 'non_inferior' | 'equivalent'

const kinds: readonly PromotionKind[] = ['superior', 'superior_by', 'non_inferior', 'equivalent']

/** Rules that decide whether it goes live. */
export const promotionKinds: ReadonlySet<JudgedRule['kind']> = new Set<JudgedRule['kind']>(kinds)

/** What must be shown of a model before it goes live, and the margin that the primary's gate names for it; null where it names none. */
export const promotionRules = (
  rules: ModelConfiguration,
  change: 'changed' | 'retrained' | 'first',
): { readonly promotion: Promotion; readonly kind: PromotionKind; readonly margin: Bound | null } => {
  const promotion = change === 'retrained' ? rules.promote.retrained : rules.promote.changed
  const gate = Object.hasOwn(rules.gates, rules.primary) ? rules.gates[rules.primary] : undefined
  return { promotion, kind: typeof promotion === 'object' ? 'superior_by' : promotion, margin: gate?.max_drop ?? gate?.max_rise ?? null }
}

/** What a promotion by this rule has shown, between the two models: "it is better than the champion". */
export const shownBy = (kind: JudgedRule['kind'] | undefined): string =>
  kind === 'non_inferior' ? 'not inferior to' : kind === 'equivalent' ? 'equivalent to' : 'better than'

/** The difference with its sign turned so that more is better. */
interface Gain {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** What is to be shown of a gain: where it must lie, and what is said of it. */
interface Claim {
  readonly words: string
  readonly not: string
  readonly holds: (gain: Gain, slack: number) => boolean
  readonly refuted: (gain: Gain, slack: number) => boolean
  /** Distances to the nearest limit if the gain seen is real, and if the two are equal. */
  readonly distance: (seen: number) => number
}

const claimOf = (kind: PromotionKind, margin: number): Claim => {
  const by = shortMargin(margin)
  switch (kind) {
    case 'superior':
      return {
        words: 'better',
        not: 'not better',
        holds: ({ low }) => low > 0,
        refuted: ({ high }) => high <= 0,
        distance: seen => seen,
      }
    case 'superior_by':
      return {
        words: `better by ${by}`,
        not: `not better by ${by}`,
        // A margin of 0 asks for what `superior` asks for: two equal models are not better by 0.
        holds: ({ low }, slack) => low >= margin - slack && low > 0,
        refuted: ({ high }, slack) => high < margin - slack || high <= 0,
        distance: seen => seen - margin,
      }
    case 'non_inferior':
      return {
        words: margin === 0 ? 'non-inferior' : `non-inferior within ${by}`,
        not: margin === 0 ? 'inferior' : `inferior by more than ${by}`,
        holds: ({ low }, slack) => low >= -margin - slack,
        refuted: ({ high }, slack) => high < -margin - slack,
        distance: seen => seen + margin,
      }
    case 'equivalent':
      // Two one-sided tests: both ends of the shown interval must lie within the margin.
      return {
        words: `equivalent within ±${by}`,
        not: `not equivalent within ±${by}`,
        holds: ({ low, high }, slack) => low >= -margin - slack && high <= margin + slack,
        refuted: ({ low, high }, slack) => high < -margin - slack || low > margin + slack,
        distance: seen => margin - Math.abs(seen),
      }
  }
}

const neededOf = (claim: Claim, kind: PromotionKind, gain: Gain, detectable: number | null, rows: number | null): string => {
  // What looks no better is not proven better by more rows like these.
  if (detectable === null || rows === null || (kind === 'superior' && gain.value <= 0)) return ''
  return rowsWords({ rows, detectable, seen: claim.distance(gain.value), equal: claim.distance(0) })
}

const complete = (difference: Difference | null): difference is Difference & Gain =>
  difference !== null && [difference.value, difference.low, difference.high].every(end => end !== null && Number.isFinite(end))

/**
 * The promotion rule on the primary metric. It always needs proof by the interval, whatever the policy.
 *
 * @param margin of `non_inferior` and `equivalent`; null where the rules name none, which is 0 for non-inferior
 */
export const judgePromotion = (
  promotion: Promotion,
  margin: Bound | null,
  direction: 'higher' | 'lower',
  evidence: Evidence,
): JudgedRule => {
  const kind: PromotionKind = typeof promotion === 'object' ? 'superior_by' : promotion
  const bound = typeof promotion === 'object' ? promotion.superior_by : kind === 'superior' ? { value: 0, relative: false } : margin
  const about = [kind, bound?.value ?? 0, bound?.relative ?? false] as const
  const without = (verdict: JudgedRule['verdict'], sentence: string): JudgedRule => ({
    ...fixed(...about, verdict, sentence),
    proven: verdict === 'not-applicable',
    severity: 'error',
  })
  const { difference, champion, comparison, rows } = evidence
  if (comparison === 'first') return without('not-applicable', 'not applicable: no champion')
  if (comparison === 'unreachable' || !complete(difference))
    return without('inconclusive', difference?.reason ?? 'the champion could not be compared on the same rows')
  const limit = bound === null ? 0 : marginOf(bound, champion)
  if (limit === null) return without('inconclusive', "its margin is a share of the champion's value, which is 0")
  if (!Number.isFinite(limit) || (kind === 'equivalent' && !(limit > 0))) return without('inconclusive', 'its margin is not known')
  const gain = direction === 'higher' ? difference : { value: -difference.value, low: -difference.high, high: -difference.low }
  const claim = claimOf(kind, limit)
  const slack = tolerance(limit)
  const interval = shownInterval(difference)
  const base = { kind, bound: about[1], relative: about[2], basis: 'interval' as const, severity: 'error' as const }
  if (claim.holds(gain, slack))
    return { ...base, verdict: 'pass', proven: true, sentence: `${claim.words}, proven by the interval${interval}` }
  if (claim.refuted(gain, slack))
    return { ...base, verdict: 'fail', proven: true, sentence: `${claim.not}, proven by the interval${interval}` }
  const needed = neededOf(claim, kind, gain, difference.detectable, rows)
  return { ...base, verdict: 'inconclusive', proven: false, sentence: `not proven ${claim.words} with these rows${interval}${needed}` }
}
