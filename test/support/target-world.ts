import type { Slot } from '../../src/core/lineage/events.ts'
import type { Target } from '../../src/ports/target.ts'

/** True where a target can do it; else why it cannot, in words that become the name of a test that shows it. */
export type Capability = true | string

export interface TargetCapabilities {
  /** Holds the last ledger seq it was told, so that older decisions are refused. */
  readonly seq: Capability
  /** Can begin again and lose its weights, and shows it. */
  readonly forgets: Capability
  /** Consists of instances of which one may be told and another not. */
  readonly several: Capability
  /** Knows whether a slot could serve, so that one that could not is given nothing. */
  readonly readiness: Capability
}

/** Puts back what was taken away. */
export type Undo = () => Promise<void>

/**
 * A real target in a state of its own, with hands behind its back: blue has all traffic, both slots are up, and no seq was ever told. What is done here is
 * done as somebody else would do it, never by the adapter.
 */
export interface TargetWorld extends AsyncDisposable {
  readonly instances: number
  /** Per cent points within which a share is met other than 0 and 100, which are exact. */
  readonly grain: number
  /** A client as one runner has it. `seconds`: how long the other side may be silent. */
  target(options?: { readonly seconds?: number }): Target
  /** Clients whose configuration names what is not there, by what is wrong with them. */
  misnamed(): Readonly<Record<string, Target>>
  /** The share of a slot at each instance, as it really is. */
  shares(slot: Slot): Promise<readonly number[]>
  /** Somebody moves the weight at one instance (all of them by default). */
  moveByHand(slot: Slot, percent: number, instance?: number): Promise<void>
  /** One instance cannot be reached any more. */
  takeAway(instance: number): Promise<Undo>
  /** The other side takes the question and never answers. */
  silence(): Promise<Undo>
  /** One instance (all of them by default) begins again without its weights. Never called where `forgets` is no capability. */
  forget(instance?: number): Promise<void>
  /** What runs in the slot cannot serve any more, and the target has seen it. Never called where `readiness` is no capability. */
  slotDown(slot: Slot): Promise<Undo>
}
