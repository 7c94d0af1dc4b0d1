import type { Severity } from '../configuration/rules-schema.ts'
import type { Bound } from '../configuration/schema.ts'
import { UserError } from '../errors.ts'
import type { Estimate, JudgedRule } from './assessment.ts'
import { figure, shortMargin } from './figures.ts'
import { rowsForValue, rowsWords } from './rows-needed.ts'
import { type Answer, answer, type Evidence, fixed, type Policy, type Question } from './rule.ts'

export type { Evidence, Policy } from './rule.ts'

/** The rules of a gate on one metric, of all rows or of a slice. */
export interface GateRules {
  readonly min?: number | undefined
  readonly max?: number | undefined
  readonly max_drop?: Bound | undefined
  readonly max_rise?: Bound | undefined
  readonly min_gain?: Bound | undefined
  readonly severity?: Severity | undefined
}

/** A reported figure that is the bound itself in single precision, which is as near as its writer could come. */
const isRounded = (number: number, bound: number): boolean => number === Math.fround(bound)

const absolute = (kind: 'min' | 'max', bound: number, evidence: Evidence, policy: Policy): Answer => {
  const { value } = evidence.challenger
  return answer(
    {
      kind,
      bound,
      relative: false,
      limit: bound,
      estimate: evidence.challenger,
      surplus: number => (evidence.rows === null && isRounded(number, bound) ? 0 : kind === 'min' ? number - bound : bound - number),
      outside: number => `${figure(number, bound)} is ${kind === 'min' ? 'below' : 'above'} ${bound}`,
      doubt: end => `may be as ${kind === 'min' ? 'low' : 'high'} as ${figure(end, bound)}`,
      needed: (worst, best) =>
        value === null || evidence.rows === null
          ? ''
          : rowsForValue(evidence.rows, facing(value, bound, worst, best), Math.abs(value - bound), evidence.confidence),
    },
    evidence.rows,
    policy,
  )
}

/** How far the interval reaches from the value towards the bound. */
const facing = (value: number, bound: number, ...ends: readonly number[]): number =>
  Math.max(...ends.filter(end => Math.sign(end - value) === Math.sign(bound - value)).map(end => Math.abs(end - value)), 0)

/** A bound in the metric's own unit; null where it is a share of a champion that is 0, which means nothing. NaN without a champion's figure. */
export const marginOf = (bound: Bound, champion: Estimate | null): number | null => {
  if (!bound.relative) return bound.value
  if (champion?.value === 0) return null
  return bound.value * Math.abs(champion?.value ?? Number.NaN)
}

const zeroChampion = "is relative, but the champion's value is 0: write an absolute bound, such as 0.01"

type DifferenceKind = 'max_drop' | 'max_rise' | 'min_gain'

/** Says of a rule on the difference, for a margin, what it asks. `sign` 1 where higher is better. */
const differenceQuestion = (kind: DifferenceKind, margin: number, sign: 1 | -1): Pick<Question, 'surplus' | 'outside' | 'doubt'> => {
  const size = (gap: number): string => figure(Math.abs(gap), margin)
  if (kind === 'min_gain') {
    const word = (gap: number): string => (sign * gap > 0 ? 'better' : 'worse')
    return {
      surplus: gap => sign * gap - margin,
      outside: gap =>
        `${gap === 0 ? 'equal to the champion' : `${size(gap)} ${word(gap)} than the champion`}, ${shortMargin(margin)} better is asked for`,
      doubt: gap => `could be ${gap === 0 ? 'equal to the champion' : `${sign * gap > 0 ? 'only ' : ''}${size(gap)} ${word(gap)}`}`,
    }
  }
  const drop = kind === 'max_drop'
  return {
    surplus: drop ? gap => gap + margin : gap => margin - gap,
    outside: gap => (gap === 0 ? 'equal to the champion' : `${size(gap)} ${gap < 0 ? 'lower' : 'higher'} than the champion`),
    doubt: gap => `could be ${size(gap)} ${drop ? 'lower' : 'higher'}`,
  }
}

const relativeRule = (kind: DifferenceKind, bound: Bound, severity: Severity, evidence: Evidence, policy: Policy): Answer => {
  const about = [kind, bound.value, bound.relative] as const
  const { challenger, champion, difference, direction, rows } = evidence
  if (evidence.comparison === 'first') return fixed(...about, 'not-applicable', 'not applicable: no champion')
  if (challenger.value === null || !Number.isFinite(challenger.value)) {
    return fixed(...about, 'fail', `undefined never passes: ${challenger.reason ?? 'its value is not a number'}`)
  }
  if (evidence.comparison === 'unreachable') return fixed(...about, 'inconclusive', 'the champion could not be compared on the same rows')
  if (difference === null || difference.value === null) {
    return fixed(...about, 'fail', `undefined never passes: ${difference?.reason ?? 'the champion has no such figure'}`)
  }
  if (kind === 'min_gain' && !direction) return fixed(...about, 'fail', 'cannot be judged: which way is better is not known')
  const margin = marginOf(bound, champion)
  if (margin === null) {
    // What only warns must not end in an error.
    if (severity !== 'error') return fixed(...about, 'fail', `cannot be judged: it ${zeroChampion}`)
    throw new UserError(`gates.${evidence.metric}.${kind} ${zeroChampion}`)
  }
  const sign = kind === 'max_rise' || (kind === 'min_gain' && direction === 'lower') ? -1 : 1
  const asked = differenceQuestion(kind, margin, sign)
  const seen = difference.value
  return answer(
    {
      ...asked,
      kind,
      bound: bound.value,
      relative: bound.relative,
      limit: margin,
      estimate: difference,
      needed: () =>
        difference.detectable === null || rows === null
          ? ''
          : rowsWords({
              rows,
              detectable: difference.detectable,
              seen: asked.surplus(seen),
              equal: asked.surplus(0),
            }),
    },
    rows,
    policy,
  )
}

/** Judges every rule of a gate by the shown two-sided interval; what it cannot decide goes by the policy. */
export const judgeGate = (gate: GateRules, evidence: Evidence, policy: Policy): JudgedRule[] => {
  const severity = gate.severity ?? 'error'
  const rules: Answer[] = []
  if (gate.min !== undefined) rules.push(absolute('min', gate.min, evidence, policy))
  if (gate.max !== undefined) rules.push(absolute('max', gate.max, evidence, policy))
  for (const kind of ['max_drop', 'max_rise', 'min_gain'] as const) {
    const bound = gate[kind]
    if (bound !== undefined) rules.push(relativeRule(kind, bound, severity, evidence, policy))
  }
  return rules.map(rule => ({ ...rule, severity }))
}
