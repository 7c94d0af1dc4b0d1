import type { ModelConfiguration } from '../configuration/schema.ts'
import type { Difference, Estimate, JudgedRule } from './assessment.ts'
import { figure } from './figures.ts'

export type Policy = ModelConfiguration['on_inconclusive']

/** What a rule is judged by: the metric's estimate, and where there is a champion its estimate and the difference. */
export interface Evidence {
  readonly metric: string
  readonly challenger: Estimate
  readonly champion: Estimate | null
  readonly difference: Difference | null
  /**
   * `paired`: on the same rows. `independent`: each on its own rows, because the rules ask for it. `first`: nothing to compare with, rules on differences do not apply.
   * `unreachable`: there is a champion that cannot be compared.
   */
  readonly comparison: 'paired' | 'independent' | 'first' | 'unreachable'
  /** Rows that it is computed from; null for figures without rows, which are judged as points. */
  readonly rows: number | null
  /** Of the intervals. */
  readonly confidence: number
  /** Which way is better; absent or null where that is not known, so that no rule on a gain can be judged. */
  readonly direction?: 'higher' | 'lower' | null
}

/** Bounds are inclusive, up to what double arithmetic loses. */
export const tolerance = (bound: number): number => 1e-12 * Math.max(1, Math.abs(bound))

/** What a rule asks of an estimate. */
export interface Question {
  readonly kind: JudgedRule['kind']
  readonly bound: number
  readonly relative: boolean
  /** The bound in the metric's own unit. */
  readonly limit: number
  readonly estimate: Estimate
  /** How far inside the bound a number lies; negative outside. */
  readonly surplus: (value: number) => number
  /** Says of a number that it lies outside: "0.8995 is below 0.90". */
  readonly outside: (value: number) => string
  /** Says of the worse end of the interval how far it goes: "may be as low as 0.8995". */
  readonly doubt: (end: number) => string
  /** How many rows would tell, to follow a sentence; empty where that is not known. */
  readonly needed: (worst: number, best: number) => string
}

/** A judged rule before its severity is known. */
export type Answer = Omit<JudgedRule, 'severity'>

/** The answer to what cannot be judged by numbers. */
export const fixed = (
  kind: JudgedRule['kind'],
  bound: number | null,
  relative: boolean,
  verdict: JudgedRule['verdict'],
  sentence: string,
): Answer => ({ kind, bound, relative, verdict, basis: 'none', proven: true, sentence })

/** Why numbers that should decide are none; null where all are. */
const notNumbers = ({ estimate, limit }: Question): string | null => {
  const { value, low, high, reason } = estimate
  if (value === null || !Number.isFinite(value)) return reason ?? 'its value is not a number'
  if (!Number.isFinite(limit)) return 'its bound is not a number'
  const wild = (end: number | null): boolean => end !== null && !Number.isFinite(end)
  return wild(low) || wild(high) ? 'its interval is not a number' : null
}

/** Judges by the two-sided interval: proven pass, proven fail, or what the policy makes of it. Undefined never passes, and without rows the point decides. */
export const answer = (question: Question, rows: number | null, policy: Policy): Answer => {
  const { kind, bound, relative, limit, estimate, surplus, outside } = question
  const none = notNumbers(question)
  if (none !== null) return fixed(kind, bound, relative, 'fail', `undefined never passes: ${none}`)
  const value = estimate.value as number
  const slack = -tolerance(limit)
  const inside = surplus(value) >= slack
  const base = { kind, bound, relative }
  if (rows === null) {
    const sentence = inside ? 'a point, no rows' : `${outside(value)} (a point, no rows)`
    return { ...base, verdict: inside ? 'pass' : 'fail', basis: 'point', proven: true, sentence }
  }
  if (estimate.low === null || estimate.high === null) {
    return undecided(base, inside, policy, estimate.reason ?? 'there is no interval', outside(value), '')
  }
  const [worst, best] = [estimate.low, estimate.high].sort((a, b) => surplus(a) - surplus(b)) as [number, number]
  const byInterval = { ...base, basis: 'interval' as const, proven: true }
  if (surplus(worst) >= slack) return { ...byInterval, verdict: 'pass', sentence: 'proven by the interval' }
  if (surplus(best) < slack) return { ...byInterval, verdict: 'fail', sentence: `${outside(value)}, even at best (${figure(best, limit)})` }
  return undecided(base, inside, policy, question.doubt(worst), outside(value), question.needed(worst, best))
}

const undecided = (
  base: Pick<JudgedRule, 'kind' | 'bound' | 'relative'>,
  inside: boolean,
  policy: Policy,
  doubt: string,
  outside: string,
  needed: string,
): Answer => {
  const notProven = `not proven with these rows: ${doubt}${needed}`
  if (policy !== 'point') return { ...base, verdict: 'inconclusive', basis: 'interval', proven: false, sentence: notProven }
  const sentence = inside ? notProven : `${outside}, not proven with these rows${needed}`
  return { ...base, verdict: inside ? 'pass' : 'fail', basis: 'point', proven: false, sentence }
}

/** The interval of a difference, with its signs. */
export const shownInterval = ({ low, high }: Estimate): string =>
  low === null || high === null ? '' : ` [${[low, high].map(end => `${end > 0 ? '+' : ''}${figure(end)}`).join(', ')}]`
