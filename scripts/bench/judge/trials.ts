import { uniform } from '../../../src/core/statistics/random.ts'
import type { Bound } from './bounds.ts'
import type { Decision, Rule } from './rule.ts'
import { drawMinute, type Traffic } from './traffic.ts'

/** A rule on one kind of traffic. */
export interface Cell {
  readonly id: string
  readonly rule: Rule
  readonly traffic: Traffic
  /** Of both arms, in a minute. */
  readonly requests: number
  /** Minutes after which a rollout that is undecided counts as held. */
  readonly minutes: number
  /** The last minute before anything goes wrong: a rollback up to it is a false one, and delays count from it. 0 by default. */
  readonly onset?: number
  /** Minutes of the stable arm alone that the rule is shown first. 0 by default. */
  readonly history?: number
  /** How many times as many runs as others: where a mean has to be known well. */
  readonly times?: number
  /** What has to hold, or the bench fails. */
  readonly bounds?: readonly Bound[]
}

/** What many rollouts of a cell came to. Minutes are those of the decision after the onset, over all that were not rolled back before; infinite where held. */
export interface Tally {
  readonly runs: number
  readonly early: number
  readonly rolledBack: number
  readonly promoted: number
  readonly held: number
  readonly medianMinutes: number
  /** The 90th percentile. */
  readonly lateMinutes: number
  /** Requests of the canary until the decision, with the standard error of their mean. */
  readonly canaryRequests: { readonly mean: number; readonly error: number; readonly most: number }
  /** Mean number of the canary's bad responses until then, by the first signal. */
  readonly badResponses: number
}

/** A seed for this cell alone, so that no two share their traffic and any can be run by itself. */
const seedOf = (seed: number, id: string): number =>
  [...id].reduce((mixed, letter) => (Math.imul(mixed ^ letter.charCodeAt(0), 0x01000193) + 0x9e3779b9) >>> 0, seed >>> 0)

/** Rolls a cell out `runs` times (as often as it asks for more), with one stream of random numbers. */
export const runCell = (cell: Cell, runs: number, seed: number): Tally => {
  const rollouts = runs * (cell.times ?? 1)
  const random = uniform(seedOf(seed, cell.id))
  const onset = cell.onset ?? 0
  const count: Record<Decision | 'held' | 'early', number> = { rollback: 0, promote: 0, held: 0, early: 0 }
  const minutes: number[] = []
  let [sum, squares, most, bad] = [0, 0, 0, 0]
  for (let run = 0; run < rollouts; run += 1) {
    const history = Array.from({ length: cell.history ?? 0 }, (_, before) =>
      drawMinute(random, cell.traffic, cell.requests, before - (cell.history ?? 0), 0),
    )
    const course = cell.rule.begin(history)
    let decision: Decision | null = null
    let requests = 0
    let minute = 0
    while (decision === null && minute < cell.minutes) {
      minute += 1
      const batch = drawMinute(random, cell.traffic, cell.requests, minute, course.weight())
      const counts = Object.values(batch.signals)[0]
      requests += counts?.canary ?? 0
      bad += counts?.canaryBad ?? 0
      decision = course.look(batch)
    }
    const early = decision === 'rollback' && minute <= onset
    count[early ? 'early' : (decision ?? 'held')] += 1
    if (!early) minutes.push(decision === null ? Number.POSITIVE_INFINITY : minute - onset)
    sum += requests
    squares += requests * requests
    most = Math.max(most, requests)
  }
  minutes.sort((a, b) => a - b)
  const at = (share: number): number => minutes[Math.min(minutes.length - 1, Math.floor(share * minutes.length))] ?? Number.NaN
  const mean = sum / rollouts
  return {
    runs: rollouts,
    early: count.early,
    rolledBack: count.rollback,
    promoted: count.promote,
    held: count.held,
    medianMinutes: at(0.5),
    lateMinutes: at(0.9),
    canaryRequests: { mean, error: Math.sqrt(Math.max(0, squares / rollouts - mean * mean) / rollouts), most },
    badResponses: bad / rollouts,
  }
}
