import { type Fairness, type FairnessMeasure, fairnessMeasure } from '../configuration/rules-schema.ts'
import type { ModelConfiguration } from '../configuration/schema.ts'
import { UserError } from '../errors.ts'
import { chanceGap, comparisonOf, disparity, pairsAmong, type RateComparison, type RateName } from '../evaluation/fairness.ts'
import { type GroupRows, groupRows, rateOf } from '../evaluation/fairness-rates.ts'
import { absentColumn, groupsOf } from '../evaluation/groups.ts'
import { type Method, undefinedEstimate } from '../evaluation/metrics/metric.ts'
import type { Predictions } from '../evaluation/predictions.ts'
import type { Interval } from '../statistics/interval.ts'
import type { Estimate, JudgedFairness, JudgedRule } from './assessment.ts'
import type { Sources } from './evidence.ts'
import { figure } from './figures.ts'
import { judgeGate } from './gates.ts'

/** What was judged, why something could not be judged at all (which fails), and what a reader must know. */
export interface FairnessFound {
  readonly judged: JudgedFairness[]
  readonly blocked: string[]
  readonly notes: string[]
}

type RateAt = (name: RateName, group: GroupRows, confidence?: number) => Estimate

/** The rates of groups, each computed once for each confidence. */
const ratesBy = (method: Method): RateAt => {
  const known = new Map<GroupRows, Map<string, Estimate>>()
  return (name, group, confidence = method.confidence) => {
    const ofGroup = known.get(group) ?? new Map<string, Estimate>()
    known.set(group, ofGroup)
    const key = `${name} ${confidence}`
    const estimate = ofGroup.get(key) ?? rateOf(name, group, { ...method, confidence })
    ofGroup.set(key, estimate)
    return estimate
  }
}

/** A rate with the groups that have enough rows in its denominator. One that is undefined for want of predictions has no support: it stays in, and fails. */
interface Compared {
  readonly name: RateName
  readonly groups: readonly { readonly group: GroupRows; readonly estimate: Estimate }[]
  /** Place of the reference group; null where there is none, -1 where it is not among the groups. */
  readonly reference: number | null
}

const comparedBy = (name: RateName, groups: readonly GroupRows[], rules: Fairness, rateAt: RateAt): Compared => {
  const judged = groups
    .map(group => ({ group, estimate: rateAt(name, group) }))
    .filter(({ estimate: { support } }) => support === null || support >= rules.min_support)
  return {
    name,
    groups: judged,
    reference: rules.reference === undefined ? null : judged.findIndex(({ group }) => group.value === rules.reference),
  }
}

const limitsOf = ({ low, high }: Estimate): Interval | null => (low === null || high === null ? null : { low, high })

const withLimits = ({ name, groups, reference }: Compared, rateAt: RateAt, strict: number): RateComparison => ({
  reference,
  groups: groups.map(({ group, estimate }) => ({
    value: estimate.value as number,
    limits: limitsOf(estimate),
    wide: limitsOf(rateAt(name, group, strict)),
  })),
})

/** Why a measure is undefined whatever its rates are; null where it can be computed. */
const undefinedFor = (rates: readonly Compared[], rules: Fairness): string | null => {
  for (const { name, groups, reference } of rates) {
    if (reference === -1)
      return `the reference group "${rules.reference}" is not there, or has less than ${rules.min_support} rows for its ${words(name)}`
    const without = groups.find(({ estimate }) => estimate.value === null)
    if (without) return `the ${words(name)} of ${without.group.value} is undefined: ${without.estimate.reason}`
  }
  return null
}

const words = (name: RateName): string => name.replaceAll('_', ' ')

const estimateFor = (measure: FairnessMeasure, rates: readonly Compared[], rules: Fairness, rateAt: RateAt, method: Method): Estimate => {
  const { kind } = comparisonOf(measure)
  const support = Math.min(...rates.flatMap(({ groups }) => groups.map(({ estimate }) => estimate.support ?? 0)))
  const reason = undefinedFor(rates, rules)
  if (reason !== null) return undefinedEstimate(reason, Number.isFinite(support) ? support : null)
  const pairs = rates.reduce((total, { groups, reference }) => total + pairsAmong(groups.length, reference !== null), 0)
  const strict = 1 - (1 - method.confidence) / pairs
  const { value, interval } = disparity(
    kind,
    rates.map(rate => withLimits(rate, rateAt, strict)),
  )
  if (!Number.isFinite(value)) {
    return undefinedEstimate(
      `0 / 0: the ${rates.map(({ name }) => words(name)).join(' or the ')} is 0 in all groups that are compared`,
      support,
    )
  }
  return {
    value,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
    support,
    method: interval ? 'mover' : null,
    reason: interval ? null : 'the rate of a group has no interval',
  }
}

/** What equal groups of these sizes would show by chance; null where that cannot be said. */
const chanceOf = (measure: FairnessMeasure, rates: readonly Compared[], method: Method): string | null => {
  const { kind } = comparisonOf(measure)
  const gaps = rates.flatMap(({ groups, reference }) => {
    const supports = groups.map(({ estimate }) => estimate.support ?? 0)
    const all = supports.reduce((total, support) => total + support, 0)
    if (reference !== null || supports.includes(0)) return []
    const share = groups.reduce((total, { estimate }, index) => total + ((estimate.value as number) * (supports[index] as number)) / all, 0)
    return [chanceGap(kind, supports, share, method)]
  })
  if (gaps.length === 0) return null
  return `${measure} ${figure(kind === 'difference' ? Math.max(...gaps) : Math.min(...gaps))}`
}

const verdictOf = (rules: readonly JudgedRule[]): JudgedFairness['verdict'] => {
  const blocking = rules.filter(rule => rule.severity === 'error')
  if (blocking.some(rule => rule.verdict === 'fail')) return 'fail'
  return blocking.some(rule => rule.verdict === 'inconclusive') ? 'inconclusive' : 'pass'
}

const shownGroups = (
  groups: readonly GroupRows[],
  names: readonly RateName[],
  rates: readonly Compared[],
  rateAt: RateAt,
): JudgedFairness['groups'] =>
  groups.map(group => ({
    value: group.value,
    rows: group.rows,
    rates: names.map(name => ({ name, estimate: rateAt(name, group) })),
    judged: rates.some(rate => rate.groups.some(one => one.group === group)),
  }))

const judgeColumn = (column: string, rules: Fairness, challenger: Predictions, configuration: ModelConfiguration, method: Method) => {
  const groups = groupRows(challenger, groupsOf(challenger, column, `fairness.${column}`))
  const rateAt = ratesBy(method)
  const notes: string[] = []
  const chances: string[] = []
  const judged = fairnessMeasure.options.flatMap((measure): JudgedFairness[] => {
    const gate = rules[measure]
    if (gate === undefined) return []
    const { rates: names } = comparisonOf(measure)
    const rates = names.map(name => comparedBy(name, groups, rules, rateAt))
    const about = `${measure} between the groups of ${column}`
    const base = { column, measure, groups: shownGroups(groups, names, rates, rateAt) }
    const usable = rates.filter(rate => rate.groups.length > 1 || rate.reference === -1)
    const missing = rates.filter(rate => !usable.includes(rate)).map(rate => words(rate.name))
    const why = `fewer than two groups have ${rules.min_support} rows for their ${missing.join(' and ')}`
    if (usable.length === 0) {
      notes.push(`${about} is not judged: ${why}`)
      return [{ ...base, estimate: undefinedEstimate(why), rules: [], verdict: 'not-judged' }]
    }
    const estimate = estimateFor(measure, usable, rules, rateAt, method)
    const evidence = {
      metric: measure,
      challenger: estimate,
      champion: null,
      difference: null,
      comparison: 'first',
      rows: challenger.rows,
      confidence: method.confidence,
    } as const
    const answers = judgeGate({ ...gate, severity: gate.severity ?? rules.severity }, evidence, configuration.on_inconclusive)
    // Half of a measure can break a rule and never keep it.
    if (missing.length > 0 && answers.every(rule => rule.verdict === 'pass')) {
      notes.push(`${about} is not judged: ${why}`)
      return [{ ...base, estimate, rules: [], verdict: 'not-judged' }]
    }
    if (estimate.value !== null && answers.some(rule => !rule.proven))
      chances.push(...[chanceOf(measure, usable, method)].filter(text => text !== null))
    return [{ ...base, estimate, rules: answers, verdict: verdictOf(answers) }]
  })
  if (chances.length > 0) notes.push(`fairness of ${column}: by chance alone, equal groups of these sizes show about ${chances.join(', ')}`)
  if (rules.reference !== undefined) notes.push(`fairness of ${column}: every group is compared with ${rules.reference}`)
  return { judged, notes }
}

/**
 * Judges the measures of fairness between the groups of each column: differences are the largest rate minus the smallest, ratios the smallest by the largest, or every group's against the
 * reference group's. A group with too few rows in the denominator of a rate is shown and left out of it; an undefined measure fails. Throws a UserError where the model is not binary.
 */
export const judgeFairness = (rules: ModelConfiguration, challenger: Predictions | null, sources: Sources): FairnessFound => {
  const found: FairnessFound = { judged: [], blocked: [], notes: [] }
  const columns = Object.entries(rules.fairness ?? {})
  if (columns.length > 0 && rules.task !== 'binary') {
    throw new UserError(
      `fairness is measured on binary models only, and this one is ${rules.task}: remove \`fairness\`, or judge its groups by \`slices\``,
    )
  }
  for (const [column, section] of columns) {
    const problem = challenger === null ? sources.noRows : challenger.problem
    if (challenger === null || problem !== null) {
      found.blocked.push(`fairness of ${column} cannot be judged: ${problem}`)
      continue
    }
    const absent = absentColumn(challenger, column)
    if (absent !== null) {
      found.blocked.push(`fairness of ${column} cannot be judged: the predictions have no column ${absent}`)
      continue
    }
    const { judged, notes } = judgeColumn(column, section, challenger, rules, sources.method)
    found.judged.push(...judged)
    found.notes.push(...notes)
  }
  return found
}
