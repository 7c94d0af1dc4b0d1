import type { Slot } from '../core/lineage/events.ts'

/** What is to run in a slot. `image` is name@digest; `files` is the digest-checked model file or folder where there is no image. */
export interface Release {
  readonly model: string
  readonly version: number
  readonly image: string | null
  readonly files: string | null
}

/** What the target says of itself. `percent` is the share of traffic of each slot; `seq` the last ledger seq it was told, where it can hold one. */
export interface Traffic {
  readonly percent: Readonly<Record<Slot, number>>
  readonly ready: Readonly<Record<Slot, boolean>>
  readonly seq: number | null
  /**
   * Seconds since 1970 at which an instance began again with the weights of its own configuration, the newest such instant; null where nothing shows that. A
   * weight that was forgotten is asserted again; one that differs although nothing was forgotten was moved by somebody else.
   */
  readonly forgot: number | null
  /** Who changed the weights last, where that was somebody else and the target knows: "kubectl-edit at 2026-01-02T03:04:05Z". */
  readonly movedBy?: string | null
}

/** What moves traffic between the two slots of an environment. All verbs may be repeated, and all have a deadline of their own. */
export interface Target {
  /** What it is, in one line for plans and errors: "haproxy backend churn at 2 instances". */
  describe(): string
  /** Brings a release up in a slot and returns when it is ready to serve; no traffic is moved. A `seq` older than the target's own is refused, as by `set`. */
  deploy(slot: Slot, release: Release, seq: number): Promise<void>
  read(): Promise<Traffic>
  /**
   * Gives `slot` this share and the other slot the rest. `expecting` is what the slot should have now: another value means that somebody else moved it,
   * and then nothing is changed and a UserError says both numbers. A `seq` older than the target's own is refused.
   */
  set(slot: Slot, percent: number, expecting: number | null, seq: number): Promise<void>
  /** Returns once whatever carries the traffic has accepted this share for `slot`; throws a UserError that says what is missing where it does not in time. */
  verify(slot: Slot, percent: number): Promise<void>
  /**
   * Gives `slot` all traffic whatever stands there, also what sticks to the other slot as far as the target knows of it, and expects nothing. A `seq` older than
   * the target's own is refused.
   */
  restore(slot: Slot, seq: number): Promise<void>
}
