import { UserError } from '../errors.ts'
import { duration } from './response-time.ts'
import type { SlotCounters } from './series.ts'

/** One cumulative bucket: requests that took at most `edge` seconds; Infinity for all. */
export interface Bucket {
  readonly edge: number
  readonly count: number
}

/** Seconds of the `le` of a bucket; null where it is no number. */
export const edgeOf = (le: string): number | null => {
  if (le === '+Inf' || le === 'Inf' || le === 'inf') return Number.POSITIVE_INFINITY
  const edge = le.trim() === '' ? Number.NaN : Number(le)
  return Number.isNaN(edge) ? null : edge
}

/** One series of a histogram, checked: its finite edges above 0 in seconds, ascending, its total, and the requests that were slower than each edge. */
export interface HistogramSeries {
  readonly edges: readonly number[]
  readonly total: number
  readonly slower: readonly number[]
}

/** Checks the buckets of one series: `+Inf` must be there, and no bucket may hold fewer than a narrower one. `where` names the series in messages. */
export const histogramSeries = (buckets: readonly Bucket[], where: string): HistogramSeries => {
  const sorted = [...buckets].sort((a, b) => a.edge - b.edge)
  const total = sorted.at(-1)
  if (total === undefined || total.edge !== Number.POSITIVE_INFINITY)
    throw new UserError(`${where} has no bucket le="+Inf", so its requests cannot be counted`)
  for (const [index, bucket] of sorted.entries()) {
    const before = sorted[index - 1]
    if (before === undefined) continue
    if (before.edge === bucket.edge) throw new UserError(`${where} has the bucket le="${bucket.edge}" twice`)
    if (before.count > bucket.count)
      throw new UserError(
        `${where} is no histogram of one instant: its bucket le="${before.edge}" holds ${before.count} requests, the wider le="${bucket.edge}" only ${bucket.count}`,
      )
  }
  const finite = sorted.slice(0, -1).filter(({ edge }) => edge > 0)
  return { edges: finite.map(({ edge }) => edge), total: total.count, slower: finite.map(({ count }) => total.count - count) }
}

/** Edges that all series have; empty where they have none in common. */
export const edgesOfAll = (series: readonly HistogramSeries[]): readonly number[] => {
  const [first, ...others] = series
  return (first?.edges ?? []).filter(edge => others.every(({ edges }) => edges.includes(edge)))
}

/** Counters of one series at the common edges; bad is slower than `over` seconds, which must be one of them. */
export const histogramCounters = (series: HistogramSeries, edges: readonly number[], over: number): SlotCounters => {
  const slower = edges.map(edge => series.slower[series.edges.indexOf(edge)] ?? 0)
  return { total: series.total, bad: slower[edges.indexOf(over)] ?? 0, slower }
}

/** Refuses an `over` that is no bucket edge and names the nearest ones: between two edges a histogram can only guess. */
export const requireEdge = (edges: readonly number[], over: number, where: string): void => {
  if (edges.includes(over)) return
  const below = edges.filter(edge => edge < over).at(-1)
  const above = edges.find(edge => edge > over)
  const near = [below, above].flatMap(edge => (edge === undefined ? [] : [duration(edge)]))
  throw new UserError(
    `${where}: over: ${duration(over)} is no bucket edge of this histogram; ${
      near.length === 0
        ? 'its series have no edge in common'
        : `the nearest ${near.length === 1 ? 'is' : 'are'} ${near.join(' and ')}, all are ${edges.map(duration).join(', ')}`
    }. Between two edges a histogram can only guess: take one of them, or add the edge where the service defines its buckets`,
  )
}
