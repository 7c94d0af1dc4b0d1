import { acceptanceAfter, acceptanceEvidence } from './acceptance.ts'
import { type Breaker, breakerOf } from './breaker.ts'
import { harmAfter, harmEvidence } from './harm.ts'
import type { Counts, JudgeSettings, JudgeState, SignalSettings, SignalState } from './judge-state.ts'
import { logSum } from './log-space.ts'
import { answered, type Batch, type Observed } from './observed.ts'
import { comparable } from './relative-evidence.ts'
import { sampleRatioAlarm, sampleRatioEvidence } from './sample-ratio.ts'
import { arms, bar, count, evidence, percent, rate } from './words.ts'

export type { Batch, Observed } from './observed.ts'

/**
 * What is known of one signal. `healthy`: proven acceptable. `unhealthy`: harm is proven or the hard limit is reached. `no-data`: the newest batch has no
 * request of the canary. `provider-error`: the newest query was not answered.
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
  readonly harm: number
  readonly signals: readonly SignalJudgement[]
}

const none: Counts = { canary: 0, canaryBad: 0, stable: 0, stableBad: 0 }
const plus = (a: Counts, b: Counts): Counts => ({
  canary: a.canary + b.canary,
  canaryBad: a.canaryBad + b.canaryBad,
  stable: a.stable + b.stable,
  stableBad: a.stableBad + b.stableBad,
})

/** A step up also needs that harm shows no trend: a convention, not a guarantee. */
const trend = Math.log(3)

/** The state before anything was observed. */
export const emptyJudgeState = (settings: JudgeSettings): JudgeState => ({
  signals: Object.fromEntries(
    Object.keys(settings.signals).map(name => [name, { total: none, last: none, batches: 0, harm: [], acceptance: [] }]),
  ),
  sampleRatio: { weight: 0, canary: 0, stable: 0 },
})

const signalAfter = (settings: JudgeSettings, signal: SignalSettings, before: SignalState, batch: Observed): SignalState => {
  const { unanswered: _, ...state } = before
  if (!answered(batch)) return { ...state, last: none, unanswered: batch.unanswered.slice(0, 300).toWellFormed() }
  const total = plus(state.total, batch)
  if (!comparable(batch)) return { ...state, total, last: batch }
  const batches = state.batches + 1
  return {
    total,
    last: batch,
    batches,
    harm: harmAfter(state.harm, batches, batch, signal.tolerate, settings.horizon),
    acceptance: acceptanceAfter(state.acceptance, batch, signal.unacceptable),
  }
}

/** The signal that says how many requests each arm had: the first required one by name, else the first. */
const traffic = (settings: JudgeSettings): string | undefined => {
  const names = Object.keys(settings.signals).sort()
  return names.find(name => settings.signals[name]?.required) ?? names[0]
}

const judgeSignal = (name: string, settings: JudgeSettings, signal: SignalSettings, state: SignalState): SignalJudgement => {
  const { total } = state
  const harm = harmEvidence(state.harm, state.batches, settings.horizon)
  const acceptance = acceptanceEvidence(state.acceptance, { requests: total.canary, bad: total.canaryBad }, signal.acceptable)
  const accepted = acceptance >= -Math.log(settings.beta)
  const breaker = breakerOf(state, signal)
  const unhealthy = breaker !== 'closed' || harm >= -Math.log(settings.alpha)
  const condition = unhealthy
    ? 'unhealthy'
    : state.unanswered !== undefined
      ? 'provider-error'
      : state.last.canary === 0
        ? 'no-data'
        : accepted
          ? 'healthy'
          : 'undecided'
  return {
    name,
    required: signal.required,
    state: condition,
    total,
    harm,
    acceptance,
    acceptable: signal.acceptable,
    accepted,
    breaker,
    dispersion: 1,
    words: `${name}: ${arms('bad', total)} (${rate(total.canaryBad, total.canary)} against ${rate(total.stableBad, total.stable)}), harm ${evidence(harm)} of ${bar(settings.alpha)}, proof (below ${percent(signal.acceptable)} or less than ${signal.unacceptable} x stable) ${evidence(acceptance)} of ${bar(settings.beta)}`,
  }
}

/** The answer that a state stands for: a pure function, so any decision can be replayed from the ledger. */
export const judgementOf = (settings: JudgeSettings, state: JudgeState): Judgement => {
  const signals = Object.keys(settings.signals)
    .sort()
    .flatMap(name => {
      const signal = settings.signals[name]
      const of = state.signals[name]
      return signal && of ? [judgeSignal(name, settings, signal, of)] : []
    })
  const harm = signals.length === 0 ? 0 : logSum(signals.map(signal => signal.harm)) - Math.log(signals.length)
  const answer = (verdict: Judgement['verdict'], reason: string, quarantine = false, waiting: Waiting | null = null): Judgement => ({
    verdict,
    quarantine,
    reason,
    waiting,
    warnings: [],
    harm,
    signals,
  })
  const hold = (waiting: Waiting, reason: string): Judgement => answer('hold', reason, false, waiting)

  const open = signals.find(signal => signal.breaker === 'open')
  const shared = signals.find(signal => signal.breaker === 'shared')
  const worst = [...signals].sort((a, b) => b.harm - a.harm)[0]
  if (worst && harm >= -Math.log(settings.alpha))
    return answer('rollback', `${arms(worst.name, worst.total)}, harm ${evidence(harm)}`, true)
  if (open) {
    const limit = settings.signals[open.name]?.breaker ?? 1
    return answer('rollback', `${arms(open.name, open.total)}: beyond the hard limit of ${percent(limit)}`, true)
  }
  if (shared)
    return answer(
      'rollback',
      `${arms(shared.name, shared.total)}: beyond the hard limit, but so is stable: no fault of this version is shown`,
    )

  const required = signals.filter(signal => signal.required)
  if (required.length === 0) return hold('settings', 'no signal is required, so nothing could ever prove this version acceptable')
  const missing = Object.keys(settings.signals).find(name => state.signals[name] === undefined)
  if (missing !== undefined) return hold('answers', `signal ${missing} has not been observed`)
  const { weight, canary, stable } = state.sampleRatio
  if (canary + stable === 0) return hold('traffic', 'no requests in either arm: waiting for traffic')
  const ratio = sampleRatioEvidence(weight, canary, stable)
  if (ratio >= Math.log(sampleRatioAlarm))
    return hold(
      'sample-ratio',
      `the canary got ${count(canary)} of ${count(canary + stable)} requests where ${percent(weight)} were set (evidence ${evidence(ratio)} of ${count(sampleRatioAlarm)}): the weight is not applied, traffic sticks, or instances do not answer`,
    )
  const unanswered = signals.find(signal => signal.required && state.signals[signal.name]?.unanswered !== undefined)
  if (unanswered) return hold('answers', `signal ${unanswered.name} gave no answer: ${state.signals[unanswered.name]?.unanswered}`)
  if (canary === 0) return hold('traffic', 'the canary has had no request at this weight')
  if (harm > trend) return hold('trend', `harm ${evidence(harm)} is above 3: no step up while there is a trend`)
  const unproven = required.find(signal => !signal.accepted)
  if (unproven)
    return hold('proof', `${unproven.name} is not proven acceptable yet: ${evidence(unproven.acceptance)} of ${bar(settings.beta)}`)
  return answer('promote', required.map(signal => signal.words).join('; '))
}

/**
 * Judges one more batch. Valid however often one looks, for any weights decided from the past and any base rate that changes with time; batches must
 * not overlap. All signals of the settings must be in the batch, those that gave no answer as `{ unanswered: why }`: they add nothing.
 */
export const judge = (
  settings: JudgeSettings,
  state: JudgeState,
  batch: Batch,
): { readonly state: JudgeState; readonly judgement: Judgement } => {
  const signals: Record<string, SignalState> = {}
  for (const [name, signal] of Object.entries(settings.signals)) {
    const counts = batch.signals[name]
    if (!counts) throw new Error(`the batch lacks signal ${name}`)
    const before = state.signals[name] ?? { total: none, last: none, batches: 0, harm: [], acceptance: [] }
    signals[name] = signalAfter(settings, signal, before, counts)
  }
  const observed = batch.signals[traffic(settings) ?? '']
  const counted = observed !== undefined && answered(observed) ? observed : none
  const same = state.sampleRatio.weight === batch.weight
  const next: JudgeState = {
    signals,
    sampleRatio: {
      weight: batch.weight,
      canary: (same ? state.sampleRatio.canary : 0) + counted.canary,
      stable: (same ? state.sampleRatio.stable : 0) + counted.stable,
    },
  }
  return { state: next, judgement: judgementOf(settings, next) }
}
