import type { Counts, JudgeSettings, JudgeState, SignalState } from './judge-state.ts'
import type { Judgement, SignalJudgement, Waiting } from './judgement.ts'
import { logMean } from './log-space.ts'
import { looksAfter } from './looks.ts'
import { answered, type Batch, type Observed, slowerOf } from './observed.ts'
import { ratioEvidence, sampleRatioAlarm } from './sample-ratio.ts'
import { emptySignalOf, none, signalAfter } from './signal-evidence.ts'
import { judgeSignal } from './signal-judgement.ts'
import { byThreshold, thresholdAnswer } from './threshold-rule.ts'
import { arms, bar, count, evidence, percent } from './words.ts'

export type { Judgement, SignalCondition, SignalJudgement, Waiting } from './judgement.ts'
export type { Batch, Observed } from './observed.ts'

/** A step up also needs that harm shows no trend: a convention, not a guarantee. */
const trend = Math.log(3)

/** The state before anything was observed. */
export const emptyJudgeState = (settings: JudgeSettings): JudgeState => ({
  signals: Object.fromEntries(Object.entries(settings.signals).map(([name, signal]) => [name, emptySignalOf(signal)])),
  sampleRatio: { weight: 0, canary: 0, stable: 0 },
})

/**
 * The signal that says how many requests each arm had: the first required one by name, else the first. Counts that come late (labels) belong to an earlier
 * weight and say nothing of it; null where there are no others.
 */
const trafficSignal = (settings: JudgeSettings): string | null => {
  const names = Object.keys(settings.signals)
    .filter(name => settings.signals[name]?.late !== true)
    .sort()
  return names.find(name => settings.signals[name]?.required) ?? names[0] ?? null
}

/** Why the arms' shares of traffic are not those that were set, or null. */
const unevenTraffic = (settings: JudgeSettings, state: JudgeState): string | null => {
  const { weight, canary, stable } = state.sampleRatio
  if (settings.sampleRatio?.action === 'off') return null
  const ratio = ratioEvidence(state.sampleRatio, settings.sampleRatio?.dispersion ?? 1)
  return ratio < Math.log(sampleRatioAlarm)
    ? null
    : `the canary got ${count(canary)} of ${count(canary + stable)} requests where ${percent(weight)} were set (evidence ${evidence(ratio)} of ${count(sampleRatioAlarm)}): the weight is not applied, traffic sticks, or instances do not answer`
}

/** Why the newest batch has nothing that a step up could stand on, or null. What was proven before does not count once traffic has stopped. */
const nothingNew = (settings: JudgeSettings, state: JudgeState): string | null => {
  if (settings.method !== 2) return state.sampleRatio.canary === 0 ? 'the canary has had no request at this weight' : null
  const newest = (name: string): Counts => {
    const signal = state.signals[name]
    return signal === undefined || signal.unanswered !== undefined ? none : signal.last
  }
  const names = Object.keys(settings.signals).sort()
  if (names.every(name => newest(name).canary + newest(name).stable === 0))
    return 'no requests in either arm since the last look: waiting for traffic'
  const counting = names.filter(name => settings.signals[name]?.required && settings.signals[name]?.late !== true)
  if (counting.length === 0)
    return names.some(name => newest(name).canary > 0) ? null : 'no signal has counted a request of the canary since the last look'
  const silent = counting.find(name => newest(name).canary === 0)
  if (silent === undefined) return null
  return state.sampleRatio.canary === 0
    ? 'the canary has had no request at this weight'
    : `${silent} has counted no request of the canary since the last look`
}

/** The verdict of the evidence rule, of which harm and the hard limit come before everything that only holds. */
const verdictOf = (settings: JudgeSettings, state: JudgeState, all: readonly SignalJudgement[]): Omit<Judgement, 'signals'> => {
  const threshold = settings.rule === 'threshold'
  const signals = threshold ? byThreshold(settings, state, all) : all
  const harm = logMean(all.map(signal => signal.harm))
  const uneven = unevenTraffic(settings, state)
  const warnings = uneven !== null && settings.sampleRatio?.action === 'warn' ? [uneven] : []
  const answer = (verdict: Judgement['verdict'], reason: string, quarantine = false, waiting: Waiting | null = null) => ({
    verdict,
    quarantine,
    reason,
    waiting,
    warnings,
    harm,
  })
  const hold = (waiting: Waiting, reason: string) => answer('hold', reason, false, waiting)

  const looked = threshold ? thresholdAnswer(settings, state.looks ?? { failed: 0, passed: 0, newest: 'no-data' }, signals) : null
  const worst = [...signals].sort((a, b) => b.harm - a.harm)[0]
  if (looked?.verdict === 'rollback') return answer('rollback', looked.reason, looked.quarantine)
  if (!threshold && worst && harm >= -Math.log(settings.alpha))
    return answer('rollback', `${arms(worst.name, worst.total)}, harm ${evidence(harm)}`, true)
  const open = signals.find(signal => signal.breaker === 'open')
  if (open) {
    const limit = settings.signals[open.name]?.breaker ?? 1
    return answer('rollback', `${arms(open.name, open.total)}: beyond the hard limit of ${percent(limit)}`, true)
  }
  const shared = signals.find(signal => signal.breaker === 'shared')
  if (shared)
    return answer(
      'rollback',
      `${arms(shared.name, shared.total)}: beyond the hard limit, but so is stable: no fault of this version is shown`,
    )

  const required = signals.filter(signal => signal.required)
  if (required.length === 0) return hold('settings', 'no signal is required, so nothing could ever prove this version acceptable')
  const missing = Object.keys(settings.signals).find(name => state.signals[name] === undefined)
  if (missing !== undefined) return hold('answers', `signal ${missing} has not been observed`)
  const unanswered = required.find(signal => state.signals[signal.name]?.unanswered !== undefined)
  if (unanswered) return hold('answers', `signal ${unanswered.name} gave no answer: ${state.signals[unanswered.name]?.unanswered}`)
  if (trafficSignal(settings) !== null && state.sampleRatio.canary + state.sampleRatio.stable === 0)
    return hold('traffic', 'no requests in either arm: waiting for traffic')
  if (uneven !== null && warnings.length === 0) return hold('sample-ratio', uneven)
  const stopped = nothingNew(settings, state)
  if (stopped !== null) return hold('traffic', stopped)
  if (looked !== null) return looked.verdict === 'promote' ? answer('promote', looked.reason) : hold('proof', looked.reason)
  if (harm > trend) return hold('trend', `harm ${evidence(harm)} is above 3: no step up while there is a trend`)
  const unproven = required.find(signal => !signal.accepted)
  if (unproven)
    return hold('proof', `${unproven.name} is not proven acceptable yet: ${evidence(unproven.acceptance)} of ${bar(settings.beta)}`)
  return answer('promote', required.map(signal => signal.words).join('; '))
}

/**
 * The answer that a state stands for: a pure function, so any decision can be replayed from the ledger. Signals are put together in two ways. *Harm*: the arithmetic mean of
 * all signals' e-values, required or not, is an e-value however they depend on each other, so alpha bounds a false rollback whatever their number. *Promotion*: every
 * required signal must be proven acceptable by itself (intersection-union), so beta bounds a false one without any correction.
 */
export const judgementOf = (settings: JudgeSettings, state: JudgeState): Judgement => {
  const signals = Object.keys(settings.signals)
    .sort()
    .flatMap(name => {
      const signal = settings.signals[name]
      const of = state.signals[name]
      return signal && of ? [judgeSignal(name, settings, signal, of)] : []
    })
  return {
    ...verdictOf(settings, state, signals),
    signals: settings.rule === 'threshold' ? byThreshold(settings, state, signals) : signals,
  }
}

const hasEdges = (state: SignalState | undefined, observed: Observed | undefined): boolean =>
  state?.edges !== undefined || (observed !== undefined && answered(observed) && slowerOf(observed).length > 1)

/**
 * Judges one more batch. Valid however often one looks, for any weights decided from the past and any base rate that changes with time; batches must
 * not overlap. All signals of the settings must be in the batch, those that gave no answer as `{ unanswered: why }`: they add nothing. Batches at weight 0, before the
 * first step, add to what is known of the stable arm's dispersion and to nothing else.
 */
export const judge = (
  settings: JudgeSettings,
  state: JudgeState,
  batch: Batch,
): { readonly state: JudgeState; readonly judgement: Judgement } => {
  const signals: Record<string, SignalState> = {}
  const histograms = Object.keys(settings.signals).filter(name => hasEdges(state.signals[name], batch.signals[name])).length
  for (const [name, signal] of Object.entries(settings.signals)) {
    const counts = batch.signals[name]
    if (!counts) throw new Error(`the batch lacks signal ${name}`)
    signals[name] = signalAfter(settings, signal, state.signals[name] ?? emptySignalOf(signal), counts, histograms)
  }
  const observed = batch.signals[trafficSignal(settings) ?? '']
  const counted = observed !== undefined && answered(observed) ? observed : none
  const same = state.sampleRatio.weight === batch.weight
  const next: JudgeState = {
    signals,
    sampleRatio: {
      weight: batch.weight,
      canary: (same ? state.sampleRatio.canary : 0) + counted.canary,
      stable: (same ? state.sampleRatio.stable : 0) + counted.stable,
    },
    ...(settings.rule === 'threshold' ? { looks: looksAfter(settings, state.looks, batch, same) } : {}),
  }
  return { state: next, judgement: judgementOf(settings, next) }
}
