import type { Slot } from '../core/lineage/events.ts'
import type { SlotCounters } from '../core/rollout/series.ts'

export type { SlotCounters } from '../core/rollout/series.ts'

/** Requests and bad ones of each slot at one instant (seconds since 1970). Only differences are ever used. */
export interface Reading {
  readonly at: number
  readonly slots: Readonly<Record<Slot, SlotCounters>>
  /** Seconds, ascending, of a signal that counts how long requests take. */
  readonly edges?: readonly number[]
  /** The same counts by series, where each of them begins, ends and begins again for itself: differences are then taken series by series. */
  readonly series?: Readonly<Record<Slot, Readonly<Record<string, SlotCounters>>>>
  /** Where set, each series holds the requests that were *made* within so many seconds from the instant that is its name: labels come long after their request. */
  readonly span?: number
  /** What was asked and what came, for the record: resolved queries or addresses, at most 2,000 characters. */
  readonly source?: string
}

/** Requests of one minute of the past. */
export interface Minute {
  readonly total: number
  readonly bad: number
}

/** The rollout that is judged: the version in each slot, and when it began (seconds since 1970). */
export interface Followed {
  readonly versions: Readonly<Record<Slot, number | null>>
  readonly since: number
}

/** One named signal. An unanswered query throws; "no traffic" is zeros and is not the same. */
export interface Signal {
  readonly name: string
  /** Seconds that its readings lie behind now, 0 by default: the first reading after a change of weight has to wait for them. */
  readonly lag?: number
  /** Asks once, before the first step, whether it can be answered at all: an unknown metric or a refused query is a UserError now and not later. */
  check(): Promise<void>
  read(): Promise<Reading>
  /** Tells it of the rollout, before `check` and before every reading; the same again changes nothing. Absent where a signal does not care. */
  follow?(rollout: Followed): void
  /** Requests and bad ones of a slot in each of the last minutes, oldest first: how bursty they are. Absent where the system keeps no past. */
  history?(slot: Slot, minutes: number): Promise<readonly Minute[]>
}
