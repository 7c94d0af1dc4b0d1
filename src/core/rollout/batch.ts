import type { Slot } from '../lineage/events.ts'
import type { Counts } from './judge-state.ts'

/** Total and bad requests of a slot since its counters began. */
export interface SlotCounters {
  readonly total: number
  readonly bad: number
}
export type Counters = Readonly<Record<Slot, SlotCounters>>

export const otherSlot = (slot: Slot): Slot => (slot === 'blue' ? 'green' : 'blue')

/**
 * What happened in one slot between two readings. Where a counter went down the server began again, so all that it shows now happened since: `reset` says
 * so. Null where the two numbers contradict each other.
 */
const difference = (before: SlotCounters, after: SlotCounters): (SlotCounters & { readonly reset: boolean }) | null => {
  const reset = after.total < before.total || after.bad < before.bad
  const total = reset ? after.total : after.total - before.total
  const bad = reset ? after.bad : after.bad - before.bad
  return bad > total ? null : { total, bad, reset }
}

/** The counts of the window between two readings, by arm; `notes` say what a reader must know. Null counts: contradictory, with the reason. */
export const countsBetween = (
  before: Counters,
  after: Counters,
  canary: Slot,
): { readonly counts: Counts; readonly notes: readonly string[] } | { readonly counts: null; readonly reason: string } => {
  const stable = otherSlot(canary)
  const ofCanary = difference(before[canary], after[canary])
  const ofStable = difference(before[stable], after[stable])
  if (!ofCanary || !ofStable)
    return { counts: null, reason: `more bad requests than requests in slot ${ofCanary ? stable : canary} since the last reading` }
  const notes = [
    ...(ofCanary.reset ? [`the counters of slot ${canary} began again`] : []),
    ...(ofStable.reset ? [`the counters of slot ${stable} began again`] : []),
  ]
  return {
    counts: { canary: ofCanary.total, canaryBad: ofCanary.bad, stable: ofStable.total, stableBad: ofStable.bad },
    notes,
  }
}
