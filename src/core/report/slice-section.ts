import type { JudgedSlice } from '../comparison/assessment.ts'
import { escapeMarkdown } from './escape.ts'
import { differenceCell, estimateCell } from './metric-table.ts'
import { formatCount, formatValue } from './numbers.ts'
import { fold, table } from './table.ts'
import { because, counted, ruleWords, type Shown, shownVerdict, verdictWords } from './verdict-words.ts'

const shownOf = (slice: JudgedSlice): Shown => shownVerdict(slice.verdict, slice.rules)

const result = (slice: JudgedSlice): string => {
  const why = because(slice.rules)
    .map(reason => escapeMarkdown(reason, 300))
    .join(' · ')
  const word = verdictWords(shownOf(slice))
  if (slice.verdict === 'not-judged' && why === '') return `${word}: support ${formatCount(slice.support ?? 0)} is too small`
  return why === '' ? word : `${word}: ${why}`
}

/** Worst first. */
const order: Readonly<Partial<Record<Shown, number>>> = { fail: 0, inconclusive: 1, warning: 2, info: 3, pass: 4 }

/** How many slices have which verdict, in words: `3 pass, 0 fail, 1 not judged`. */
export const sliceCounts = (slices: readonly JudgedSlice[]): string => counted(slices.map(shownOf))

const mostShown = 100

/** The fold of subgroups, worst first; null where no slice has a rule. */
export const sliceSection = (slices: readonly JudgedSlice[]): string | null => {
  if (slices.length === 0) return null
  const withChampion = slices.some(slice => slice.champion !== null)
  const withDifference = slices.some(slice => slice.difference !== null)
  const rows = slices
    .toSorted((a, b) => (order[shownOf(a)] ?? 5) - (order[shownOf(b)] ?? 5))
    .map(slice => [
      `${escapeMarkdown(slice.column, 80)} = ${escapeMarkdown(slice.value, 80)}`,
      escapeMarkdown(slice.metric, 80),
      `${formatCount(slice.rows)}${slice.support === null ? '' : ` (${formatCount(slice.support)})`}`,
      ...(withChampion ? [slice.champion?.value == null ? '' : formatValue(slice.champion.value)] : []),
      estimateCell(slice.challenger),
      ...(withDifference ? [slice.difference === null ? '' : differenceCell(slice)] : []),
      slice.rules.map(ruleWords).join(' · '),
      result(slice),
    ])
  const header = [
    'slice',
    'metric',
    'rows (support)',
    ...(withChampion ? ['champion'] : []),
    'this run',
    ...(withDifference ? ['difference'] : []),
    'rule',
    'result',
  ]
  const alignments = header.map(name => (name.startsWith('rows') || name === 'champion' ? ('right' as const) : ('left' as const)))
  return fold(`Slices: ${sliceCounts(slices)}`, table(header, alignments, rows, mostShown))
}
