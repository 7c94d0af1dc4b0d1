import type { LedgerEvent, LedgerState, RolloutState } from '../../core/lineage/events.ts'
import { aliasOf, isQuarantined } from '../../core/lineage/preconditions.ts'
import type { Move } from '../../core/rollout/machine.ts'
import { duration } from '../../core/rollout/words.ts'
import type { TrafficContext } from '../traffic/moving.ts'

/** How a rollout ended. `quarantined`: the version may not go live again. */
export interface Ended {
  readonly decision: 'promoted' | 'rolled-back' | 'withdrawn'
  readonly reason: string
  readonly quarantined: boolean
}

/** A rollout that this runner leaves at its weight, for the watchdog to go on with. */
export interface Left {
  readonly decision: 'left'
  readonly reason: string
  readonly quarantined: false
}

/** An end that gives the traffic back. */
export type Return = Ended & { readonly decision: 'rolled-back' | 'withdrawn' }

type Policy = 'withdraw' | 'rollback'

/** Words as the ledger keeps them. */
export const text = (words: string): string => words.slice(0, 1900).toWellFormed()

/** The end that a policy of refline.yml stands for. */
export const returnBy = (policy: Policy, why: string): Return =>
  policy === 'rollback'
    ? { decision: 'rolled-back', reason: text(why), quarantined: true }
    : { decision: 'withdrawn', reason: text(why), quarantined: false }

const promotedFor = ({ from, bake, judgement }: RolloutState): string => {
  if (from === null) return 'first version: ready, nothing to compare with'
  return bake === undefined || bake === 0
    ? judgement.replace(/^promote: /, '')
    : `proven at every step, and no harm was seen in ${duration(bake)} with all traffic`
}

/** How a rollout ends whose traffic is where it ends: with everything it is promoted; else `wanted`, or what an earlier runner wanted and did not write down. */
export const endOf = (rollout: RolloutState, move: Extract<Move, { do: 'confirm' }> | null, wanted: Return | null): Ended => {
  if ((move?.percent ?? rollout.percent) === 100)
    return {
      decision: 'promoted',
      reason: promotedFor(rollout),
      quarantined: false,
    }
  return wanted ?? returnBy('withdraw', `its runner stopped while giving the traffic back (${rollout.judgement})`)
}

/** Alias and quarantine go with the end of a rollout: one record, so that none can be without the others. */
export const endingEvents = (rollout: RolloutState, head: LedgerState, context: TrafficContext, end: Ended): readonly LedgerEvent[] => {
  const at = { environment: context.environment, rollout: rollout.rollout }
  const events: LedgerEvent[] = [{ kind: 'rollout-end', ...at, decision: end.decision, reason: end.reason }]
  const champion = aliasOf(head, 'champion')
  if (end.decision === 'promoted' && context.ownsChampion && champion !== rollout.version)
    events.push({ kind: 'alias', alias: 'champion', from: champion, to: rollout.version })
  if (end.quarantined && !isQuarantined(head, rollout.version))
    events.push({ kind: 'quarantine', version: rollout.version, reason: end.reason })
  return events
}

/** The first line of the record that ends a rollout. */
export const endingSubject = (rollout: RolloutState, context: TrafficContext, end: Ended): string => {
  const version = `${context.model} v${rollout.version}`
  if (end.decision === 'promoted') return `promote ${version} in ${context.environment}: ${end.reason}`
  if (end.quarantined) return `quarantine ${version}: ${end.reason}`
  return `${end.decision === 'withdrawn' ? 'withdraw' : 'roll back'} ${version} from ${context.environment}: ${end.reason}`
}
