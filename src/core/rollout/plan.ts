import { dispersionUsed } from './dispersion.ts'
import type { JudgeSettings, SignalSettings } from './judge-state.ts'
import { looksNeeded } from './looks.ts'
import { heldShare, requestsToProve } from './proof-time.ts'
import { thresholdChances } from './threshold-chances.ts'
import { count, duration, percent } from './words.ts'

/** What is known of the traffic and of the rollout's clock before it begins; what is absent is not planned with. */
export interface PlannedTraffic {
  /** Share of bad requests of the stable arm now, by signal. */
  readonly rates?: Readonly<Record<string, number>>
  /** Seconds between looks. */
  readonly tick?: number
  /** Seconds that it may stay undecided. */
  readonly longest?: number
}

/** How many clean canary requests prove acceptance while stable is clean too: the smallest n with an acceptance e-value of 1/beta. */
export const cleanRequests = (signal: SignalSettings, beta: number): number =>
  requestsToProve(signal, { beta, weight: 0.5, canaryRate: 0, stableRate: 0 }) ?? Number.POSITIVE_INFINITY

/**
 * Canary requests until a rise from `from` to `to` (shares of bad requests) is proven harm, on average, at a canary share `weight`:
 * errors needed = (ln(1/alpha) + 1) / KL(q(r) || weight), with q(r) the share of the errors that the canary makes.
 */
export const requestsToSee = (alpha: number, weight: number, from: number, to: number): number => {
  const q = (weight * to) / (weight * to + (1 - weight) * from)
  const divergence = q * Math.log(q / weight) + (1 - q) * Math.log((1 - q) / (1 - weight))
  const errors = (-Math.log(alpha) + 1) / divergence
  return Math.ceil((errors / ((1 - weight) * from + weight * to)) * weight)
}

/** Share of harm that is there from the start: the rest of the capital is kept for harm that begins late. */
const atOnce = 0.8

/** A rate to plan with where none is known. */
const assumed = 0.01

/** Traffic for people: per minute as long as that is a number they can read. */
const traffic = (perSecond: number): string =>
  perSecond < 1000 ? `${count(Math.max(1, Math.round(perSecond * 60)))} requests/min` : `${count(Math.round(perSecond))} requests/s`

interface Planning {
  readonly settings: JudgeSettings
  readonly shares: readonly number[]
  readonly perSecond: number | null
  readonly more: PlannedTraffic
}

const seconds = ({ perSecond }: Planning, share: number, canaryRequests: number): number | null =>
  perSecond !== null && perSecond > 0 ? canaryRequests / (perSecond * share) : null

const seenLine = (name: string, signal: SignalSettings, planning: Planning): string | null => {
  const share = planning.shares[0] ?? 1
  if (share >= 1) return null
  const { settings, more } = planning
  const from = more.rates?.[name] || assumed
  const signals = Object.keys(settings.signals).length
  const bound = (settings.alpha * (settings.method === 2 ? atOnce : 0.5)) / signals
  const needed = Math.ceil(requestsToSee(bound, share, from, Math.min(0.99, 2 * from)) * dispersionUsed(signal, signal.seen))
  const rise = `${percent(from)} -> ${percent(Math.min(0.99, 2 * from))}`
  const time = seconds(planning, share, needed)
  return time === null
    ? `${name}: ${rise} is seen after about ${count(needed)} canary requests at ${percent(share)} of the traffic`
    : `${name}: at your traffic, ${rise} is seen after about ${duration(time)} at ${percent(share)} of ${traffic(planning.perSecond ?? 0)} (${count(needed)} canary requests)`
}

const proofLines = (name: string, signal: SignalSettings, planning: Planning): readonly string[] => {
  const { settings, more } = planning
  const share = planning.shares[0] ?? 1
  const known = more.rates?.[name]
  const rate = known ?? 0
  const expected = {
    beta: settings.beta,
    weight: share,
    canaryRate: rate,
    stableRate: rate,
    dispersion: settings.method === 2 ? dispersionUsed(signal, signal.seen) : 1,
  }
  const needed = requestsToProve(signal, expected)
  const goal = `proven acceptable (below ${percent(signal.acceptable)} or less than ${signal.unacceptable} x stable)`
  const like = known === undefined || known === 0 ? 'without a bad one' : `while it errs as stable does now (${percent(known)})`
  if (needed === null) return [`${name}: cannot be proven acceptable at ${percent(rate)} of bad requests, however long it takes`]
  const time = seconds(planning, share, needed)
  const lines = [
    `${name}: ${goal} after about ${count(needed)} canary requests ${like}${time === null ? '' : `, about ${duration(time)} at ${percent(share)} of ${traffic(planning.perSecond ?? 0)}`}`,
  ]
  const { tick, longest } = more
  if (time === null || tick === undefined || longest === undefined || planning.perSecond === null || time < longest / 3) return lines
  const held = heldShare(signal, expected, Math.floor(longest / tick), planning.perSecond * tick * share)
  if (held < 0.1) return lines
  return [
    ...lines,
    `${name}: warning: these ${traffic(planning.perSecond)} cannot decide within ${duration(longest)}: about ${Math.round(100 * held)} % of good canaries would still be held; a larger first step, a longer max_duration or a higher \`acceptable\` would help`,
  ]
}

/** How long the whole way takes for a good canary: the slowest proof at the first step, and one look at each of the others. */
const courseLine = (planning: Planning): string | null => {
  const { settings, shares, more } = planning
  const { tick } = more
  if (tick === undefined || planning.perSecond === null) return null
  const proofs = Object.entries(settings.signals).flatMap(([name, signal]) => {
    if (!signal.required) return []
    const rate = more.rates?.[name] ?? 0
    const weight = shares[0] ?? 1
    const needed = requestsToProve(signal, { beta: settings.beta, weight, canaryRate: rate, stableRate: rate })
    return [needed === null ? null : seconds(planning, weight, needed)]
  })
  const slowest = proofs.reduce<number | null>((most, one) => (most === null || one === null ? null : Math.max(most, one)), 0)
  if (slowest === null || proofs.length === 0) return null
  const first = Math.ceil(slowest / tick) * tick
  const others = shares.slice(1)
  const total = first + others.length * tick
  return others.length === 0
    ? `a good canary takes about ${duration(total)}`
    : `a good canary takes about ${duration(total)}: ${duration(first)} at ${percent(shares[0] ?? 1)}, then one look each at ${others.map(percent).join(', ')}`
}

const thresholdLines = (name: string, signal: SignalSettings, planning: Planning): readonly string[] => {
  const { settings, shares, more, perSecond } = planning
  const { max } = signal
  if (max === undefined) return [`${name}: has no threshold, so only the hard limit of ${percent(signal.breaker)} is watched`]
  const { failures, looks } = looksNeeded(settings)
  const lines = [
    `${name}: a look fails where more than ${percent(max)} of at least ${count(signal.breakerRequests)} canary requests are bad; rolled back at failed look ${failures}, next step after ${looks} passed in a row; no error bound is promised, and whatever stays at or below ${percent(max)} is never seen`,
  ]
  if (perSecond === null || more.tick === undefined || more.longest === undefined) return lines
  const { tick, longest } = more
  const requests = shares.map(share => perSecond * tick * share)
  const first = Math.round(requests[0] ?? 0)
  if (first < signal.breakerRequests)
    return [
      ...lines,
      `${name}: warning: at ${traffic(perSecond)} a look at ${percent(shares[0] ?? 1)} has about ${count(first)} canary requests and needs ${count(signal.breakerRequests)}: nothing passes or fails`,
    ]
  const plan = { max, fewest: signal.breakerRequests, failures, looks, longest: Math.floor(longest / tick), requests }
  const rate = more.rates?.[name] || assumed
  const ends = (at: number) => {
    const { rolledBack, promoted } = thresholdChances(plan, at)
    return `${Math.round(100 * rolledBack)} % of canaries with ${percent(at)} of bad requests would be rolled back and ${Math.round(100 * promoted)} % promoted`
  }
  return [...lines, `${name}: at your traffic ${ends(rate)}; ${ends(Math.min(0.99, 2 * rate))}`]
}

/**
 * The plan in words before the first step: what is seen how soon, what a proof takes, and what this traffic cannot decide.
 *
 * @param steps shares of traffic in percent
 * @param perSecond requests of both arms together; null where it is not known
 */
export const planLines = (
  settings: JudgeSettings,
  steps: readonly number[],
  perSecond: number | null,
  more: PlannedTraffic = {},
): readonly string[] => {
  const planning: Planning = { settings, shares: steps.map(step => step / 100), perSecond: perSecond === 0 ? null : perSecond, more }
  const lines = Object.entries(settings.signals).flatMap(([name, signal]) => {
    if (settings.rule === 'threshold') return thresholdLines(name, signal, planning)
    const seen = seenLine(name, signal, planning)
    const proof = signal.required ? proofLines(name, signal, planning) : [`${name}: need not be proven, may roll back`]
    return [...(seen === null ? [] : [seen]), ...proof]
  })
  const course = settings.rule === 'threshold' ? null : courseLine(planning)
  return [
    ...(perSecond === 0 ? ['there is no traffic now: nothing is judged before requests come'] : []),
    ...lines,
    ...(course === null ? [] : [course]),
  ]
}
