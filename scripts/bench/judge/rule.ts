import type { Counts } from '../../../src/core/rollout/judge-state.ts'
import type { SlowerCounts } from '../../../src/core/rollout/observed.ts'

export type Decision = 'rollback' | 'promote'

/** What one signal counted in a minute; `slower` where it is a histogram. */
export interface Seen extends Counts {
  readonly slower?: SlowerCounts[]
}

/** One minute as every rule sees it: a batch of which all signals answered. */
export interface Minute {
  readonly weight: number
  readonly signals: Readonly<Record<string, Seen>>
}

/** One rollout under a rule. `weight` is the canary's share of the traffic in the minute to come; `look` takes that minute's counts and decides, or waits (null). */
export interface Course {
  readonly weight: () => number
  readonly look: (minute: Minute) => Decision | null
}

/** A way to decide over a canary, by the name that tables show. `history`: minutes before the rollout, with all traffic on stable; none where a cell has no `history`. */
export interface Rule {
  readonly name: string
  readonly begin: (history: readonly Minute[]) => Course
}

/** The one signal that all rules see. */
export const errors = 'errors'

/** Its counts. */
export const errorsOf = (minute: Minute): Seen => {
  const counts = minute.signals[errors]
  if (!counts) throw new Error(`a minute without the signal ${errors}`)
  return counts
}

/** The steps that the examples of Flagger and Argo Rollouts take: a minute each. */
export const tenSteps: readonly number[] = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5]
