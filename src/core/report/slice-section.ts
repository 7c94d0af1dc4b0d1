import type { JudgedSlice } from '../comparison/assessment.ts'
import { escapeMarkdown } from './escape.ts'
import { estimateCell } from './metric-table.ts'
import { formatCount, formatValue } from './numbers.ts'
import { fold, table } from './table.ts'
import { because, icon, ruleWords } from './verdict-words.ts'

const result = (slice: JudgedSlice): string => {
  const why = because(slice.rules)
    .map(reason => escapeMarkdown(reason, 300))
    .join(' · ')
  const word = slice.verdict === 'not-judged' ? 'not judged' : `${icon(slice.verdict)} ${slice.verdict}`
  if (slice.verdict === 'not-judged' && why === '') return `${word}: support ${formatCount(slice.support ?? 0)} is too small`
  return why === '' ? word : `${word}: ${why}`
}

const order: Readonly<Record<JudgedSlice['verdict'], number>> = { fail: 0, inconclusive: 1, pass: 2, 'not-judged': 3 }

/** How many slices have which verdict, in words: `3 pass, 0 fail, 1 not judged`. */
export const sliceCounts = (slices: readonly JudgedSlice[]): string => {
  const of = (verdict: JudgedSlice['verdict']): number => slices.filter(slice => slice.verdict === verdict).length
  const rare = [
    ...(of('inconclusive') === 0 ? [] : [`${of('inconclusive')} inconclusive`]),
    ...(of('not-judged') === 0 ? [] : [`${of('not-judged')} not judged`]),
  ]
  return [`${of('pass')} pass`, `${of('fail')} fail`, ...rare].join(', ')
}

/** The fold of subgroups, worst first; null where no slice has a rule. */
export const sliceSection = (slices: readonly JudgedSlice[]): string | null => {
  if (slices.length === 0) return null
  const withChampion = slices.some(slice => slice.champion !== null)
  const rows = [...slices]
    .sort((a, b) => order[a.verdict] - order[b.verdict])
    .map(slice => [
      `${escapeMarkdown(slice.column, 80)} = ${escapeMarkdown(slice.value, 80)}`,
      escapeMarkdown(slice.metric, 80),
      `${formatCount(slice.rows)}${slice.support === null ? '' : ` (${formatCount(slice.support)})`}`,
      ...(withChampion ? [slice.champion?.value == null ? '' : formatValue(slice.champion.value)] : []),
      estimateCell(slice.challenger),
      slice.rules.map(ruleWords).join(' · '),
      result(slice),
    ])
  const header = ['slice', 'metric', 'rows (support)', ...(withChampion ? ['champion'] : []), 'this run', 'rule', 'result']
  const alignments = header.map(name => (name.startsWith('rows') || name === 'champion' ? ('right' as const) : ('left' as const)))
  return fold(`Slices: ${sliceCounts(slices)}`, table(header, alignments, rows))
}
