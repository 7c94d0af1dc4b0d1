import type { Slot } from '../lineage/events.ts'
import type { Counts } from './judge-state.ts'
import type { BucketCounts } from './observed.ts'
import { commonEdges, type SeriesCounters, type SlotCounters, seriesGrowth } from './series.ts'

export type { SlotCounters } from './series.ts'

export type Counters = Readonly<Record<Slot, SlotCounters>>

/** What a signal shows of both slots at one instant. With `series`, differences are taken series by series; `edges` are the seconds that `slower` belongs to. */
export interface CounterReading {
  readonly slots: Counters
  readonly edges?: readonly number[]
  readonly series?: Readonly<Record<Slot, SeriesCounters>>
}

export const otherSlot = (slot: Slot): Slot => (slot === 'blue' ? 'green' : 'blue')

/** Counts of a window by arm, or why there are none; `restarted`: a counter went down, so what happened since cannot be known. */
export type Difference =
  | { readonly counts: Counts | BucketCounts }
  | { readonly counts: null; readonly reason: string; readonly restarted: boolean }

const no = (reason: string, restarted = false): Difference => ({ counts: null, reason, restarted })

const isEmpty = (series: SeriesCounters): boolean => Object.keys(series).length === 0

/** Counts by arm of what both slots counted; a contradiction is none. */
export const byArm = (grown: Counters, canary: Slot, edges: readonly number[] = []): Difference => {
  const stable = otherSlot(canary)
  for (const slot of [canary, stable])
    if (grown[slot].bad > grown[slot].total) return no(`more bad requests than requests in slot ${slot} since the last reading`)
  const slower = edges.map((edge, index) => ({
    edge,
    canary: grown[canary].slower?.[index] ?? 0,
    stable: grown[stable].slower?.[index] ?? 0,
  }))
  const counts = { canary: grown[canary].total, canaryBad: grown[canary].bad, stable: grown[stable].total, stableBad: grown[stable].bad }
  return { counts: edges.length === 0 ? counts : { ...counts, slower } }
}

/**
 * What happened between two readings, by arm. Counters without series that went down leave the window out: their server may have begun again, but as well another of
 * several instances may have answered, and then what it shows now would be thousands of requests that never were, counted as proof. Where the reading before had no
 * counter at all there is nothing to take a difference to: whatever keeps them may itself have begun again.
 */
export const countsBetween = (before: CounterReading, after: CounterReading, canary: Slot): Difference => {
  const places = commonEdges(before.edges ?? [], after.edges ?? [])
  if (after.edges !== undefined && after.edges.length > 0 && places.edges.length === 0 && before.edges?.length)
    return no('the two readings have no bucket edge in common')
  if (before.series && after.series) {
    if (isEmpty(before.series.blue) && isEmpty(before.series.green) && !(isEmpty(after.series.blue) && isEmpty(after.series.green)))
      return no('there was no counter at the reading before; it is counted from this one on')
    const grown = {
      blue: seriesGrowth(before.series.blue, after.series.blue, places),
      green: seriesGrowth(before.series.green, after.series.green, places),
    }
    return byArm(grown, canary, places.edges)
  }
  for (const slot of [canary, otherSlot(canary)])
    if (wentDown(before.slots[slot], after.slots[slot], places))
      return no(`the counters of slot ${slot} began again, or another instance answered`, true)
  const grown = {
    blue: seriesGrowth({ '': before.slots.blue }, { '': after.slots.blue }, places),
    green: seriesGrowth({ '': before.slots.green }, { '': after.slots.green }, places),
  }
  return byArm(grown, canary, places.edges)
}

const wentDown = (
  before: SlotCounters,
  after: SlotCounters,
  places: { readonly before: readonly number[]; readonly after: readonly number[] },
): boolean =>
  after.total < before.total ||
  after.bad < before.bad ||
  places.after.some((place, index) => (after.slower?.[place] ?? 0) < (before.slower?.[places.before[index] ?? -1] ?? 0))
