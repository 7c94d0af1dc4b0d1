import { breakerOf } from './breaker.ts'
import type { JudgeSettings, SignalSettings, SignalState } from './judge-state.ts'
import type { SignalCondition, SignalJudgement } from './judgement.ts'
import { dispersionOfSignal, signalAcceptance, signalHarm } from './signal-evidence.ts'
import { arms, bar, dispersed, evidence, percent, rate } from './words.ts'

/** Judges one signal by all its batches so far. */
export const judgeSignal = (name: string, settings: JudgeSettings, signal: SignalSettings, state: SignalState): SignalJudgement => {
  const { total, last, unanswered } = state
  const harm = signalHarm(settings, signal, state)
  const acceptance = signalAcceptance(settings, signal, state)
  const accepted = acceptance >= -Math.log(settings.beta)
  const dispersion = dispersionOfSignal(settings, signal, state)
  const breaker = breakerOf(state, signal, dispersion)
  const condition = (): SignalCondition => {
    if (breaker !== 'closed' || harm >= -Math.log(settings.alpha)) return 'unhealthy'
    if (unanswered !== undefined) return 'provider-error'
    if (last.canary === 0) return 'no-data'
    return accepted ? 'healthy' : 'undecided'
  }
  const compared = `${name}: ${arms('bad', total)} (${rate(total.canaryBad, total.canary)} against ${rate(total.stableBad, total.stable)})`
  const proof = `proof (below ${percent(signal.acceptable)} or less than ${signal.unacceptable} x stable) ${evidence(acceptance)} of ${bar(settings.beta)}`
  return {
    name,
    required: signal.required,
    state: condition(),
    total,
    harm,
    acceptance,
    acceptable: signal.acceptable,
    accepted,
    breaker,
    dispersion,
    words: `${compared}, harm ${evidence(harm)} of ${bar(settings.alpha)}, ${proof}${dispersed(dispersion)}${unanswered === undefined ? '' : `; no answer to the newest query: ${unanswered}`}`,
  }
}
