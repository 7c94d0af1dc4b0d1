/** Total and bad requests since the counters of a slot, or of one series of it, began. `slower[k]` are the requests slower than `edges[k]` of the reading. */
export interface SlotCounters {
  readonly total: number
  readonly bad: number
  readonly slower?: readonly number[]
}

/** Counters by series: what one process (or one label set of it) has counted since it began. */
export type SeriesCounters = Readonly<Record<string, SlotCounters>>

const none: SlotCounters = { total: 0, bad: 0 }

/** `slower` at a list of places of it; null stands for an edge that this reading lacks, which only a series that had not begun can have. */
const slowerAt = (counters: SlotCounters, places: readonly number[]): readonly number[] =>
  places.map(place => counters.slower?.[place] ?? 0)

const parts = (counters: SlotCounters, places: readonly number[]): readonly number[] => [
  counters.total,
  counters.bad,
  ...slowerAt(counters, places),
]

/** Counters of several series together. */
export const summed = (series: readonly SlotCounters[]): SlotCounters => {
  const edges = Math.max(0, ...series.map(({ slower }) => slower?.length ?? 0))
  const slower = Array.from({ length: edges }, (_, edge) => series.reduce((sum, of) => sum + (of.slower?.[edge] ?? 0), 0))
  return {
    total: series.reduce((sum, { total }) => sum + total, 0),
    bad: series.reduce((sum, { bad }) => sum + bad, 0),
    ...(edges === 0 ? {} : { slower }),
  }
}

/** Places of the edges that both readings have, in each. */
export const commonEdges = (
  before: readonly number[],
  after: readonly number[],
): { readonly edges: readonly number[]; readonly before: readonly number[]; readonly after: readonly number[] } => {
  const edges = after.filter(edge => before.includes(edge))
  return { edges, before: edges.map(edge => before.indexOf(edge)), after: edges.map(edge => after.indexOf(edge)) }
}

/** What one series counted between two readings. One that shows less than before has begun again, and all that it shows has happened since. */
const grown = (
  before: SlotCounters,
  after: SlotCounters,
  places: { readonly before: readonly number[]; readonly after: readonly number[] },
): SlotCounters => {
  const earlier = parts(before, places.before)
  const later = parts(after, places.after)
  const again = later.some((value, index) => value < (earlier[index] ?? 0))
  const [total = 0, bad = 0, ...slower] = again ? later : later.map((value, index) => value - (earlier[index] ?? 0))
  return { total, bad, ...(places.after.length === 0 ? {} : { slower }) }
}

/**
 * What all series of a slot counted between two readings: a series that begins counts from 0, one that ended counts nothing more, one that went down began again and
 * counts what it shows. What a process counted between a reading and its end is lost, as it is in Prometheus.
 */
export const seriesGrowth = (
  before: SeriesCounters,
  after: SeriesCounters,
  places: { readonly before: readonly number[]; readonly after: readonly number[] } = { before: [], after: [] },
): SlotCounters =>
  summed(
    Object.entries(after).map(([name, counters]) => grown(Object.hasOwn(before, name) ? (before[name] ?? none) : none, counters, places)),
  )
