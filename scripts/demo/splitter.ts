export type Slot = 'blue' | 'green'
export const slots = ['blue', 'green'] as const

/** What stands in front of the two slots and shares requests out between them. */
export interface Splitter {
  /** The port that users send to. */
  readonly port: number
  /** Sends the slot's requests to this port from now on. */
  use(slot: Slot, port: number): Promise<void>
  /** Requests of the slot that are not answered yet. */
  open(slot: Slot): Promise<number>
  /** Answers of the slot since the start, and those of 500 and above. */
  counts(slot: Slot): Promise<{ readonly total: number; readonly bad: number }>
  percent(slot: Slot): Promise<number>
  /** Null where weights are not set through this program, as with HAProxy, whose own socket Refline talks to. */
  readonly setPercent: ((slot: Slot, percent: number) => void) | null
  end(): void
}
