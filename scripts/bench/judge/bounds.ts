import { binomial, normalQuantile } from '../../../src/core/statistics/distributions.ts'
import type { Interval } from '../../../src/core/statistics/interval.ts'
import { wilsonInterval } from '../../../src/core/statistics/proportions.ts'
import type { Tally } from './trials.ts'

/**
 * What must hold in a cell. Shares of rollouts: `false rollback` and `bad promotion` at most, `rolled back` at least (a judge that never decides keeps the first two).
 * Requests of the canary until the decision: `mean requests`, and the `most requests` of any rollout, at most.
 */
export type Bound =
  | { readonly of: 'false rollback' | 'rollback before the onset' | 'bad promotion'; readonly most: number }
  | { readonly of: 'rolled back'; readonly least: number }
  | { readonly of: 'mean requests' | 'most requests'; readonly most: number }

/** A bound beside what was found, with a 95 % interval of it. */
export interface Held {
  readonly bound: Bound
  readonly figure: number
  readonly interval: Interval | null
  readonly holds: boolean
}

/** A bound fails only where it is not chance: with 99 % confidence, one-sided and exact, the true figure is beyond it. */
const level = 0.01

const share = (bound: Bound, count: number, runs: number, isPlausible: boolean): Held => ({
  bound,
  figure: count / runs,
  interval: wilsonInterval(count, runs, 0.95),
  holds: isPlausible,
})

/** Whether so many of `runs` would be no wonder if the true share were `most`. */
const mayBeAtMost = (count: number, runs: number, most: number): boolean => count === 0 || 1 - binomial.cdf(count - 1, runs, most) >= level

/** Judges one bound on what a cell came to. */
export const check = (bound: Bound, tally: Tally): Held => {
  const { runs, canaryRequests } = tally
  switch (bound.of) {
    case 'false rollback':
      return share(bound, tally.rolledBack, runs, mayBeAtMost(tally.rolledBack, runs, bound.most))
    case 'rollback before the onset':
      return share(bound, tally.early, runs, mayBeAtMost(tally.early, runs, bound.most))
    case 'bad promotion':
      return share(bound, tally.promoted, runs, mayBeAtMost(tally.promoted, runs, bound.most))
    case 'rolled back':
      return share(bound, tally.rolledBack, runs, mayBeAtMost(runs - tally.rolledBack, runs, 1 - bound.least))
    case 'mean requests': {
      const { mean, error } = canaryRequests
      return {
        bound,
        figure: mean,
        interval: { low: mean - 1.96 * error, high: mean + 1.96 * error },
        holds: mean + normalQuantile(level) * error <= bound.most && tally.held + tally.promoted === 0,
      }
    }
    case 'most requests':
      return { bound, figure: canaryRequests.most, interval: null, holds: canaryRequests.most <= bound.most && tally.promoted === runs }
  }
}
