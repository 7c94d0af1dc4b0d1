import type { Assessment, Estimate, JudgedRow } from '../comparison/assessment.ts'
import { code, escapeMarkdown } from './escape.ts'
import { formatDifference, formatInterval, formatPercent, formatValue } from './numbers.ts'
import { table } from './table.ts'
import { because, icon, ruleWords } from './verdict-words.ts'

/** An estimate as a cell: the value in bold with its interval, or that it is undefined. */
export const estimateCell = (estimate: Estimate): string =>
  estimate.value === null ? 'undefined' : `**${formatValue(estimate.value)}**${formatInterval(estimate)}`

const metricCell = (row: JudgedRow): string => {
  const title = escapeMarkdown(row.title, 100)
  const lower = row.direction === 'lower' ? ' (lower is better)' : ''
  return row.primary ? `**${title}** (primary)${lower}` : `${title}${lower}`
}

const differenceCell = (row: JudgedRow): string => {
  if (row.difference === null) return row.champion === null ? '' : 'not paired'
  const { value } = row.difference
  return value === null ? 'undefined' : `${formatDifference(value)}${formatInterval(row.difference, formatDifference)}`
}

const resultCell = (row: JudgedRow): string => {
  const undefinedReason = row.challenger.value === null && row.challenger.reason !== null ? [row.challenger.reason] : []
  if (row.verdict === 'reported') return ['reported', ...undefinedReason.map(reason => escapeMarkdown(reason, 300))].join(': ')
  const reasons = [...because(row.rules), ...undefinedReason.filter(reason => !row.rules.some(rule => rule.sentence.includes(reason)))]
  const why = reasons.map(reason => escapeMarkdown(reason, 300)).join(' · ')
  return `${icon(row.verdict)} ${row.verdict}${why === '' ? '' : `: ${why}`}`
}

const championCell = (champion: Estimate | null): string =>
  champion === null ? '' : champion.value === null ? 'undefined' : formatValue(champion.value)

const rulesCell = (row: JudgedRow): string => (row.rules.length === 0 ? 'none' : row.rules.map(ruleWords).join(' · '))

/** The main table: a row for each metric, against the champion where there is one. */
export const metricTable = (assessment: Assessment): string => {
  const interval = `${formatPercent(assessment.confidence)} interval`
  if (assessment.rows.length === 0) return `No metric could be read for ${code(assessment.run)}.`
  if (assessment.rows.every(row => row.champion === null))
    return table(
      ['metric', `this run (${interval})`, 'rule', 'result'],
      ['left', 'left', 'left', 'left'],
      assessment.rows.map(row => [metricCell(row), estimateCell(row.challenger), rulesCell(row), resultCell(row)]),
    )
  const champion = assessment.opponent.kind === 'champion' ? `champion v${assessment.opponent.version}` : 'champion'
  return table(
    ['metric', champion, 'this run', `difference (${interval})`, 'rule', 'result'],
    ['left', 'right', 'right', 'left', 'left', 'left'],
    assessment.rows.map(row => [
      metricCell(row),
      championCell(row.champion),
      estimateCell(row.challenger),
      differenceCell(row),
      rulesCell(row),
      resultCell(row),
    ]),
  )
}
