import type { Assessment, Estimate, JudgedRow } from '../comparison/assessment.ts'
import { opponentName } from '../comparison/opponent.ts'
import { code, escapeMarkdown } from './escape.ts'
import { formatDifference, formatInterval, formatPercent, formatPoint, formatValue } from './numbers.ts'
import { table } from './table.ts'
import { because, ruleWords, shownVerdict, verdictWords } from './verdict-words.ts'

const shown = (estimate: Estimate): string =>
  estimate.value === null ? 'undefined' : estimate.method === null ? formatPoint(estimate.value) : formatValue(estimate.value)

/** An estimate as a cell: the value in bold with its interval, or that it is undefined. */
export const estimateCell = (estimate: Estimate): string =>
  estimate.value === null ? 'undefined' : `**${shown(estimate)}**${formatInterval(estimate)}`

const metricCell = (row: JudgedRow): string => {
  const title = escapeMarkdown(row.title, 100)
  const lower = row.direction === 'lower' ? ' (lower is better)' : ''
  return row.primary ? `**${title}** (primary)${lower}` : `${title}${lower}`
}

/** The difference from the champion as a cell, with its interval. */
export const differenceCell = (row: Pick<JudgedRow, 'difference' | 'champion' | 'challenger'>): string => {
  if (row.difference === null) return row.champion === null ? '' : 'not paired'
  const { value } = row.difference
  if (value !== null && row.challenger.method === null) return formatPoint(value, true)
  return value === null ? 'undefined' : `${formatDifference(value)}${formatInterval(row.difference, formatDifference)}`
}

const resultCell = (row: JudgedRow): string => {
  const undefinedReason = row.challenger.value === null && row.challenger.reason !== null ? [row.challenger.reason] : []
  const shown = shownVerdict(row.verdict, row.rules)
  if (shown === 'reported') return [shown, ...undefinedReason.map(reason => escapeMarkdown(reason, 300))].join(': ')
  const reasons = [...because(row.rules), ...undefinedReason.filter(reason => !row.rules.some(rule => rule.sentence.includes(reason)))]
  const why = reasons.map(reason => escapeMarkdown(reason, 300)).join(' · ')
  return `${verdictWords(shown)}${why === '' ? '' : `: ${why}`}`
}

const championCell = ({ champion, challenger }: JudgedRow): string => {
  if (champion === null) return ''
  return shown(
    challenger.method === null && challenger.value !== null
      ? { ...champion, method: null }
      : { ...champion, method: champion.method ?? '' },
  )
}

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
  const champion = assessment.opponent.kind === 'champion' ? escapeMarkdown(opponentName(assessment.opponent), 80) : 'champion'
  return table(
    ['metric', champion, 'this run', `difference (${interval})`, 'rule', 'result'],
    ['left', 'right', 'right', 'left', 'left', 'left'],
    assessment.rows.map(row => [
      metricCell(row),
      championCell(row),
      estimateCell(row.challenger),
      differenceCell(row),
      rulesCell(row),
      resultCell(row),
    ]),
  )
}
