import type { RolloutState } from '../lineage/events.ts'
import { judgementOf } from './judge.ts'
import { isBaked } from './waiting.ts'

/** What the handler wants of a rollout: go on looking, take the next step up (on proof), or give the traffic back. */
export type Wish = 'observe' | 'advance' | 'restore'

/**
 * What is known at one look: the live shares of the canary's slot and of the other one in percent, the instant (seconds since 1970) at which the target forgot
 * its weights, where it did, and now.
 */
export interface Seen {
  readonly live: number
  readonly rest: number
  readonly forgot: number | null
  readonly now: number
}

/**
 * The one thing to do next. A weight goes through `intend` (write-ahead, to the ledger), `act` (the target) and `confirm` (the ledger again, after the
 * target was read back). `assert`: the target forgot the confirmed weight, and is told again. `drift`: it shows a weight that nobody here wrote.
 * `end`: the traffic is where the rollout ends.
 */
export type Move =
  | { readonly do: 'intend'; readonly step: number; readonly percent: number; readonly expecting: number }
  | { readonly do: 'act'; readonly percent: number; readonly expecting: number | null }
  | { readonly do: 'confirm'; readonly step: number; readonly percent: number; readonly ends: boolean }
  | { readonly do: 'assert'; readonly percent: number; readonly expecting: number }
  | { readonly do: 'observe' }
  | { readonly do: 'drift'; readonly reason: string }
  | { readonly do: 'end' }

/** Targets move traffic in coarse grains (HAProxy: weights with a sum of at most 256), so a weight counts as reached within a quarter of a per cent point. */
const grain = 0.25
const reached = (live: number, percent: number): boolean =>
  Math.abs(live - percent) <= grain && (percent !== 0 || live === 0) && (percent !== 100 || live === 100)

/** Whether this rollout's traffic was being given back when its runner stopped. */
export const isRestoring = (rollout: RolloutState): boolean => rollout.intent?.step === -1

/**
 * Whether a step up was announced and not taken, and what was judged last does not prove it any more, or ended more than so many seconds ago: whoever would take it now has to
 * look first.
 */
export const awaitsProof = (rollout: RolloutState, { live, now }: Seen, seconds: number): boolean => {
  const { intent, judge, percent, settings, step, until } = rollout
  if (intent === null || step < 0 || intent.percent <= percent || live !== intent.expecting) return false
  return judge === null || now - (until ?? 0) > seconds || judgementOf(settings, judge).verdict !== 'promote'
}

/** Both slots may show 0 %, and then nobody is served: it is back only where the other slot has some, and what neither has is not ours to give. */
const isBack = ({ live, rest }: Seen): boolean => live === 0 && rest > 0

const restore = (rollout: RolloutState, seen: Seen): Move => {
  // Before the first version of an environment there is nothing that its traffic could be given back to.
  if (rollout.from === null) return { do: 'end' }
  if (isRestoring(rollout))
    return isBack(seen) ? { do: 'confirm', step: -1, percent: 0, ends: true } : { do: 'act', percent: 0, expecting: null }
  if (rollout.intent === null && rollout.percent === 0 && isBack(seen)) return { do: 'end' }
  return { do: 'intend', step: -1, percent: 0, expecting: seen.live }
}

/** The step after this one: the next of the plan, else everything. */
const stepAfter = (rollout: RolloutState): { readonly step: number; readonly percent: number } => {
  const step = rollout.step + 1
  return { step, percent: rollout.steps[step] ?? 100 }
}

/** Whether the target forgot its weights after the rollout's last confirmed one was there; clocks of two machines differ a little. */
const forgotten = (rollout: RolloutState, forgot: number | null): boolean =>
  forgot !== null && forgot > (rollout.reached ?? rollout.begun ?? Number.POSITIVE_INFINITY) - 2

/** Whether the two slots share all traffic. Where they do not, somebody took a slot out, or both. */
const isShared = ({ live, rest }: Seen): boolean => Math.abs(live + rest - 100) <= grain

const pending = (rollout: RolloutState, intent: NonNullable<RolloutState['intent']>, { live, forgot }: Seen): Move => {
  if (reached(live, intent.percent))
    return { do: 'confirm', step: intent.step, percent: intent.percent, ends: intent.percent === 100 && (rollout.bake ?? 0) === 0 }
  // Between the two: some of several instances have been told, and being told again does no harm.
  const partly = live > Math.min(intent.expecting, intent.percent) && live < Math.max(intent.expecting, intent.percent)
  if (partly || reached(live, intent.expecting)) return { do: 'act', percent: intent.percent, expecting: intent.expecting }
  if (forgotten(rollout, forgot)) return { do: 'act', percent: intent.percent, expecting: live }
  return { do: 'drift', reason: `the canary has ${live} % of the traffic where ${intent.expecting} % or ${intent.percent} % were set` }
}

/**
 * The next move of a rollout, from the ledger's state and what is seen of the target alone, so that it may be asked at any moment and by any runner: one that was
 * killed between any two writes goes on from here. Giving traffic back outranks everything and expects nothing of the live weight.
 */
export const nextMove = (rollout: RolloutState, seen: Seen, wish: Wish): Move => {
  const { live, rest, forgot, now } = seen
  if (wish === 'restore' || isRestoring(rollout)) return restore(rollout, seen)
  // Before the first version of an environment is live there is nobody whose traffic could be taken.
  const first = rollout.from === null && rollout.step === -1
  if (!first && !isShared(seen) && !forgotten(rollout, forgot))
    return {
      do: 'drift',
      reason: `the canary has ${live} % of the traffic and the other slot ${rest} %, which is not all of it: somebody else moved it`,
    }
  if (rollout.intent !== null) return pending(rollout, rollout.intent, seen)
  if (!first && !reached(live, rollout.percent)) {
    if (forgotten(rollout, forgot)) return { do: 'assert', percent: rollout.percent, expecting: live }
    return { do: 'drift', reason: `the canary has ${live} % of the traffic where ${rollout.percent} % were set: somebody else moved it` }
  }
  if (rollout.percent === 100) return isBaked(rollout, now) ? { do: 'end' } : { do: 'observe' }
  if (rollout.step === -1 || wish === 'advance') return { do: 'intend', ...stepAfter(rollout), expecting: live }
  return { do: 'observe' }
}
