import type { RolloutState } from '../../core/lineage/events.ts'
import type { Judgement, SignalJudgement } from '../../core/rollout/judge.ts'
import type { JudgeSettings } from '../../core/rollout/judge-state.ts'
import type { Waiting } from '../../core/rollout/waiting.ts'
import { bar, count, duration, evidence, percent } from '../../core/rollout/words.ts'
import type { Traffic } from '../../ports/target.ts'

/** One line of the log per signal: weight, counts, evidence, and what follows from it; then what people should know. */
export const tickLines = (weight: number, judgement: Judgement, settings: JudgeSettings): readonly string[] => [
  ...judgement.signals.map(line(weight, judgement, settings)),
  ...judgement.warnings.map(warning => `${''.padStart(6)}  warning: ${warning}`),
]

const line =
  (weight: number, judgement: Judgement, settings: JudgeSettings) =>
  (signal: SignalJudgement): string => {
    const { total } = signal
    const bad = signal.breaker !== 'closed' || signal.harm > 0 ? `; stable ${count(total.stableBad)} of ${count(total.stable)}` : ''
    const followed =
      judgement.verdict === 'rollback' ? 'ROLL BACK' : judgement.verdict === 'promote' ? 'next step' : `wait: ${judgement.reason}`
    if (settings.rule === 'threshold') return [percent(weight / 100).padStart(6), signal.words, followed].join('  ')
    return [
      percent(weight / 100).padStart(6),
      `${count(total.canary)} canary requests, ${count(total.canaryBad)} ${signal.name}${bad}`.padEnd(36),
      `harm ${evidence(signal.harm)} of ${bar(settings.alpha)}`.padEnd(18),
      `proof (below ${percent(signal.acceptable)}) ${evidence(signal.acceptance)} of ${bar(settings.beta)}`.padEnd(34),
      followed,
    ].join('  ')
  }

/** Who moved the weights, for the end of a sentence; nothing where the target does not know. */
export const byWhom = ({ movedBy }: Pick<Traffic, 'movedBy'>): string => (movedBy == null ? '' : ` (changed last by ${movedBy})`)

/** What a step that is proven waits for. */
export const provenWords = ({ rollout }: RolloutState, waiting: Waiting, now: number): string =>
  waiting.for === 'pause'
    ? `proven at this step; the pause is over in ${duration(waiting.until - now)}`
    : `proven at this step; it waits for an approval: refline approve ${rollout} --reason ...`
