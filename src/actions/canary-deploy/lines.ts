import type { Judgement } from '../../core/rollout/judge.ts'
import type { JudgeSettings } from '../../core/rollout/judge-state.ts'
import { bar, count, evidence, percent } from '../../core/rollout/words.ts'

/** One line of the log per signal: weight, counts, evidence, and what follows from it. */
export const tickLines = (weight: number, judgement: Judgement, settings: JudgeSettings): readonly string[] =>
  judgement.signals.map(signal => {
    const { total } = signal
    const bad = signal.breaker !== 'closed' || signal.harm > 0 ? `; stable ${count(total.stableBad)} of ${count(total.stable)}` : ''
    return [
      percent(weight / 100).padStart(6),
      `${count(total.canary)} canary requests, ${count(total.canaryBad)} ${signal.name}${bad}`.padEnd(36),
      `harm ${evidence(signal.harm)} of ${bar(settings.alpha)}`.padEnd(18),
      `proof (below ${percent(signal.acceptable)}) ${evidence(signal.acceptance)} of ${bar(settings.beta)}`.padEnd(34),
      judgement.verdict === 'rollback' ? 'ROLL BACK' : judgement.verdict === 'promote' ? 'next step' : `wait: ${judgement.reason}`,
    ].join('  ')
  })
