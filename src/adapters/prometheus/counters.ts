import { UserError } from '../../core/errors.ts'
import { edgeOf, edgesOfAll, type HistogramSeries, histogramCounters, histogramSeries, requireEdge } from '../../core/rollout/histogram.ts'
import type { SeriesCounters } from '../../core/rollout/series.ts'
import type { Range, Row } from './client.ts'

const notInKey = new Set(['__name__', 'le'])

/** What tells a series from others, whatever the order of its labels; without the metric, so that `total` and `bad` of one process have one name. */
export const keyOf = (labels: Readonly<Record<string, string>>): string =>
  JSON.stringify(
    Object.entries(labels)
      .filter(([name]) => !notInKey.has(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )

/** A series as people write it, at most 300 characters. */
export const shownSeries = (labels: Readonly<Record<string, string>>): string => {
  const { __name__ = '', ...others } = labels
  return `${__name__}{${Object.entries(others)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',')}}`.slice(0, 300)
}

/** The value of a counter of requests; anything that is none is an error and never a count. */
const countOf = (row: Row): number => {
  if (row.histogram)
    throw new UserError(
      `${shownSeries(row.labels)} is a native histogram; Refline reads counters and classic buckets: set always_scrape_classic_histograms (scrape_classic_histograms before Prometheus 3) for this job`,
    )
  if (Number.isSafeInteger(row.value) && row.value >= 0) return row.value
  throw new UserError(
    `${shownSeries(row.labels)} is ${row.value}, and no count of requests: it must be a counter, a whole number from 0 on`,
  )
}

/** Values by series; a series that comes twice is an answer that contradicts itself. */
export const countsOf = (rows: readonly Row[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const row of rows) {
    const key = keyOf(row.labels)
    if (counts.has(key)) throw new UserError(`the answer holds ${shownSeries(row.labels)} twice`)
    counts.set(key, countOf(row))
  }
  return counts
}

/** The histograms among rows of `_bucket` series, each checked. */
export const histogramsOf = (rows: readonly Row[]): ReadonlyMap<string, HistogramSeries> => {
  const buckets = new Map<string, { readonly rows: Row[]; readonly found: { edge: number; count: number }[] }>()
  for (const row of rows) {
    const edge = edgeOf(row.labels.le ?? '')
    if (edge === null) throw new UserError(`${shownSeries(row.labels)} has no number in its label le, so it is no bucket of a histogram`)
    const key = keyOf(row.labels)
    const of = buckets.get(key) ?? { rows: [], found: [] }
    buckets.set(key, of)
    of.rows.push(row)
    of.found.push({ edge, count: countOf(row) })
  }
  return new Map(
    [...buckets].map(
      ([
        key,
        {
          rows: [first],
          found,
        },
      ]) => {
        const { le: _, ...labels } = first?.labels ?? {}
        return [key, histogramSeries(found, shownSeries(labels))]
      },
    ),
  )
}

/** Total and bad of each series, put together by what tells series apart. A series without errors has no bad one, and that is 0. */
export const joined = (total: ReadonlyMap<string, number>, bad: ReadonlyMap<string, number>): SeriesCounters =>
  Object.fromEntries(
    [...new Set([...total.keys(), ...bad.keys()])].map(key => [key, { total: total.get(key) ?? 0, bad: bad.get(key) ?? 0 }]),
  )

type BySlot<T> = Readonly<Record<'blue' | 'green', T>>

/**
 * Counters of histograms in both slots at the edges that all of those have that are live now. One that has vanished and lacks one of these edges is left out: it counts
 * nothing more, and a version with other buckets would else be in the way of all later ones.
 */
export const histogramsJoined = (
  known: BySlot<ReadonlyMap<string, HistogramSeries>>,
  live: BySlot<readonly Row[]>,
  over: number,
  where: string,
): { readonly edges: readonly number[]; readonly series: BySlot<SeriesCounters> } => {
  const present = new Set([...live.blue, ...live.green].map(({ labels }) => keyOf(labels)))
  const all = [...known.blue, ...known.green].flatMap(([key, histogram]) => (present.has(key) ? [histogram] : []))
  const edges = edgesOfAll(all)
  if (all.length > 0) requireEdge(edges, over, where)
  const of = (histograms: ReadonlyMap<string, HistogramSeries>): SeriesCounters =>
    Object.fromEntries(
      [...histograms]
        .filter(([, histogram]) => edges.every(edge => histogram.edges.includes(edge)))
        .map(([key, histogram]) => [key, histogramCounters(histogram, edges, over)]),
    )
  return { edges, series: { blue: of(known.blue), green: of(known.green) } }
}

/** A series that is among the answers of both slots, in words; its requests would count twice. */
export const inBoth = (blue: readonly Row[], green: readonly Row[]): string | undefined => {
  const known = new Set(blue.map(({ labels }) => keyOf(labels)))
  const twice = green.find(({ labels }) => known.has(keyOf(labels)))
  return twice === undefined ? undefined : shownSeries(twice.labels)
}

/** Seconds between samples of the series that has most of them; null where none has two. */
export const scrapedEvery = (ranges: readonly Range[]): number | null => {
  const most = ranges.reduce<Range | null>((best, one) => (one.samples.length > (best?.samples.length ?? 1) ? one : best), null)
  const [first, last] = [most?.samples[0]?.[0], most?.samples.at(-1)?.[0]]
  return most === null || first === undefined || last === undefined ? null : (last - first) / (most.samples.length - 1)
}
