import type { Slot } from '../core/lineage/events.ts'

/** Counts since the counters began. `slower[k]` is how many requests took longer than `edges[k]` seconds of the reading. */
export interface SlotCounters {
  readonly total: number
  readonly bad: number
  readonly slower?: readonly number[]
}

/** Requests and bad ones of each slot at one instant (seconds since 1970). Only differences are ever used. */
export interface Reading {
  readonly at: number
  readonly slots: Readonly<Record<Slot, SlotCounters>>
  /** Seconds, ascending, of a signal that counts how long requests take. */
  readonly edges?: readonly number[]
  /** The same counts by series, where each of them begins, ends and begins again for itself: differences are then taken series by series. */
  readonly series?: Readonly<Record<Slot, Readonly<Record<string, SlotCounters>>>>
  /** What was asked, for the record: resolved queries or addresses. */
  readonly source?: string
}

/** One named signal. An unanswered query throws; "no traffic" is zeros and is not the same. */
export interface Signal {
  readonly name: string
  /** Asks once, before the first step, whether it can be answered at all: an unknown metric or a refused query is a UserError now and not later. */
  check(): Promise<void>
  read(): Promise<Reading>
}
