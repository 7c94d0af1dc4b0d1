import type { JudgeSettings, JudgeState, LooksState } from './judge-state.ts'
import type { SignalCondition, SignalJudgement } from './judgement.ts'
import { looksNeeded } from './looks.ts'
import { arms, count, percent, rate } from './words.ts'

const noBound = 'threshold rule: no error bound is proven'

/** What the threshold rule says: roll back, take the next step, or neither, always in words. */
export type ThresholdAnswer =
  | { readonly verdict: 'rollback'; readonly quarantine: boolean; readonly reason: string }
  | { readonly verdict: 'promote' | 'hold'; readonly reason: string }

const looksIn = (count: number): string => `${count} look${count === 1 ? '' : 's'}`

const conditionOf = (signal: SignalJudgement, max: number | undefined, requests: number, state: JudgeState): SignalCondition => {
  const before = state.signals[signal.name]
  if (signal.breaker !== 'closed' || before === undefined || max === undefined)
    return signal.breaker !== 'closed' ? 'unhealthy' : 'undecided'
  if (before.unanswered !== undefined) return 'provider-error'
  if (before.last.canary === 0) return 'no-data'
  if (before.last.canary < requests) return 'undecided'
  return before.last.canaryBad / before.last.canary > max ? 'unhealthy' : 'healthy'
}

/** The signals as the threshold rule sees them: what it says of the newest batch, and that it proves nothing. */
export const byThreshold = (settings: JudgeSettings, state: JudgeState, signals: readonly SignalJudgement[]): readonly SignalJudgement[] =>
  signals.map(signal => {
    const of = settings.signals[signal.name]
    const last = state.signals[signal.name]?.last
    const max = of?.max
    const unanswered = state.signals[signal.name]?.unanswered
    const newest =
      last === undefined || max === undefined
        ? 'is not judged by a threshold'
        : unanswered !== undefined
          ? `no answer to the newest query: ${unanswered}`
          : `${count(last.canaryBad)} of ${count(last.canary)} canary requests bad in the newest look (${rate(last.canaryBad, last.canary)}, at most ${percent(max)} passes)`
    const condition = conditionOf(signal, max, of?.breakerRequests ?? 1, state)
    return { ...signal, state: condition, accepted: condition === 'healthy', words: `${signal.name}: ${newest}; ${noBound}` }
  })

/** The answer of the threshold rule: rolled back *at* the last allowed failed look and not after it, advanced after enough passed ones in a row at this weight. */
export const thresholdAnswer = (settings: JudgeSettings, looks: LooksState, signals: readonly SignalJudgement[]): ThresholdAnswer => {
  const { failures, looks: wanted } = looksNeeded(settings)
  if (looks.failed >= failures) {
    const failing = signals.find(({ state }) => state === 'unhealthy') ?? signals[0]
    const max = failing === undefined ? 1 : (settings.signals[failing.name]?.max ?? 1)
    // A stable arm beyond the threshold as well: an incident of both, and no fault of this version is shown.
    const shared = failing !== undefined && failing.total.stable > 0 && failing.total.stableBad / failing.total.stable > max
    const what =
      failing === undefined ? '' : `: ${arms(failing.name, failing.total)}, above ${percent(max)}${shared ? ', but so is stable' : ''}`
    return { verdict: 'rollback', quarantine: !shared, reason: `${looksIn(looks.failed)} failed, ${failures} roll back${what}; ${noBound}` }
  }
  if (looks.newest === 'passed' && looks.passed >= wanted)
    return { verdict: 'promote', reason: `${looksIn(looks.passed)} passed in a row at this weight; ${noBound}` }
  const newest = looks.newest === 'no-data' ? 'the newest look had too few requests to pass or fail' : `the newest look ${looks.newest}`
  return {
    verdict: 'hold',
    reason: `${looks.passed} of ${looksIn(wanted)} passed in a row at this weight, ${looks.failed} of ${failures} failed; ${newest}; ${noBound}`,
  }
}
