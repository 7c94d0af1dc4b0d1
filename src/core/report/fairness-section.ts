import type { JudgedFairness } from '../comparison/assessment.ts'
import { code, escapeMarkdown } from './escape.ts'
import { estimateCell } from './metric-table.ts'
import { formatCount, formatInterval, formatValue } from './numbers.ts'
import { fold, table } from './table.ts'
import { because, counted, ruleWords, type Shown, shownVerdict, verdictWords } from './verdict-words.ts'

type Group = JudgedFairness['groups'][number]

/** Of all columns together: what is too long for the report would be left out whole. */
const mostGroups = 60

const shownOf = (measure: JudgedFairness): Shown => shownVerdict(measure.verdict, measure.rules)

/** How many measures have which verdict, in words. */
export const fairnessCounts = (measures: readonly JudgedFairness[]): string => counted(measures.map(shownOf))

const result = (measure: JudgedFairness): string => {
  const { estimate, rules } = measure
  const told = because(rules)
  const reasons = measure.verdict === 'not-judged' && estimate.reason !== null && told.length === 0 ? [estimate.reason] : told
  const why = reasons.map(reason => escapeMarkdown(reason, 300)).join(' · ')
  return `${verdictWords(shownOf(measure))}${why === '' ? '' : `: ${why}`}`
}

const measureTable = (measures: readonly JudgedFairness[]): string =>
  table(
    ['measure', 'between groups', 'rule', 'result'],
    ['left', 'left', 'left', 'left'],
    measures.map(measure => [measure.measure, estimateCell(measure.estimate), measure.rules.map(ruleWords).join(' · '), result(measure)]),
  )

const rateCell = (group: Group | undefined, name: string): string => {
  const estimate = group?.rates.find(rate => rate.name === name)?.estimate
  if (estimate === undefined) return ''
  const support = estimate.support === null ? '' : ` of ${formatCount(estimate.support)}`
  return estimate.value === null ? `undefined${support}` : `${formatValue(estimate.value)}${formatInterval(estimate)}${support}`
}

/** Which of the measures leave the group out. */
const leftOut = (value: string, measures: readonly JudgedFairness[]): string => {
  const without = measures.filter(({ groups }) => groups.some(group => group.value === value && !group.judged))
  if (without.length === 0) return 'yes'
  return without.length === measures.length ? 'no: too few rows' : `too few rows for ${without.map(({ measure }) => measure).join(', ')}`
}

/** How far a group's rates lie from the middle of all groups: where not all are shown, those that decide are. */
const distance = (group: Group, middles: ReadonlyMap<string, number>): number =>
  Math.max(
    0,
    ...group.rates.map(({ name, estimate }) => (estimate.value === null ? 0 : Math.abs(estimate.value - (middles.get(name) ?? 0)))),
  )

const shownGroups = (groups: readonly Group[], most: number): readonly Group[] => {
  if (groups.length <= most) return groups
  const names = groups[0]?.rates.map(({ name }) => name) ?? []
  const middles = new Map(
    names.map((name, index) => {
      const values = groups.flatMap(({ rates }) => rates[index]?.estimate.value ?? []).sort((a, b) => a - b)
      return [name, values[values.length >> 1] ?? 0] as const
    }),
  )
  return groups.toSorted((a, b) => Number(b.judged) - Number(a.judged) || distance(b, middles) - distance(a, middles))
}

const groupTable = (measures: readonly JudgedFairness[], most: number): string => {
  const rates = [...new Set(measures.flatMap(({ groups }) => groups.flatMap(group => group.rates.map(({ name }) => name))))]
  const known = measures.map(({ groups }) => new Map(groups.map(group => [group.value, group])))
  const groups = shownGroups(measures[0]?.groups ?? [], most)
  return table(
    ['group', 'rows', ...rates.map(name => `${name.replaceAll('_', ' ')} (rows)`), 'compared'],
    ['left', 'right', ...rates.map(() => 'left' as const), 'left'],
    groups.map(group => [
      escapeMarkdown(group.value, 80),
      formatCount(group.rows),
      ...rates.map(name =>
        rateCell(
          known.map(of => of.get(group.value)).find(one => one?.rates.some(rate => rate.name === name)),
          name,
        ),
      ),
      leftOut(group.value, measures),
    ]),
    most,
  )
}

const legend =
  '<sub>Differences are the largest rate less the smallest, ratios the smallest by the largest. The largest of several gaps is large by chance too: the end of an interval that says "unequal" holds for all pairs of groups at once. A ratio of 0.8 (four fifths) is a screening rule and proves no fairness.</sub>'

/** The fold of fairness: for each column its measures with rule and result, then its groups with their rates; null where there are no rules. */
export const fairnessSection = (measures: readonly JudgedFairness[]): string | null => {
  if (measures.length === 0) return null
  const names = [...new Set(measures.map(({ column }) => column))]
  const most = Math.max(5, Math.floor(mostGroups / names.length))
  const columns = names.map(column => {
    const ours = measures.filter(measure => measure.column === column)
    return `Groups of ${code(column, 80)}:\n\n${measureTable(ours)}\n\n${groupTable(ours, most)}`
  })
  return fold(`Fairness: ${fairnessCounts(measures)}`, [...columns, legend].join('\n\n'))
}
