import { emptyJudgeState, type Judgement, judge } from './judge.ts'
import { judgeLate } from './judge-late.ts'
import type { JudgeSettings, JudgeState } from './judge-state.ts'
import type { Batch, Observed } from './observed.ts'

/** What the judge said after one batch, and the state it said it of. */
export interface Replayed {
  readonly state: JudgeState
  readonly judgement: Judgement
}

/** What one look judged: its window, and before it what late labels said of earlier weights. */
export interface LookedAt extends Batch {
  readonly late?: readonly Readonly<Record<string, Observed>>[] | undefined
}

/** Judges all looks of a rollout anew, oldest first. Nothing but settings and batches goes in, so any decision can be recomputed from what a ledger holds. */
export const replay = (settings: JudgeSettings, looks: readonly LookedAt[]): readonly Replayed[] => {
  let state = emptyJudgeState(settings)
  return looks.map(({ late = [], weight, signals }) => {
    const answer = judge(settings, judgeLate(settings, state, late), { weight, signals })
    state = answer.state
    return answer
  })
}

/** Logarithms of different releases of JavaScript may differ in their last digits, and a few of them may then be rounded down to the next 1e-4. */
const close = (a: number, b: number): boolean => Math.abs(a - b) <= 5e-4 + 1e-9 * Math.max(Math.abs(a), Math.abs(b))

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null

/** Where two judge states first differ, such as `signals.errors.harm.3`, or null where they agree but for the last digits of logarithms. */
export const stateDifference = (recorded: unknown, recomputed: unknown): string | null => {
  const within = (a: unknown, b: unknown, path: string): string | null => {
    if (typeof a === 'number' && typeof b === 'number') return close(a, b) ? null : path
    if (!isObject(a) || !isObject(b)) return a === b ? null : path
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const found = within(a[key], b[key], path === '' ? key : `${path}.${key}`)
      if (found !== null) return found
    }
    return null
  }
  return within(recorded, recomputed, '')
}
