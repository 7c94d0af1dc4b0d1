import { z } from 'zod'

/** Requests and bad ones of both arms in one disjoint batch, or summed. Counts, never rates. */
export const counts = z.strictObject({
  canary: z.int().min(0),
  canaryBad: z.int().min(0),
  stable: z.int().min(0),
  stableBad: z.int().min(0),
})
export type Counts = z.output<typeof counts>

/** What the batches of one event say of its dispersion in the stable arm: running sums over neighbouring batches, see dispersion.ts. */
const dispersionState = z.strictObject({
  between: z.number().min(0).describe('sum of n1 n2 (e1/n1 - e2/n2)^2'),
  events: z.int().min(0).describe('sum of e1 + e2'),
  squared: z.number().min(0).describe('sum of (e1 + e2)^2'),
})
export type DispersionState = z.output<typeof dispersionState>

const logarithms = z.array(z.number()).max(64)

/** One event of a latency signal: a request slower than `edge` seconds. Chosen once, from batches that were not judged by it. */
const edgeState = z.strictObject({
  edge: z.number().gt(0).describe('seconds'),
  last: z.int().min(0).nullable().describe('slower ones of the stable arm in the newest batch; null where it lacked this edge'),
  harm: logarithms,
  late: logarithms.optional(),
  dispersion: dispersionState.optional(),
})
export type EdgeState = z.output<typeof edgeState>

/** How one signal is judged. Ratios are of canary to stable; `acceptable`, `breaker` and `max` are shares of requests. */
const signalSettings = z.strictObject({
  tolerate: z.number().min(1).describe('psi0: harm is proven against a ratio above this'),
  unacceptable: z.number().gt(1).describe('psi1: acceptance disproves a ratio of at least this'),
  acceptable: z.number().gt(0).lt(1).describe('share that is fine whatever the stable arm does'),
  breaker: z.number().gt(0).max(1),
  breakerRequests: z.int().min(1),
  required: z.boolean(),
  dispersion: z
    .union([z.number().min(1), z.literal('off')])
    .optional()
    .describe(
      'variance of the counts of bad requests over their mean, declared or seen before; at least this is used. off: 1 whatever is seen',
    ),
  seen: dispersionState.optional().describe('what earlier rollouts or the history of the stable arm say of its dispersion'),
  max: z.number().min(0).lt(1).optional().describe('threshold rule: a look above this share fails'),
  late: z.boolean().optional().describe('true: counts come long after the requests (labels), so they do not say how traffic is split now'),
})
export type SignalSettings = z.output<typeof signalSettings>

export const judgeSettings = z.strictObject({
  alpha: z.number().gt(0).lt(1).describe('bound on rolling back a canary that does no harm'),
  beta: z.number().gt(0).lt(1).describe('bound on promoting an unacceptable one'),
  horizon: z.int().min(1).describe('planned number of batches, for the restart mixture'),
  signals: z.record(z.string(), signalSettings),
  method: z.literal(2).optional().describe('2: dispersion, buckets, restarts and no-data as of release 0.2; absent: as release 0.1 judged'),
  rule: z.enum(['evidence', 'threshold']).optional(),
  failures: z.int().min(1).optional().describe('threshold rule: rolled back at this many failed looks'),
  looks: z.int().min(1).optional().describe('threshold rule: looks in a row that pass before the next step'),
  sampleRatio: z
    .strictObject({
      action: z.enum(['off', 'warn', 'hold']),
      dispersion: z.number().min(1).optional().describe('above 1 where traffic is balanced by connection and not by request'),
    })
    .optional(),
})
export type JudgeSettings = z.output<typeof judgeSettings>

/**
 * The sufficient state of one signal's e-processes: fixed size however long the rollout lasts. `harm` and `acceptance` are natural logarithms, one per
 * alternative, and empty before the first batch that had requests in both arms; the absolute e-value needs nothing but `total`.
 */
const signalState = z.strictObject({
  total: counts,
  last: counts.describe('the newest batch that it answered, alone: what the breaker looks at'),
  batches: z.int().min(0).describe('batches with requests in both arms'),
  harm: logarithms.describe('method 2: of harm that began at once'),
  acceptance: logarithms,
  late: logarithms.optional().describe('method 2: of harm that began later'),
  dispersion: dispersionState.optional(),
  edges: z.array(edgeState).max(8).optional().describe('of a histogram; empty until they are chosen'),
  unanswered: z.string().max(300).optional().describe('why the newest batch has nothing of this signal'),
})
export type SignalState = z.output<typeof signalState>

/** Sample-ratio state of the weight step under way: requests of each arm since the weight (a share) was set. */
const sampleRatioState = z.strictObject({ weight: z.number().min(0).max(1), canary: z.int().min(0), stable: z.int().min(0) })

/** Looks of the threshold rule: failed ones of the whole rollout, passed ones in a row at the present weight. */
const looksState = z.strictObject({ failed: z.int().min(0), passed: z.int().min(0), newest: z.enum(['passed', 'failed', 'no-data']) })
export type LooksState = z.output<typeof looksState>

export const judgeState = z.strictObject({
  signals: z.record(z.string(), signalState),
  sampleRatio: sampleRatioState,
  looks: looksState.optional(),
})
export type JudgeState = z.output<typeof judgeState>
