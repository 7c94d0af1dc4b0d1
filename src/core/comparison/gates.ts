import type { Severity } from '../configuration/rules-schema.ts'
import type { Bound, ModelConfiguration } from '../configuration/schema.ts'
import { UserError } from '../errors.ts'
import type { Difference, Estimate, JudgedRule } from './assessment.ts'
import { aboutRows, figure } from './figures.ts'

export type Policy = ModelConfiguration['on_inconclusive']

/** What a rule is judged by: the metric's estimate, and where there is a champion its estimate and the paired difference. */
export interface Evidence {
  readonly metric: string
  readonly challenger: Estimate
  readonly champion: Estimate | null
  readonly difference: Difference | null
  /** `first`: nothing to compare with, rules on differences do not apply. `unpaired`: there is a champion that cannot be compared. */
  readonly comparison: 'paired' | 'first' | 'unpaired'
  /** Rows that it is computed from; null for figures without rows, which are judged as points. */
  readonly rows: number | null
}

/** Bounds are inclusive, up to what double arithmetic loses. */
export const tolerance = (bound: number): number => 1e-12 * Math.max(1, Math.abs(bound))

/** How far inside the bound a number lies; negative outside. */
type Surplus = (value: number) => number

interface Question {
  readonly kind: JudgedRule['kind']
  readonly bound: number
  readonly relative: boolean
  readonly limit: number
  readonly estimate: Estimate
  readonly surplus: Surplus
  /** Says of a number that it lies outside: "0.8995 is below 0.90". */
  readonly outside: (value: number) => string
  /** Says of the worse end of the interval how far it goes: "may be as low as 0.8995". */
  readonly doubt: (end: number) => string
  readonly detectable: number | null
}

/** A judged rule before its severity is known. */
type Answer = Omit<JudgedRule, 'severity'>

const fixed = (
  kind: JudgedRule['kind'],
  bound: number | null,
  relative: boolean,
  verdict: JudgedRule['verdict'],
  sentence: string,
): Answer => ({
  kind,
  bound,
  relative,
  verdict,
  basis: 'none',
  proven: true,
  sentence,
})

/** The interval of a difference, with its signs. */
const shownInterval = ({ low, high }: Estimate): string =>
  low === null || high === null ? '' : ` [${[low, high].map(end => `${end > 0 ? '+' : ''}${figure(end)}`).join(', ')}]`

const answer = (question: Question, rows: number | null, policy: Policy): Answer => {
  const { kind, bound, relative, limit, estimate, surplus, outside } = question
  const value = estimate.value
  if (value === null || !Number.isFinite(value)) {
    return fixed(kind, bound, relative, 'fail', `undefined never passes: ${estimate.reason ?? 'its value is not a number'}`)
  }
  const slack = -tolerance(limit)
  const inside = surplus(value) >= slack
  const base = { kind, bound, relative }
  if (rows === null) {
    return {
      ...base,
      verdict: inside ? 'pass' : 'fail',
      basis: 'point',
      proven: true,
      sentence: inside ? 'a point, no rows' : `${outside(value)} (a point, no rows)`,
    }
  }
  if (estimate.low !== null && estimate.high !== null) {
    const ends = [estimate.low, estimate.high].sort((a, b) => surplus(a) - surplus(b)) as [number, number]
    if (surplus(ends[0]) >= slack) return { ...base, verdict: 'pass', basis: 'interval', proven: true, sentence: 'proven by the interval' }
    if (surplus(ends[1]) < slack) {
      return {
        ...base,
        verdict: 'fail',
        basis: 'interval',
        proven: true,
        sentence: `${outside(value)}, even at best (${figure(ends[1], limit)})`,
      }
    }
    const margin = Math.abs(limit)
    const needed =
      question.detectable !== null && margin > 0 && (kind === 'max_drop' || kind === 'max_rise')
        ? `; about ${aboutRows(rows * (question.detectable / margin) ** 2)} rows would tell if the two are equal`
        : ''
    return undecided(base, inside, policy, `${question.doubt(ends[0])}${needed}`, outside(value))
  }
  return undecided(base, inside, policy, estimate.reason ?? 'there is no interval', outside(value))
}

const undecided = (
  base: Pick<JudgedRule, 'kind' | 'bound' | 'relative'>,
  inside: boolean,
  policy: Policy,
  doubt: string,
  outside: string,
): Answer => {
  if (policy !== 'point') {
    return { ...base, verdict: 'inconclusive', basis: 'interval', proven: false, sentence: `not proven with these rows: ${doubt}` }
  }
  const sentence = inside ? `not proven with these rows: ${doubt}` : `${outside}, not proven with these rows`
  return { ...base, verdict: inside ? 'pass' : 'fail', basis: 'point', proven: false, sentence }
}

const absolute = (kind: 'min' | 'max', bound: number, evidence: Evidence, policy: Policy): Answer =>
  answer(
    {
      kind,
      bound,
      relative: false,
      limit: bound,
      estimate: evidence.challenger,
      surplus: kind === 'min' ? value => value - bound : value => bound - value,
      outside: value => `${figure(value, bound)} is ${kind === 'min' ? 'below' : 'above'} ${bound}`,
      doubt: end => `may be as ${kind === 'min' ? 'low' : 'high'} as ${figure(end, bound)}`,
      detectable: null,
    },
    evidence.rows,
    policy,
  )

/** The allowed worsening in the metric's own unit. A share of a champion that is 0 means nothing. */
export const marginOf = (bound: Bound, evidence: Evidence, kind: string): number => {
  if (!bound.relative) return bound.value
  const champion = evidence.champion?.value ?? null
  if (champion === 0) {
    throw new UserError(
      `gates.${evidence.metric}.${kind} is relative, but the champion's value is 0: write an absolute bound, such as 0.01`,
    )
  }
  return bound.value * Math.abs(champion ?? Number.NaN)
}

const relativeRule = (kind: 'max_drop' | 'max_rise', bound: Bound, evidence: Evidence, policy: Policy): Answer => {
  const about = [kind, bound.value, bound.relative] as const
  if (evidence.comparison === 'first') return fixed(...about, 'not-applicable', 'not applicable: no champion')
  if (evidence.challenger.value === null) return fixed(...about, 'fail', `undefined never passes: ${evidence.challenger.reason}`)
  if (evidence.comparison === 'unpaired') return fixed(...about, 'inconclusive', 'the champion could not be compared on the same rows')
  if (evidence.difference === null || evidence.difference.value === null) {
    return fixed(...about, 'fail', `undefined never passes: ${evidence.difference?.reason ?? 'the champion has no such figure'}`)
  }
  const margin = marginOf(bound, evidence, kind)
  const drop = kind === 'max_drop'
  return answer(
    {
      kind,
      bound: bound.value,
      relative: bound.relative,
      limit: margin,
      estimate: evidence.difference,
      surplus: drop ? gap => gap + margin : gap => margin - gap,
      outside: gap =>
        gap === 0 ? 'equal to the champion' : `${figure(Math.abs(gap), margin)} ${gap < 0 ? 'lower' : 'higher'} than the champion`,
      doubt: gap => `could be ${figure(Math.abs(gap), margin)} ${drop ? 'lower' : 'higher'}`,
      detectable: evidence.difference.detectable,
    },
    evidence.rows,
    policy,
  )
}

/** Judges every rule of a gate by the shown two-sided interval; what it cannot decide goes by the policy. */
export const judgeGate = (
  gate: {
    readonly min?: number | undefined
    readonly max?: number | undefined
    readonly max_drop?: Bound | undefined
    readonly max_rise?: Bound | undefined
    readonly severity?: Severity | undefined
  },
  evidence: Evidence,
  policy: Policy,
): JudgedRule[] => {
  const rules: Answer[] = []
  if (gate.min !== undefined) rules.push(absolute('min', gate.min, evidence, policy))
  if (gate.max !== undefined) rules.push(absolute('max', gate.max, evidence, policy))
  if (gate.max_drop !== undefined) rules.push(relativeRule('max_drop', gate.max_drop, evidence, policy))
  if (gate.max_rise !== undefined) rules.push(relativeRule('max_rise', gate.max_rise, evidence, policy))
  return rules.map(rule => ({ ...rule, severity: gate.severity ?? 'error' }))
}

/** The promotion rule on the primary metric. It always needs proof by the interval, whatever the policy. */
export const judgePromotion = (
  kind: 'superior' | 'non_inferior',
  margin: number,
  direction: 'higher' | 'lower',
  evidence: Evidence,
): JudgedRule => {
  const bound = kind === 'superior' ? 0 : margin
  if (evidence.comparison === 'first')
    return { ...fixed(kind, bound, false, 'not-applicable', 'not applicable: no champion'), severity: 'error' }
  const { difference } = evidence
  if (
    evidence.comparison === 'unpaired' ||
    difference === null ||
    difference.value === null ||
    difference.low === null ||
    difference.high === null
  ) {
    return {
      ...fixed(kind, bound, false, 'inconclusive', difference?.reason ?? 'the champion could not be compared on the same rows'),
      severity: 'error',
    }
  }
  const [worst, best] = direction === 'higher' ? [difference.low, difference.high] : [-difference.high, -difference.low]
  const base = { kind, bound, relative: false, basis: 'interval' as const, severity: 'error' as const }
  const interval = shownInterval(difference)
  if (kind === 'superior' ? worst > 0 : worst >= -margin - tolerance(margin)) {
    return {
      ...base,
      verdict: 'pass',
      proven: true,
      sentence: `${kind === 'superior' ? 'better' : 'not inferior'}, proven by the interval${interval}`,
    }
  }
  if (kind === 'superior' ? best <= 0 : best < -margin) {
    return {
      ...base,
      verdict: 'fail',
      proven: true,
      sentence: `${kind === 'superior' ? 'not better' : 'inferior'}, proven by the interval${interval}`,
    }
  }
  return {
    ...base,
    verdict: 'inconclusive',
    proven: false,
    sentence: `not proven ${kind === 'superior' ? 'better' : 'non-inferior'} with these rows${interval}`,
  }
}
