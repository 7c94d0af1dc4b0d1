import type { Slot } from '../lineage/events.ts'
import type { Counts } from './judge-state.ts'

/** Total and bad requests of a slot since its counters began. */
export interface SlotCounters {
  readonly total: number
  readonly bad: number
}
export type Counters = Readonly<Record<Slot, SlotCounters>>

export const otherSlot = (slot: Slot): Slot => (slot === 'blue' ? 'green' : 'blue')

/** Counts of a window by arm, or why there are none; `restarted`: a counter went down, so what happened since cannot be known. */
export type Difference = { readonly counts: Counts } | { readonly counts: null; readonly reason: string; readonly restarted: boolean }

/**
 * What happened between two readings, by arm. Where a counter went down the window is left out: its server may have begun again, but as well another of
 * several instances may have answered, and then what it shows now would be thousands of requests that never were, counted as proof.
 */
export const countsBetween = (before: Counters, after: Counters, canary: Slot): Difference => {
  const stable = otherSlot(canary)
  const none = (reason: string, restarted: boolean): Difference => ({ counts: null, reason, restarted })
  for (const slot of [canary, stable])
    if (after[slot].total < before[slot].total || after[slot].bad < before[slot].bad)
      return none(`the counters of slot ${slot} began again, or another instance answered`, true)
  for (const slot of [canary, stable])
    if (after[slot].bad - before[slot].bad > after[slot].total - before[slot].total)
      return none(`more bad requests than requests in slot ${slot} since the last reading`, false)
  return {
    counts: {
      canary: after[canary].total - before[canary].total,
      canaryBad: after[canary].bad - before[canary].bad,
      stable: after[stable].total - before[stable].total,
      stableBad: after[stable].bad - before[stable].bad,
    },
  }
}
