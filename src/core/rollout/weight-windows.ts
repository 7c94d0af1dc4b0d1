import type { Slot } from '../lineage/events.ts'
import { byArm, type CounterReading, type Difference } from './batch.ts'
import type { Counts } from './judge-state.ts'
import { type SeriesCounters, seriesGrowth } from './series.ts'

/** A span of time in which the traffic had one weight: seconds since 1970, the time that settling takes already left out; `until` null for the present one. */
export interface WeightWindow {
  readonly from: number
  readonly until: number | null
}

/** Seconds before a change was confirmed in which it may have happened already. */
const confirming = 60

/**
 * The windows between the instants at which changes of the weight were confirmed. What was asked within `settle` seconds after a change may still have gone by the old
 * weight, and what was asked just before its confirmation by the new one: neither is in a window. `announced` are the instants before which none
 * of them can have happened: a runner may have died in between, so that its successor confirmed the weight much later.
 */
export const weightWindows = (changes: readonly number[], settle: number, announced: readonly number[] = []): readonly WeightWindow[] =>
  changes
    .map((at, index) => {
      const next = changes[index + 1]
      return { from: at + settle, until: next === undefined ? null : Math.min(next - confirming, announced[index + 1] ?? next) }
    })
    .filter(({ from, until }) => until === null || until > from)

/** Counts of requests by when they were made, each window of one weight for itself: at two weights together, two arms that are alike look different. */
export interface WindowedCounts {
  /** Of the requests made at the present weight. */
  readonly present: Counts
  /** Of those made at each earlier weight that something new is known of, oldest first. */
  readonly earlier: readonly Counts[]
}

const within = (series: SeriesCounters, span: number, { from, until }: WeightWindow): SeriesCounters =>
  Object.fromEntries(Object.entries(series).filter(([begin]) => Number(begin) >= from && (until === null || Number(begin) + span <= until)))

/**
 * What has become known between two readings of a signal whose labels come late, by the weight at which the requests were *made*. Spans of request time in which the weight
 * changed are left out.
 */
export const countsByWindow = (
  before: CounterReading,
  after: CounterReading,
  canary: Slot,
  span: number,
  windows: readonly WeightWindow[],
): { readonly counts: WindowedCounts } | Extract<Difference, { counts: null }> => {
  const found: Counts[] = []
  for (const window of windows) {
    const grown = (slot: Slot) =>
      seriesGrowth(within(before.series?.[slot] ?? {}, span, window), within(after.series?.[slot] ?? {}, span, window))
    const difference = byArm({ blue: grown('blue'), green: grown('green') }, canary)
    if (difference.counts === null) return difference
    found.push(difference.counts)
  }
  const none: Counts = { canary: 0, canaryBad: 0, stable: 0, stableBad: 0 }
  const isOpen = windows.at(-1)?.until === null
  return {
    counts: {
      present: isOpen ? (found.at(-1) ?? none) : none,
      earlier: (isOpen ? found.slice(0, -1) : found).filter(({ canary, stable }) => canary + stable > 0),
    },
  }
}
