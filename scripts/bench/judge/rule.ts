import type { Batch } from '../../../src/core/rollout/judge.ts'

export type Decision = 'rollback' | 'promote'

/** One rollout under a rule. `weight` is the canary's share of the traffic in the minute to come; `look` takes that minute's counts and decides, or waits (null). */
export interface Course {
  readonly weight: () => number
  readonly look: (minute: Batch) => Decision | null
}

/** A way to decide over a canary, by the name that tables show. */
export interface Rule {
  readonly name: string
  readonly begin: () => Course
}

/** The one signal that all rules see. */
export const errors = 'errors'

/** The steps that the examples of Flagger and Argo Rollouts take: a minute each. */
export const tenSteps: readonly number[] = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5]
