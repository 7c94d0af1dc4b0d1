import type { Judgement, SignalCondition, SignalJudgement } from '../rollout/judge.ts'
import type { Counts } from '../rollout/judge-state.ts'

/** One signal at one look: its counts since the rollout began, and its evidence as natural logarithms of e-values. */
export interface SignalTick {
  readonly name: string
  readonly required: boolean
  readonly total: Counts
  readonly harm: number
  readonly acceptance: number
  readonly state: SignalCondition
}

/**
 * One look at a canary: its share of traffic in percent, the judge's words about the signals, and what followed. Plain text. `at` is seconds since 1970; `harm` is the
 * evidence that decides, of all signals together. A look that could not be judged has neither numbers nor signals.
 */
export interface RolloutTick {
  readonly percent: number
  readonly evidence: string
  readonly followed: string
  readonly verdict?: 'promote' | 'rollback' | 'hold'
  readonly at?: number
  readonly harm?: number
  readonly signals?: readonly SignalTick[]
}

/** As much of the judge's answer as a report shows. */
export type ShownJudgement = Pick<Judgement, 'verdict' | 'reason' | 'harm'> & {
  readonly signals: readonly Pick<SignalJudgement, 'name' | 'required' | 'total' | 'harm' | 'acceptance' | 'state' | 'words'>[]
}

/** What follows from a judgement, in words. */
export const followedBy = ({ verdict, reason }: Pick<ShownJudgement, 'verdict' | 'reason'>): string =>
  verdict === 'promote' ? 'next step' : verdict === 'rollback' ? `roll back: ${reason}` : `wait: ${reason}`

/** A look that was judged. `percent` is the share of traffic, `at` the end of the window in seconds since 1970. */
export const judgedTick = (percent: number, at: number, judgement: ShownJudgement): RolloutTick => ({
  percent,
  at,
  evidence: judgement.signals.map(signal => signal.words).join('; '),
  followed: followedBy(judgement),
  verdict: judgement.verdict,
  harm: judgement.harm,
  signals: judgement.signals.map(signal => ({
    name: signal.name,
    required: signal.required,
    total: signal.total,
    harm: signal.harm,
    acceptance: signal.acceptance,
    state: signal.state,
  })),
})

/** A look that could not be judged: drift, a provider or a target without an answer, an approval that is waited for. */
export const heldTick = (percent: number, at: number, reason: string): RolloutTick => ({
  percent,
  at,
  evidence: '',
  followed: `hold: ${reason}`,
  verdict: 'hold',
})

/** The proof that the next step waits for: that of the required signal which is furthest from it, as a natural logarithm; null where none is known. */
export const proofOf = ({ signals = [] }: RolloutTick): number | null => {
  const required = signals.filter(signal => signal.required)
  return required.length === 0 ? null : Math.min(...required.map(signal => signal.acceptance))
}
