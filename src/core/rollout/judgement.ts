import type { Breaker } from './breaker.ts'
import type { Counts } from './judge-state.ts'

/**
 * What is known of one signal. `healthy`: proven acceptable (threshold rule: it passed). `unhealthy`: harm is proven, the hard limit is reached, or the look
 * failed. `no-data`: the newest batch has no request of the canary. `provider-error`: the newest query was not answered.
 */
export type SignalCondition = 'healthy' | 'unhealthy' | 'undecided' | 'no-data' | 'provider-error'

/** One signal, judged on all batches so far. Evidence is the natural logarithm of an e-value. */
export interface SignalJudgement {
  readonly name: string
  readonly required: boolean
  readonly state: SignalCondition
  readonly total: Counts
  readonly harm: number
  readonly acceptance: number
  readonly acceptable: number
  readonly accepted: boolean
  readonly breaker: Breaker
  /** Variance of the counts over their mean by which the evidence was divided; 1 where it was not. */
  readonly dispersion: number
  readonly words: string
}

/** What a verdict `hold` waits for: its deadline and what follows it differ. `settings`: nothing could ever be proven. */
export type Waiting = 'traffic' | 'answers' | 'sample-ratio' | 'trend' | 'proof' | 'settings'

/**
 * The judge's answer. `promote`: every required signal is proven acceptable, so traffic may take its next step. `rollback`: harm is proven or the hard
 * limit is reached; `quarantine` is false where stable suffers as much. `hold`: neither, and `reason` says what is missing.
 */
export interface Judgement {
  readonly verdict: 'promote' | 'rollback' | 'hold'
  readonly quarantine: boolean
  readonly reason: string
  /** Of `hold`: what it waits for; null else. */
  readonly waiting: Waiting | null
  /** What people should know and nothing follows from. */
  readonly warnings: readonly string[]
  /** Natural logarithm of the mean of all signals' harm e-values, required or not. */
  readonly harm: number
  readonly signals: readonly SignalJudgement[]
}
