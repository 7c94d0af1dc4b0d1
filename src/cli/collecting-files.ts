import { keptTags } from '../core/lineage/audit/releases.ts'
import { versionsOf } from '../core/lineage/audit/versions.ts'
import { type CollectionPlan, type CollectionRules, planCollection, stillPossible } from '../core/lineage/collection.ts'
import type { EventOf } from '../core/lineage/events.ts'
import { requestId } from '../core/lineage/keys.ts'
import type { Clock } from '../ports/clock.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { ModelStore } from '../ports/model-store.ts'

/** A record takes 50 events. */
const atOnce = 50
const dayLong = 86_400_000

export interface CollectionPorts {
  readonly ledger: Ledger
  /** Null where nothing is to be done. */
  readonly store: Pick<ModelStore, 'remove'> | null
  readonly clock: Pick<Clock, 'now'>
}

type Given = EventOf<'tombstone'> | EventOf<'collected'>

const chunks = <T>(list: readonly T[]): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(list.length / atOnce) }, (_, index) => list.slice(index * atOnce, (index + 1) * atOnce))

const named = (events: readonly Given[]): string => events.map(({ version }) => `v${version}`).join(', ')

/**
 * Plans which files of a model are given up and, with a `request`, does it: marks first; then what was marked 30 days ago is decided in the ledger and deleted from
 * the store, in this order, so that what was stopped in between can be finished by `refline repair`. Null where the model has no record. Safe to repeat.
 */
export const collectFiles = async (
  { model, rules, request }: { readonly model: string; readonly rules: CollectionRules; readonly request: string | null },
  { ledger, store, clock }: CollectionPorts,
): Promise<CollectionPlan | null> => {
  const [records, state] = [await ledger.records(model), await ledger.read(model)]
  if (records.length === 0) return null
  const today = (): number => Math.floor(clock.now() / dayLong)
  const plan = planCollection(records, state, rules, today())
  if (request === null || store === null) return plan
  const decide = async <E extends Given>(verb: string, events: readonly E[]): Promise<readonly E[]> => {
    const [first] = events
    if (first === undefined) return []
    const id = requestId(verb, null, `v${first.version}-${events.length}`, request)
    const subject = (made: readonly { readonly kind: string }[]): string => `${verb} ${model} ${named(made as readonly Given[])}`
    const appended = await ledger.append(model, { id, subject }, head => ({ events: stillPossible(events, head, today()) }))
    const done = new Set(appended.events.flatMap(event => ('version' in event && typeof event.version === 'number' ? [event.version] : [])))
    return events.filter(({ version }) => done.has(version))
  }
  const marks: EventOf<'tombstone'>[] = []
  for (const events of chunks(plan.marks)) marks.push(...(await decide('mark', events)))
  const deletions: EventOf<'collected'>[] = []
  for (const events of chunks(plan.deletions)) {
    const decided = await decide('give-up', events)
    // The same bytes may have become a new version in between, whose files these are then.
    const kept = decided.length === 0 ? new Set<string>() : keptTags(versionsOf(await ledger.records(model)))
    for (const { tag } of decided) if (!kept.has(tag)) await store.remove(tag)
    deletions.push(...decided)
  }
  return { ...plan, marks, deletions }
}
