import { z } from 'zod'

/** Requests and bad ones of both arms in one disjoint batch, or summed. Counts, never rates. */
export const counts = z.strictObject({
  canary: z.int().min(0),
  canaryBad: z.int().min(0),
  stable: z.int().min(0),
  stableBad: z.int().min(0),
})
export type Counts = z.output<typeof counts>

/** How one signal is judged. Ratios are of canary to stable; `acceptable` and `breaker` are shares of requests. */
const signalSettings = z.strictObject({
  tolerate: z.number().min(1).describe('psi0: harm is proven against a ratio above this'),
  unacceptable: z.number().gt(1).describe('psi1: acceptance disproves a ratio of at least this'),
  acceptable: z.number().gt(0).lt(1).describe('share that is fine whatever the stable arm does'),
  breaker: z.number().gt(0).max(1),
  breakerRequests: z.int().min(1),
  required: z.boolean(),
})
export type SignalSettings = z.output<typeof signalSettings>

export const judgeSettings = z.strictObject({
  alpha: z.number().gt(0).lt(1).describe('bound on rolling back a canary that does no harm'),
  beta: z.number().gt(0).lt(1).describe('bound on promoting an unacceptable one'),
  horizon: z.int().min(1).describe('planned number of batches, for the restart mixture'),
  signals: z.record(z.string(), signalSettings),
})
export type JudgeSettings = z.output<typeof judgeSettings>

/**
 * The sufficient state of one signal's e-processes: fixed size however long the rollout lasts. `harm` and `acceptance` are natural logarithms, one per
 * alternative, and empty before the first batch that had requests in both arms; the absolute e-value needs nothing but `total`.
 */
const signalState = z.strictObject({
  total: counts,
  last: counts.describe('the newest batch alone: what the breaker looks at'),
  batches: z.int().min(0).describe('batches with requests in both arms'),
  harm: z.array(z.number()).max(64),
  acceptance: z.array(z.number()).max(64),
})
export type SignalState = z.output<typeof signalState>

/** Sample-ratio state of the weight step under way: requests of each arm since the weight (a share) was set. */
const sampleRatioState = z.strictObject({ weight: z.number().min(0).max(1), canary: z.int().min(0), stable: z.int().min(0) })

export const judgeState = z.strictObject({ signals: z.record(z.string(), signalState), sampleRatio: sampleRatioState })
export type JudgeState = z.output<typeof judgeState>
