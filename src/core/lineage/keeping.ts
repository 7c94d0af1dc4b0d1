import { UserError } from '../errors.ts'
import type { EventOf, LedgerState } from './events.ts'
import { assertRegistered, isCollected, previousLive } from './preconditions.ts'
import { withVersion } from './version-set.ts'

// Which files are kept. Deleting them takes two decisions that lie 30 days apart: `tombstone`, then `collected`, and between the two any use lifts the first.

/** Days between a tombstone and the deletion of the files. */
export const tombstoneDays = 30

const shortReason = 160
const mostMarked = 500

const shortened = (text: string): string => (text.length <= shortReason ? text : `${text.slice(0, shortReason - 1).toWellFormed()}…`)

/** Why the files of a version must stay, in words, or null: it is live or was live last, is rolled out or rolled back to, carries an alias, is pinned, or is the newest. */
export const neededFor = (state: LedgerState, version: number): string | null => {
  const alias = Object.entries(state.aliases).find(([, at]) => at === version)?.[0]
  if (alias !== undefined) return `it is ${alias}`
  for (const [name, { live, history, rollout, move }] of Object.entries(state.environments)) {
    if (live?.version === version) return `it is live in ${name}`
    if (history[0]?.version === version || previousLive(state, name)?.version === version) return `${name} would be rolled back to it`
    if (rollout !== null && (rollout.version === version || rollout.from === version)) return `it takes part in a rollout in ${name}`
    if (move !== null && (move.from === version || move.to === version)) return `it takes part in a rollback in ${name}`
  }
  if (Object.hasOwn(state.pins ?? {}, String(version))) return `it is pinned (${state.pins?.[String(version)]})`
  return version === state.versions ? 'it is the newest version' : null
}

const refuse = (state: LedgerState, sentence: string): never => {
  throw new UserError(`This does not follow from the ledger of ${state.model} at seq ${state.seq}: ${sentence}.`)
}

const assertKept = (state: LedgerState, version: number): void => {
  assertRegistered(state, version)
  if (isCollected(state, version)) refuse(state, `the files of v${version} were deleted`)
}

const isMarked = (state: LedgerState, version: number): boolean => Object.hasOwn(state.tombstones ?? {}, String(version))

/** The state in which a version is not marked for deletion. */
export const withoutTombstone = (state: LedgerState, version: number): LedgerState => {
  if (!isMarked(state, version)) return state
  const { [String(version)]: _, ...tombstones } = state.tombstones ?? {}
  return { ...state, tombstones }
}

/** The state after a version is pinned; a tombstone of it is lifted. */
export const pinned = (state: LedgerState, event: EventOf<'pin'>): LedgerState => {
  assertKept(state, event.version)
  return { ...withoutTombstone(state, event.version), pins: { ...state.pins, [event.version]: shortened(event.reason) } }
}

/** The state after a pin is taken away. */
export const unpinned = (state: LedgerState, event: EventOf<'unpin'>): LedgerState => {
  if (!Object.hasOwn(state.pins ?? {}, String(event.version))) refuse(state, `v${event.version} is not pinned`)
  const { [String(event.version)]: _, ...pins } = state.pins ?? {}
  return { ...state, pins }
}

/** The state after a version is marked for deletion. `day` is that of the record, since 1970. */
export const tombstone = (state: LedgerState, event: EventOf<'tombstone'>, day: number): LedgerState => {
  const { version } = event
  assertKept(state, version)
  if (isMarked(state, version)) refuse(state, `v${version} is marked for deletion already`)
  if (Object.keys(state.tombstones ?? {}).length >= mostMarked)
    refuse(state, `${mostMarked} versions are marked already, delete those first`)
  const needed = neededFor(state, version)
  if (needed !== null) refuse(state, `the files of v${version} must stay: ${needed}`)
  return { ...state, tombstones: { ...state.tombstones, [version]: day + tombstoneDays } }
}

/** The state after the decision that the files of a marked version are deleted now. It stands in the ledger before anything is deleted. */
export const collected = (state: LedgerState, event: EventOf<'collected'>, day: number): LedgerState => {
  const { version } = event
  assertKept(state, version)
  const earliest = state.tombstones?.[String(version)]
  if (earliest === undefined) return refuse(state, `v${version} is not marked for deletion`)
  if (day < earliest) refuse(state, `the files of v${version} may be deleted in ${earliest - day} days at the earliest`)
  const needed = neededFor(state, version)
  if (needed !== null) refuse(state, `the files of v${version} must stay: ${needed}`)
  return { ...withoutTombstone(state, version), collected: withVersion(state.collected ?? '', version) }
}
