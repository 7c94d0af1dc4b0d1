import { deflated } from './dispersion.ts'
import type { JudgeSettings, JudgeState, SignalSettings, SignalState } from './judge-state.ts'
import { logMean } from './log-space.ts'
import { dispersionOfSignal } from './signal-evidence.ts'
import { arms, count, evidence, percent } from './words.ts'

/** Requests and bad ones of a version that has all traffic, by signal. */
export type BakeCounts = Readonly<Record<string, { readonly requests: number; readonly bad: number }>>

/** How many times the limit the share of bad requests may be. */
const factors = [1.25, 1.5, 2, 3, 5, 10, 20, 50]

/**
 * The share of bad requests that a version with all traffic may have: nobody else has requests then that it could be compared with, so it is what was shown of it
 * before, that it is below `acceptable` or less than `unacceptable` times what the stable arm had.
 */
const limitOf = (signal: SignalSettings, { total }: SignalState): number =>
  Math.min(0.99, Math.max(signal.acceptable, total.stable === 0 ? 0 : (signal.unacceptable * total.stableBad) / total.stable))

/** The signals that count requests at once, as the evidence rule looks at them; the threshold rule judges the canary by itself anyway. */
const signalsOf = (settings: JudgeSettings, state: JudgeState) =>
  Object.entries(settings.signals).flatMap(([name, signal]) => {
    const of = state.signals[name]
    return of === undefined || signal.late === true || settings.rule === 'threshold' ? [] : [{ name, signal, of }]
  })

/** Adds the newest batch, of those signals that answered in it. */
export const bakeAfter = (settings: JudgeSettings, state: JudgeState, before: BakeCounts): BakeCounts => {
  const counted = signalsOf(settings, state).flatMap(({ name, of: { last, unanswered } }) => {
    const { requests, bad } = before[name] ?? { requests: 0, bad: 0 }
    return unanswered === undefined ? [[name, { requests: requests + last.canary, bad: bad + last.canaryBad }] as const] : []
  })
  return { ...before, ...Object.fromEntries(counted) }
}

/**
 * Natural logarithm of an e-value for "the share of bad requests is at most `limit`": E = mean over g of g^e ((1 - g c) / (1 - c))^(n - e) with limit c, e bad ones of n
 * requests and g > 1. Each term has a mean of at most 1 for every share up to c, so it may be looked at as often as one likes.
 */
const excess = (limit: number, { requests, bad }: BakeCounts[string]): number =>
  logMean(
    factors
      .filter(factor => factor * limit < 1)
      .map(factor => bad * Math.log(factor) + (requests - bad) * (Math.log1p(-factor * limit) - Math.log1p(-limit))),
  )

/** Why a version with all traffic does harm, or null: by the mean of all signals' e-values against 1/alpha. */
export const bakeHarm = (settings: JudgeSettings, state: JudgeState, counts: BakeCounts): string | null => {
  const all = signalsOf(settings, state).map(({ name, signal, of }) => {
    const counted = counts[name] ?? { requests: 0, bad: 0 }
    const limit = limitOf(signal, of)
    return {
      name,
      counted,
      limit,
      harm: limit * (factors[0] ?? 1) < 1 ? deflated(excess(limit, counted), dispersionOfSignal(settings, signal, of)) : 0,
      of,
    }
  })
  const [worst] = [...all].sort((a, b) => b.harm - a.harm)
  if (worst === undefined) return null
  const harm = logMean(all.map(one => one.harm))
  if (harm < -Math.log(settings.alpha)) return null
  const { name, counted, limit, of } = worst
  return `${count(counted.bad)} of ${count(counted.requests)} ${name} with all traffic, where at most ${percent(limit)} was proven (${arms(name, of.total)} in all), harm ${evidence(harm)}; nothing else had requests to compare with, so no fault of this version is shown`
}

/** Whether the newest batch of a version with all traffic is within what was proven of it, by every required signal. */
export const isWithinProof = (settings: JudgeSettings, state: JudgeState): boolean =>
  signalsOf(settings, state).every(({ signal, of }) => !signal.required || of.last.canaryBad <= limitOf(signal, of) * of.last.canary)
