import { judgedTick, type RolloutTick, type ShownJudgement } from '../../../src/core/report/rollout-tick.ts'
import type { SignalCondition } from '../../../src/core/rollout/judge.ts'

/** One signal at a look, by what a test cares about. Evidence is given as e-values. */
export const signalAt = (
  change: {
    readonly name?: string
    readonly required?: boolean
    readonly canary?: number
    readonly bad?: number
    readonly stable?: number
    readonly stableBad?: number
    readonly harm?: number
    readonly proof?: number
    readonly state?: SignalCondition
  } = {},
): ShownJudgement['signals'][number] => {
  const { name = 'errors', required = true, canary = 331, bad = 0, stable = 6287, stableBad = 0, harm = 0.6, proof = 5.2 } = change
  return {
    name,
    required,
    total: { canary, canaryBad: bad, stable, stableBad },
    harm: Math.log(harm),
    acceptance: Math.log(proof),
    words: `${name}: canary ${bad}/${canary}`,
    state: change.state ?? 'undecided',
  }
}

const began = Date.parse('2026-11-20T12:00:00Z') / 1000

/** A judged look, `at` seconds after noon. */
export const lookAt = (
  at: number,
  percent: number,
  verdict: 'promote' | 'rollback' | 'hold',
  signals: readonly ShownJudgement['signals'][number][] = [signalAt()],
): RolloutTick =>
  judgedTick(percent, began + at, {
    verdict,
    reason: verdict === 'promote' ? 'proven' : 'errors is not proven acceptable yet: 5.2 of 20',
    harm: Math.max(...signals.map(signal => signal.harm)),
    signals,
  })

/** Noon, in seconds since 1970. */
export const noon = began
