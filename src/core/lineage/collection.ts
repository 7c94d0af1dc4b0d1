import { versionsOf } from './audit/versions.ts'
import type { EventOf, LedgerRecord, LedgerState } from './events.ts'
import { neededFor } from './keeping.ts'
import { isCollected } from './preconditions.ts'

/** Which versions nobody needs any more. */
export interface CollectionRules {
  /** Younger versions stay. */
  readonly olderThanDays: number
  /** So many of the newest versions stay, whatever their age. */
  readonly keep: number
}

/** What happens to the files of the versions of a model, each version in one of these. */
export interface CollectionPlan {
  /** Are marked for deletion now. */
  readonly marks: readonly EventOf<'tombstone'>[]
  /** Were marked 30 days ago and are deleted now. */
  readonly deletions: readonly EventOf<'collected'>[]
  /** Are marked, and their days are not over. */
  readonly waiting: readonly { readonly version: number; readonly days: number }[]
  readonly staying: readonly { readonly version: number; readonly why: string }[]
}

/** As many as a state has room for; the others are marked when these are gone. */
const mostMarked = 500

const dayOf = (at: string): number => Math.floor(Date.parse(at) / 86_400_000)

/**
 * Plans which files are given up. `day` is today since 1970, by which ages are told. Never anything that is live, was live last, carries an alias, takes part in a
 * rollout or rollback, is pinned or is the newest; nor files that another version shares.
 */
export const planCollection = (
  records: readonly LedgerRecord[],
  state: LedgerState,
  { olderThanDays, keep }: CollectionRules,
  day: number,
): CollectionPlan => {
  const versions = [...versionsOf(records).values()].filter(({ event }) => !isCollected(state, event.version.version))
  const sharing = new Map<string, number[]>()
  for (const { event } of versions) sharing.set(event.version.tag, [...(sharing.get(event.version.tag) ?? []), event.version.version])
  const marks: EventOf<'tombstone'>[] = []
  const deletions: EventOf<'collected'>[] = []
  const waiting: { version: number; days: number }[] = []
  const staying: { version: number; why: string }[] = []
  const room = mostMarked - Object.keys(state.tombstones ?? {}).length
  for (const { at, event } of versions) {
    const { version, tag } = event.version
    const age = day - dayOf(at)
    const other = sharing.get(tag)?.find(one => one !== version)
    const needed = neededFor(state, version) ?? (other === undefined ? null : `v${other} has the same files`)
    const due = state.tombstones?.[String(version)]
    if (needed !== null) staying.push({ version, why: needed })
    else if (due !== undefined && day >= due) deletions.push({ kind: 'collected', version, tag })
    else if (due !== undefined) waiting.push({ version, days: due - day })
    else if (version > state.versions - keep) staying.push({ version, why: `it is among the newest ${keep}` })
    else if (age < olderThanDays) staying.push({ version, why: `it is ${age} days old` })
    else if (marks.length >= room) staying.push({ version, why: `${mostMarked} versions are marked already` })
    else
      marks.push({
        kind: 'tombstone',
        version,
        reason: `nothing needs it, it is ${age} days old (limit ${olderThanDays}) and not among the newest ${keep}`,
      })
  }
  return { marks, deletions, waiting, staying }
}

/** Of planned events those that this state still allows: a version may have come into use since. `day` is today since 1970. */
export const stillPossible = <E extends EventOf<'tombstone'> | EventOf<'collected'>>(
  events: readonly E[],
  state: LedgerState,
  day: number,
): readonly E[] =>
  events.filter(({ kind, version }) => {
    if (isCollected(state, version) || neededFor(state, version) !== null) return false
    const due = state.tombstones?.[String(version)]
    return kind === 'tombstone' ? due === undefined : due !== undefined && day >= due
  })
