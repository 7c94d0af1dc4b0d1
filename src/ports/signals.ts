import type { Slot } from '../core/lineage/events.ts'

/** Requests and bad ones of each slot since the counters began, at one instant (seconds since 1970). Only differences are ever used. */
export interface Reading {
  readonly at: number
  readonly slots: Readonly<Record<Slot, { readonly total: number; readonly bad: number }>>
}

/** One named signal. An unanswered query throws; "no traffic" is zeros and is not the same. */
export interface Signal {
  readonly name: string
  read(): Promise<Reading>
}
