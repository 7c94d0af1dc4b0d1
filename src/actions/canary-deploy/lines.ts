import type { Judgement, SignalJudgement } from '../../core/rollout/judge.ts'
import type { JudgeSettings } from '../../core/rollout/judge-state.ts'
import { bar, count, evidence, percent } from '../../core/rollout/words.ts'

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
