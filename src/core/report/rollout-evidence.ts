import type { SignalCondition } from '../rollout/judge.ts'
import { bar, count, evidence } from '../rollout/words.ts'
import { escapeMarkdown } from './escape.ts'
import { type Bars, evidenceChart, looksShown } from './rollout-chart.ts'
import { proofOf, type RolloutTick, type SignalTick } from './rollout-tick.ts'
import { fold, table } from './table.ts'

const signalsShown = 12

const signs: Readonly<Record<SignalCondition, string>> = {
  healthy: '✅ healthy',
  unhealthy: '❌ unhealthy',
  undecided: '⏳ undecided',
  'no-data': '⚪ no data',
  'provider-error': '⚠️ no answer',
}

/** Hour, minute and second in UTC, with month and day where a rollout takes more than one day. */
const clock = (at: number | undefined, long: boolean): string => {
  if (at === undefined || !Number.isFinite(at)) return ''
  const iso = new Date(at * 1000).toISOString()
  return long ? `${iso.slice(5, 10)} ${iso.slice(11, 19)}` : iso.slice(11, 19)
}

/** A moment in seconds since 1970 for people: `2026-11-20 12:00:05 UTC`. */
export const moment = (at: number): string => `${new Date(at * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`

const isLong = (ticks: readonly RolloutTick[]): boolean => {
  const times = ticks.map(tick => tick.at).filter(at => at !== undefined)
  return times.length > 0 && Math.floor(Math.min(...times) / 86_400) !== Math.floor(Math.max(...times) / 86_400)
}

const share = (bad: number, requests: number): string => `${count(bad)} of ${count(requests)}`

const figures = ({ total, harm, acceptance, required, state }: SignalTick): readonly string[] => [
  share(total.canaryBad, total.canary),
  share(total.stableBad, total.stable),
  evidence(harm),
  required ? evidence(acceptance) : 'not asked for',
  signs[state],
]

const headings = (bars: Bars | undefined): readonly string[] => [
  'canary, bad',
  'stable, bad',
  bars ? `harm (of ${bar(bars.alpha)})` : 'harm',
  bars ? `proof (of ${bar(bars.beta)})` : 'proof',
  'state',
]
const sides = ['right', 'right', 'right', 'right', 'left'] as const

/** The signals in their own order, or where they are too many those that must be proven and those that harm most. */
const shown = (signals: readonly SignalTick[]): readonly SignalTick[] =>
  signals.length <= signalsShown
    ? signals
    : [...signals].sort((a, b) => Number(b.required) - Number(a.required) || b.harm - a.harm).slice(0, signalsShown)

/** How each signal stands at the newest look that was judged, as a table; null where none was. */
export const signalTable = (ticks: readonly RolloutTick[], bars: Bars | undefined): string | null => {
  const signals = ticks.findLast(tick => tick.signals !== undefined && tick.signals.length > 0)?.signals ?? []
  if (signals.length === 0) return null
  const more = signals.length > signalsShown ? `\n\n${signals.length - signalsShown} more signals are in the ledger only.` : ''
  const rows = shown(signals).map(signal => [escapeMarkdown(signal.name, 60), ...figures(signal)])
  return table(['signal', ...headings(bars)], ['left', ...sides], rows) + more
}

/** One row per look and signal; what followed stands in the first of them. Words instead of numbers where a look has none. */
const rowsOf = (tick: RolloutTick, long: boolean): readonly (readonly string[])[] => {
  const start = [clock(tick.at, long), `${tick.percent} %`]
  const followed = escapeMarkdown(tick.followed, 300)
  const signals = shown(tick.signals ?? [])
  if (signals.length === 0) {
    const words = tick.evidence === '' ? followed : `${escapeMarkdown(tick.evidence, 600)}: ${followed}`
    return [[...start, '', '', '', '', '', '', words]]
  }
  return signals.map((signal, index) => [
    ...(index === 0 ? start : ['', '']),
    escapeMarkdown(signal.name, 60),
    ...figures(signal),
    index === 0 ? followed : '',
  ])
}

const range = (values: readonly number[]): { readonly least: number; readonly most: number } => ({
  least: Math.min(...values),
  most: Math.max(...values),
})

/** Looks that are too many to show, in a sentence with their times, weights and largest evidence. */
const summarised = (ticks: readonly RolloutTick[], long: boolean): string => {
  const { least, most } = range(ticks.map(tick => tick.percent))
  const [first, last] = [clock(ticks[0]?.at, long), clock(ticks.at(-1)?.at, long)]
  const time = first === '' || last === '' ? '' : ` from ${first} to ${last}`
  const harms = ticks.map(tick => tick.harm).filter(harm => harm !== undefined)
  const proofs = ticks.map(proofOf).filter(proof => proof !== null)
  return [
    `${count(ticks.length)} earlier ${ticks.length === 1 ? 'look' : 'looks'}${time}, at ${least === most ? `${least} %` : `${least} % to ${most} %`}`,
    ...(harms.length === 0 ? [] : [`harm at most ${evidence(Math.max(...harms))}`]),
    ...(proofs.length === 0 ? [] : [`proof at most ${evidence(Math.max(...proofs))}`]),
    'all of them in the ledger',
  ].join('; ')
}

/** All looks as a table, the newest last: at most `most` of them, the ones before in a sentence. */
export const looksTable = (ticks: readonly RolloutTick[], bars: Bars | undefined, most = looksShown): string => {
  const long = isLong(ticks)
  const newest = ticks.slice(-most)
  const earlier = ticks.slice(0, ticks.length - newest.length)
  const rows = newest.flatMap(tick => rowsOf(tick, long))
  const before = earlier.length === 0 ? '' : `${summarised(earlier, long)}.\n\n`
  return (
    before +
    table(
      [long ? 'day and time (UTC)' : 'time (UTC)', 'canary', 'signal', ...headings(bars), 'then'],
      ['right', 'right', 'left', ...sides, 'left'],
      rows,
      2000,
    )
  )
}

const legend =
  '<sub>harm: evidence that the canary is worse than the stable version; at its bar it is rolled back · proof: evidence that it is acceptable; at its bar it goes a step up</sub>'

/** The evidence as a chart, where it can be drawn, with what its lines mean. */
export const chartSection = (ticks: readonly RolloutTick[], bars: Bars | undefined): string | null => {
  const chart = bars === undefined ? null : evidenceChart(ticks, bars)
  return chart === null
    ? null
    : `${chart}\n\n<sub>red: harm, with its bar in light red · blue: proof of the required signal that is furthest from it, with its bar in light blue</sub>`
}

/** The whole evidence for a comment or an issue: how each signal stands, and folded the chart and the looks. Null where nobody looked. */
export const evidenceSection = (ticks: readonly RolloutTick[], bars: Bars | undefined): string | null => {
  if (ticks.length === 0) return null
  const looks = [chartSection(ticks, bars), looksTable(ticks, bars, 20)].filter(part => part !== null).join('\n\n')
  const title = `${count(ticks.length)} ${ticks.length === 1 ? 'look' : 'looks'}`
  return [signalTable(ticks, bars), fold(title, `\n${looks}\n`), legend].filter(part => part !== null).join('\n\n')
}

export { legend as evidenceLegend }
