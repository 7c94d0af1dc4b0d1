import type { Slot } from '../../core/lineage/events.ts'
import { type Counters, countsBetween } from '../../core/rollout/batch.ts'
import type { Counts } from '../../core/rollout/judge-state.ts'
import type { Reading, Signal } from '../../ports/signals.ts'

/** One reading of every signal. */
export type Readings = ReadonlyMap<string, Reading>

/** Reads all signals, or throws with the words of the first that did not answer: half an answer is none. */
export const readAll = async (signals: readonly Signal[]): Promise<Readings> => {
  const readings = await Promise.all(signals.map(async signal => [signal.name, await signal.read()] as const))
  return new Map(readings)
}

/** The counts of a window between two readings, by signal. */
export interface Window {
  readonly from: number
  readonly until: number
  readonly signals: Readonly<Record<string, Counts>>
}

/** Null where the readings contradict each other, counters began again or no time has passed; `reason` says it. */
export const windowBetween = (
  before: Readings,
  after: Readings,
  canary: Slot,
): { readonly window: Window } | { readonly window: null; readonly reason: string; readonly restarted: boolean } => {
  const signals: Record<string, Counts> = {}
  let from = Number.NEGATIVE_INFINITY
  let until = Number.NEGATIVE_INFINITY
  for (const [name, reading] of after) {
    const earlier = before.get(name)
    if (!earlier) return { window: null, reason: `signal ${name} had no reading before`, restarted: false }
    const difference = countsBetween(earlier.slots satisfies Counters, reading.slots, canary)
    if (difference.counts === null) return { window: null, reason: `signal ${name}: ${difference.reason}`, restarted: difference.restarted }
    signals[name] = difference.counts
    from = Math.max(from, earlier.at)
    until = Math.max(until, reading.at)
  }
  return until > from
    ? { window: { from, until, signals } }
    : { window: null, reason: 'no time has passed since the last reading', restarted: false }
}
