import { canonicalJson, digest } from '../../src/core/lineage/canonical.ts'
import type { LedgerEvent } from '../../src/core/lineage/events.ts'
import { type Batch, emptyJudgeState, judge } from '../../src/core/rollout/judge.ts'
import { judgeLate } from '../../src/core/rollout/judge-late.ts'
import type { JudgeSettings } from '../../src/core/rollout/judge-state.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import { promotion, registerEvent } from '../core/lineage/events-for-tests.ts'

/** One look of a rollout. `late`: counts of earlier weights, judged before it. `claims`: what is recorded of it instead of what the judge says. */
export interface Look extends Batch {
  readonly late?: readonly Batch['signals'][]
  readonly claims?: string
}

/** What a rollout that is written to a ledger consists of. */
export interface JudgedRollout {
  readonly settings: JudgeSettings
  readonly looks: readonly Look[]
  /** Step up to 50 % at the end, whatever was judged. */
  readonly stepUp?: boolean
  readonly end?: { readonly decision: 'promoted' | 'rolled-back' | 'withdrawn'; readonly reason: string }
}

const at = { environment: 'production', rollout: '0f0f0f0f0f0f' } as const

/** Writes v1 as live and a rollout of v2 at 5 %, look by look as canary-deploy does: each batch in a blob beside its record, the judge's state and words in it. */
export const writeJudgedRollout = async (ledger: Ledger, { settings, looks, stepUp, end }: JudgedRollout): Promise<void> => {
  let written = 0
  const append = (events: readonly LedgerEvent[], evidence?: string) => {
    written += 1
    const id = `test:-:${written}:1`
    return ledger.append('churn', { id, subject: id }, () => ({ events, ...(evidence === undefined ? {} : { evidence }) }))
  }
  await append([registerEvent(1), registerEvent(2)])
  for (const events of promotion(1, null, 'blue')) await append(events)
  await append([
    { kind: 'rollout-start', ...at, version: 2, from: 1, canary: 'green', steps: [5, 50], judge: settings },
    { kind: 'weight-intent', ...at, step: 0, percent: 5, expecting: 0 },
  ])
  await append([{ kind: 'weight-confirm', ...at, step: 0, percent: 5 }])
  let state = emptyJudgeState(settings)
  for (const [index, { weight, signals, late = [], claims }] of looks.entries()) {
    const answer = judge(settings, judgeLate(settings, state, late), { weight, signals })
    state = answer.state
    const { verdict, reason } = answer.judgement
    const window = { from: 60 * index, until: 60 * (index + 1), signals, late, sources: {} }
    const evidence = canonicalJson({ schema: 1, rollout: at.rollout, weight, ...window, judgement: reason })
    const judgement = claims ?? `${verdict}: ${reason}`
    await append([{ kind: 'evidence', ...at, until: window.until, judge: state, judgement, evidence: digest(evidence) }], evidence)
  }
  if (stepUp === true) await append([{ kind: 'weight-intent', ...at, step: 1, percent: 50, expecting: 5 }])
  if (end !== undefined) await append([{ kind: 'rollout-end', ...at, ...end }])
}
