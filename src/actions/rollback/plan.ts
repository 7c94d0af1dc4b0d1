import { UserError } from '../../core/errors.ts'
import type { LedgerRecord, LedgerState, Slot } from '../../core/lineage/events.ts'
import { assertMayGoLive, environmentOf, isCollected, isQuarantined, previousLive } from '../../core/lineage/preconditions.ts'
import { otherSlot } from '../../core/rollout/batch.ts'
import type { Traffic } from '../../ports/target.ts'

/**
 * Where traffic goes and from where. `clear`: the live slot, which gets all traffic before `slot` is deployed into, even where it has it: so the target learns the seq, and
 * takes nothing any more of a job that was overtaken.
 */
export interface RollbackPlan {
  readonly from: number
  readonly to: number
  readonly slot: Slot
  /** The slot does not hold the version any more, or does not answer. */
  readonly deploy: boolean
  readonly clear: Slot | null
  /** This rollback is under way already, begun by an earlier attempt or by somebody else. */
  readonly joins: boolean
  /** The seq that the target must have been told before traffic in the slot counts as this rollback's. */
  readonly contested: number | null
  /** All traffic is there already: an earlier attempt was stopped before it could say so. */
  readonly moved: boolean
  readonly words: string
}

/** A rollback that is refused for what it would go to. Whoever asked is told what there is instead. */
export class Refused extends UserError {}

const known = (state: LedgerState, environment: string): string => {
  const { live, history } = environmentOf(state, environment)
  const words = history.map(({ version }) => `v${version}${isQuarantined(state, version) ? ' (quarantined)' : ''}`)
  return `live is ${live ? `v${live.version}` : 'nothing'}, before that ${words.join(', ') || 'nothing was'}`
}

/** Which version leaves and which one comes; null where the wanted version is live and nothing is under way. */
const versionsOf = (
  state: LedgerState,
  environment: string,
  wanted: number | undefined,
): { readonly from: number; readonly to: number } | null => {
  const { live, rollout, move } = environmentOf(state, environment)
  if (move !== null && (wanted === undefined || wanted === move.to)) return move
  const from = rollout?.version ?? move?.from ?? live?.version
  if (from === undefined) throw new UserError(`nothing is live in ${environment}, so there is nothing to roll back`)
  const to = wanted ?? (rollout ? rollout.from : (previousLive(state, environment)?.version ?? null))
  if (to === null)
    throw new Refused(
      `there is no version in ${environment} to go back to from v${from}: ${known(state, environment)}. Name a registered version that is not quarantined in the input \`to\`.`,
    )
  if (to === from && live?.version === to && rollout === null) return null
  if (to === from)
    throw new UserError(`v${from} is the one being rolled out; run canary-deploy to go on with it, or name another version to go to`)
  return { from, to }
}

/**
 * The seq of the rollback under way where something else may run in the slot that it goes to: a canary or another rollback was under way when it was begun. Then traffic
 * in that slot shows nothing, unless the target was told that seq. Null where there is no such rollback.
 */
export const contestedSince = (records: readonly LedgerRecord[], environment: string): number | null => {
  let rollout = false
  let to: number | null = null
  let contested: number | null = null
  for (const { seq, events } of records)
    for (const event of events) {
      if (!('environment' in event) || event.environment !== environment) continue
      if (event.kind === 'rollout-start') rollout = true
      else if (event.kind === 'rollout-end') rollout = false
      else if (event.kind === 'rollback-confirm') to = null
      else if (event.kind === 'rollback-intent') {
        if (rollout || (to !== null && to !== event.to)) contested = seq
        else if (to === null) contested = null
        rollout = false
        to = event.to
      }
    }
  return to === null ? null : contested
}

/** Whether the target shows that the traffic is where a rollback under way wants it, by whoever moved it. */
export const isThere = ({ slot, joins, contested }: Pick<RollbackPlan, 'slot' | 'joins' | 'contested'>, traffic: Traffic): boolean =>
  joins && traffic.percent[slot] === 100 && traffic.ready[slot] && (contested === null || (traffic.seq ?? 0) >= contested)

/**
 * Plans a rollback from the ledger's state and what the target shows. `since` is what `contestedSince` says. Throws a UserError where the version may not go
 * live.
 */
export const planRollback = (
  state: LedgerState,
  environment: string,
  wanted: number | undefined,
  traffic: Traffic,
  since: number | null = null,
): RollbackPlan | null => {
  const versions = versionsOf(state, environment, wanted)
  if (versions === null) return null
  const { from, to } = versions
  if (isQuarantined(state, to))
    throw new Refused(
      `v${to} is quarantined (${state.quarantine[String(to)]}) and may not go live again: ${known(state, environment)}. Name another version in the input \`to\`.`,
    )
  if (isCollected(state, to))
    throw new Refused(`the files of v${to} were deleted as no longer needed, so it cannot go live again: ${known(state, environment)}.`)
  assertMayGoLive(state, to)
  const { live, history, rollout, move } = environmentOf(state, environment)
  const isLive = live?.version === to
  // After a rollback that was stopped half way the idle slot may hold anything.
  const held = isLive ? live.slot : move === null ? (history.find(({ version }) => version === to)?.slot ?? null) : null
  const slot = held ?? (live ? otherSlot(live.slot) : 'blue')
  const joins = move !== null && move.to === to
  const contested = isLive ? null : since
  const moved = isThere({ slot, joins, contested }, traffic)
  // Also the live version is deployed again where it does not answer: all traffic on a slot that is down would be an outage.
  const deploy = !moved && (held === null || !traffic.ready[slot])
  const clear = deploy && live !== null && live.slot !== slot ? live.slot : null
  const how = moved ? 'traffic is there already' : deploy ? `to be deployed into slot ${slot}` : `still up in slot ${slot}`
  const what = rollout ? `abort the canary v${from} at ${rollout.percent} %, all traffic to` : `v${from} ->`
  return { from, to, slot, deploy, clear, joins, contested, moved, words: `${what} v${to} (${how})` }
}
