import type { Assessment, JudgedRow } from '../comparison/assessment.ts'
import { opponentName } from '../comparison/opponent.ts'
import { plainLine } from './escape.ts'
import { formatCount, formatDifference, formatInterval, formatValue } from './numbers.ts'
import { sliceCounts } from './slice-section.ts'
import { because, icon, ruleWords } from './verdict-words.ts'

const opponentWords = ({ opponent }: Assessment): string => {
  if (opponent.kind === 'first') return opponent.assumed ? ', compared with nothing' : ', the first version'
  if (opponent.kind === 'unreachable') return `, ${plainLine(opponentName(opponent), 100)} unreachable`
  return ` against ${plainLine(opponentName(opponent), 100)}`
}

const differenceWords = (row: JudgedRow): string =>
  row.difference === null || row.difference.value === null
    ? ''
    : `${formatDifference(row.difference.value)}${formatInterval(row.difference, formatDifference)}`

const cells = (row: JudgedRow): readonly string[] => {
  const { value } = row.challenger
  const why = [
    ...because(row.rules),
    ...(value === null && row.challenger.reason !== null && row.rules.length === 0 ? [row.challenger.reason] : []),
  ]
  return [
    `  ${icon(row.verdict) || '  '} ${plainLine(row.title, 60)}`,
    value === null ? 'undefined' : `${formatValue(value)}${formatInterval(row.challenger)}`,
    row.rules.map(ruleWords).join(', '),
    row.verdict,
    [differenceWords(row), why.map(reason => plainLine(reason, 300)).join('; ')].filter(text => text !== '').join(': '),
  ]
}

const aligned = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  return rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** The answer as lines for the job's log: what was judged against what, one aligned line for each metric, slices, what failed. Plain text, one line each. */
export const renderLogLines = (assessment: Assessment): string[] => {
  const { holdout, rules, slices } = assessment
  const rows =
    holdout === null
      ? 'reported metrics only'
      : `${formatCount(holdout.paired ?? holdout.rows)} ${holdout.paired === null ? '' : 'paired '}rows`
  return [
    `${assessment.model}: run ${plainLine(assessment.run, 80)}${opponentWords(assessment)}, ${rows}, rules: ${plainLine(rules.from, 200)}`,
    ...aligned(assessment.rows.map(cells)),
    ...(slices.length === 0 ? [] : [`  slices ${sliceCounts(slices)}`]),
    ...rules.loosened.map(sentence => `  this change loosens a rule (judged by the one before): ${plainLine(sentence, 300)}`),
    ...assessment.notes.map(note => `  note: ${plainLine(note, 500)}`),
    ...(assessment.override === null
      ? []
      : [`  OVERRIDDEN by ${plainLine(assessment.override.actor, 100)}: ${plainLine(assessment.override.reason, 500)}`]),
    `verdict ${assessment.verdict}, decision ${assessment.decision}: ${plainLine(assessment.headline, 400)}`,
  ]
}
