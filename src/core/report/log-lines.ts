import type { Assessment, JudgedRow, JudgedRule } from '../comparison/assessment.ts'
import { opponentName } from '../comparison/opponent.ts'
import { decidedWords } from './decision-section.ts'
import { plainLine } from './escape.ts'
import { fairnessCounts } from './fairness-section.ts'
import { findingIcon } from './findings-section.ts'
import { formatCount, formatDifference, formatInterval, formatValue } from './numbers.ts'
import { sliceCounts } from './slice-section.ts'
import { because, icon, ruleWords, shownVerdict } from './verdict-words.ts'

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
  const shown = shownVerdict(row.verdict, row.rules)
  const why = [
    ...because(row.rules),
    ...(value === null && row.challenger.reason !== null && row.rules.length === 0 ? [row.challenger.reason] : []),
  ]
  return [
    plainLine(row.title, 60),
    value === null ? 'undefined' : `${formatValue(value)}${formatInterval(row.challenger)}`,
    row.rules.map(ruleWords).join(', '),
    shown,
    [differenceWords(row), why.map(reason => plainLine(reason, 300)).join('; ')].filter(text => text !== '').join(': '),
  ]
}

/** The sign stands before the columns: how wide it is differs from one terminal to the next. */
const sign = (row: JudgedRow): string => `  ${icon(shownVerdict(row.verdict, row.rules)) || '  '} `

const aligned = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => (row[column] ?? '').length)))
  return rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

const mostLines = 20

/** What is broken below a heading that only counts. */
const broken = (what: string, rules: readonly JudgedRule[]): readonly string[] => {
  const shown = shownVerdict('pass', rules)
  if (shown === 'pass') return []
  return [
    `    ${icon(shown)} ${plainLine(what, 200)}: ${because(rules)
      .map(reason => plainLine(reason, 300))
      .join('; ')}`,
  ]
}

const few = (lines: readonly string[]): readonly string[] =>
  lines.length > mostLines ? [...lines.slice(0, mostLines), `    and ${lines.length - mostLines} more`] : lines

/** Warnings that no line above has said. */
const untold = ({ warnings, rows, slices, fairness, findings }: Assessment): readonly string[] => {
  const shown = new Set(
    [...rows, ...slices, ...fairness].flatMap(({ rules }) => rules.map(rule => rule.sentence)).filter(text => text !== ''),
  )
  const told = [...shown, ...findings.map(({ message }) => message)]
  return warnings.filter(warning => !told.some(text => warning.endsWith(text)))
}

const rowsWords = ({ holdout }: Assessment): string => {
  if (holdout === null) return 'reported metrics only'
  const paired = holdout.paired === null ? '' : 'paired '
  const clusters = holdout.clusters === null ? '' : ` in ${formatCount(holdout.clusters)} clusters`
  return `${formatCount(holdout.paired ?? holdout.rows)} ${holdout.weighted ? 'weighted ' : ''}${paired}rows${clusters}`
}

/**
 * The answer as lines for the job's log: what was judged against what, one aligned line for each metric, slices and fairness with what is broken in them, findings and warnings. Plain text,
 * one line each.
 */
export const renderLogLines = (assessment: Assessment): string[] => {
  const { rules, slices, fairness } = assessment
  const decided = decidedWords(assessment)
  return [
    `${assessment.model}: run ${plainLine(assessment.run, 80)}${opponentWords(assessment)}, ${rowsWords(assessment)}, rules: ${plainLine(rules.from, 200)}`,
    ...aligned(assessment.rows.map(cells)).map((line, index) => sign(assessment.rows[index] as JudgedRow) + line),
    ...(slices.length === 0 ? [] : [`  slices ${sliceCounts(slices)}`]),
    ...few(slices.flatMap(slice => broken(`${slice.metric} where ${slice.column} is ${slice.value}`, slice.rules))),
    ...(fairness.length === 0 ? [] : [`  fairness ${fairnessCounts(fairness)}`]),
    ...few(fairness.flatMap(measure => broken(`${measure.measure} between the groups of ${measure.column}`, measure.rules))),
    ...few(
      assessment.findings.map(finding => `  ${findingIcon(finding)} ${plainLine(finding.check, 100)}: ${plainLine(finding.message, 500)}`),
    ),
    ...few(untold(assessment).map(warning => `  warning: ${plainLine(warning, 500)}`)),
    ...rules.loosened.map(sentence => `  this change loosens a rule (judged by the one before): ${plainLine(sentence, 300)}`),
    ...(decided === null ? [] : [`  ${decided}`]),
    ...assessment.notes.map(note => `  note: ${plainLine(note, 500)}`),
    ...(assessment.override === null
      ? []
      : [`  OVERRIDDEN by ${plainLine(assessment.override.actor, 100)}: ${plainLine(assessment.override.reason, 500)}`]),
    `verdict ${assessment.verdict}, decision ${assessment.decision}: ${plainLine(assessment.headline, 400)}`,
  ]
}
