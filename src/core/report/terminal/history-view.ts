import type { HistoryDocument } from '../../lineage/views/history.ts'
import { plainLine } from '../escape.ts'
import { formatInterval, formatValue } from '../numbers.ts'
import { columnsOf, moment, textTable, type Width } from './lines.ts'

type Point = HistoryDocument['points'][number]

const [narrowestChart, widestChart] = [16, 32]

const marks = ({ became_champion: champion, is_champion: now, live_in: live, quarantined }: Point): string =>
  [
    champion === null ? null : now ? '★ champion' : '★ was champion',
    live.length === 0 ? null : `live in ${live.join(', ')}`,
    quarantined ? 'quarantined' : null,
  ]
    .filter(text => text !== null)
    .join(', ')

/** A value and its interval on a scale from `low` to `high`: `├──●──┤`, so many columns wide; empty where there is no value. */
export const intervalBar = (
  point: { readonly value: number | null; readonly low: number | null; readonly high: number | null },
  scale: { readonly low: number; readonly high: number },
  columns: number,
): string => {
  if (point.value === null) return ''
  const at = (value: number): number =>
    scale.high === scale.low ? Math.floor((columns - 1) / 2) : Math.round(((value - scale.low) / (scale.high - scale.low)) * (columns - 1))
  const [from, to] = [at(point.low ?? point.value), at(point.high ?? point.value)]
  const cells: string[] = Array.from({ length: columns }, (_, column) =>
    column < from || column > to ? ' ' : column === from && from < to ? '├' : column === to && from < to ? '┤' : '─',
  )
  cells[at(point.value)] = '●'
  return cells.join('').trimEnd()
}

/** A metric over the versions, as a table with a chart of the intervals; every line one version, oldest first. */
export const historyLines = (document: HistoryDocument, width: Width): readonly string[] => {
  const { model, metric, environment, points } = document
  const title = `${plainLine(metric, 100)} of ${model}${environment === null ? '' : ` in ${environment}`}`
  if (points.length === 0) return [`${title}: no version with it was live there`]
  const ends = points.flatMap(({ value, low, high }) => [value, low, high]).filter(value => value !== null)
  const scale = { low: Math.min(...ends), high: Math.max(...ends) }
  const figures = (chart: number): readonly (readonly string[])[] =>
    points.map(point => [
      `v${point.version}`,
      moment((environment === null ? point.registered : (point.went_live ?? point.registered)).at),
      point.value === null ? 'undefined' : formatValue(point.value),
      formatInterval(point).trim(),
      intervalBar(point, scale, chart),
      marks(point),
    ])
  const columns = [
    { title: 'version', side: 'right' as const },
    { title: environment === null ? 'registered' : 'live since' },
    { title: 'value', side: 'right' as const },
    { title: 'interval' },
    { title: ends.length === 0 ? '' : `${formatValue(scale.low)} to ${formatValue(scale.high)}` },
    { title: '', least: 10 },
  ]
  // The chart gives way before any word does.
  const widest = textTable(columns, figures(widestChart), null).reduce((most, line) => Math.max(most, columnsOf(line)), 0)
  const chart = width === null ? widestChart : Math.min(widestChart, Math.max(narrowestChart, widestChart - (widest - width)))
  return [`${title}, oldest first`, ...textTable(columns, figures(chart), width)]
}
