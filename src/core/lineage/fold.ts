import { canonicalJson } from './canonical.ts'
import type { EventOf, LedgerEvent, LedgerRecord, LedgerState } from './events.ts'
import { decidedBy, withHoldout } from './holdouts.ts'
import { collected, pinned, tombstone, unpinned, withoutTombstone } from './keeping.ts'
import { requestPrefix } from './keys.ts'
import { trimmed } from './limits.ts'
import { assertAliasAt, assertMayGoLive, assertRegistered, isQuarantined } from './preconditions.ts'
import {
  approve,
  evidence,
  left,
  refuse,
  rollbackConfirm,
  rollbackIntent,
  rolloutEnd,
  rolloutStart,
  taken,
  weightConfirm,
  weightIntent,
  withRollout,
} from './rollout-fold.ts'
import { withoutVersion } from './version-set.ts'

/** The state before the first record: `seq` 0 and nothing known. */
export const emptyState = (model: string): LedgerState => ({
  schema: 1,
  model,
  seq: 0,
  head: null,
  versions: 0,
  aliases: {},
  environments: {},
  records: {},
  quarantine: {},
  requests: [],
})

const register = (state: LedgerState, event: EventOf<'register'>): LedgerState => {
  const { version, record } = event
  if (version.version !== state.versions + 1) refuse(state, `the next version is ${state.versions + 1}, not ${version.version}`)
  if (record.model !== state.model || record.run !== version.run)
    refuse(state, `run ${record.run} of ${record.model} is not ${version.run}`)
  const counted = countedHoldout(state, event)
  return { ...counted, versions: version.version, records: { ...state.records, [version.version]: version } }
}

/** A register event without `decided` was written before holdouts were counted; counting it now would make another state than the one that stands there. */
const countedHoldout = (state: LedgerState, { version, decided }: EventOf<'register'>): LedgerState => {
  if (decided === undefined || version.holdout === null) return state
  const known = decidedBy(state, version.holdout)
  if (decided !== known) refuse(state, `the holdout of v${version.version} had decided ${known} times, not ${decided}`)
  return withHoldout(state, version.holdout)
}

const alias = (state: LedgerState, event: EventOf<'alias'>): LedgerState => {
  assertRegistered(state, event.to)
  assertAliasAt(state, event.alias, event.from)
  if (event.alias === 'champion') assertMayGoLive(state, event.to)
  return { ...withoutTombstone(state, event.to), aliases: { ...state.aliases, [event.alias]: event.to } }
}

const packaged = (state: LedgerState, event: EventOf<'package'>): LedgerState => {
  assertRegistered(state, event.version)
  const known = state.records[event.version]
  return known === undefined ? state : { ...state, records: { ...state.records, [event.version]: { ...known, image: event.image } } }
}

const released = (state: LedgerState, event: EventOf<'release'>): LedgerState => {
  assertRegistered(state, event.version)
  if (!isQuarantined(state, event.version)) refuse(state, `v${event.version} is not quarantined`)
  const { [String(event.version)]: _, ...quarantine } = state.quarantine
  const { quarantined, ...others } = state
  const rest = withoutVersion(quarantined ?? '', event.version)
  return { ...others, quarantine, ...(rest === '' ? {} : { quarantined: rest }) }
}

const apply = (state: LedgerState, event: LedgerEvent, day: number): LedgerState => {
  switch (event.kind) {
    case 'register':
      return register(state, event)
    case 'kept':
      return event.holdout === null ? state : withHoldout(state, event.holdout)
    case 'seen-again':
      assertRegistered(state, event.version)
      return state
    case 'alias':
      return alias(state, event)
    case 'package':
      return packaged(state, event)
    case 'rollout-start':
      return rolloutStart(state, event)
    case 'weight-intent':
      return weightIntent(state, event)
    case 'weight-confirm':
      return weightConfirm(state, event)
    case 'evidence':
      return evidence(state, event)
    case 'rollout-end':
      return rolloutEnd(state, event)
    case 'rollback-intent':
      return rollbackIntent(state, event)
    case 'rollback-confirm':
      return rollbackConfirm(state, event)
    case 'quarantine':
      assertRegistered(state, event.version)
      return { ...state, quarantine: { ...state.quarantine, [event.version]: event.reason } }
    case 'heartbeat':
      return withRollout(state, event, { heard: event.at, judgement: event.judgement })
    case 'rollout-taken':
      return taken(state, event)
    case 'rollout-left':
      return left(state, event)
    case 'approve':
      return approve(state, event)
    case 'release':
      return released(state, event)
    case 'pin':
      return pinned(state, event)
    case 'unpin':
      return unpinned(state, event)
    case 'tombstone':
      return tombstone(state, event, day)
    case 'collected':
      return collected(state, event, day)
  }
}

const tickKinds: ReadonlySet<LedgerEvent['kind']> = new Set(['evidence', 'weight-intent', 'weight-confirm', 'heartbeat'])

/** Whether a record only watches or moves a rollout: its request names the seq it was made at, so nobody asks for it a second time. */
const isTick = (record: LedgerRecord): boolean => record.schema === 2 && record.events.every(({ kind }) => tickKinds.has(kind))

/** Day since 1970 of a record, by which remembered requests age. */
const dayOf = (record: LedgerRecord): number => Math.floor(Date.parse(record.writer.at) / 86_400_000)

/**
 * The state after one more record. Pure: the same records give the same state, byte for byte, wherever they are folded and by whichever release: what a schema's
 * records make of a state never changes. `recordDigest` is the digest of record.json. Throws a UserError where the record cannot follow (wrong seq, model or
 * predecessor, an older schema, a request that is there already, an event that does not fit the state) and where the state would pass its limits; such a record is
 * never written.
 */
export const fold = (state: LedgerState, record: LedgerRecord, recordDigest: string): LedgerState => {
  if (record.model !== state.model) refuse(state, `the record belongs to ${record.model}`)
  if (record.seq !== state.seq + 1) refuse(state, `the record has seq ${record.seq}, expected ${state.seq + 1}`)
  if (record.prev !== state.head) refuse(state, `the record follows ${record.prev ?? 'nothing'}, expected ${state.head ?? 'nothing'}`)
  if (record.schema < state.schema) refuse(state, `the record has schema ${record.schema} after one of schema ${state.schema}`)
  const prefix = requestPrefix(record.request)
  if (rememberedAt(state, prefix) !== null) refuse(state, `request ${record.request} was recorded before`)
  const day = dayOf(record)
  const after = record.events.reduce((folded, event) => apply(folded, event, day), state)
  const next: LedgerState = { ...after, schema: record.schema, seq: record.seq, head: recordDigest }
  if (isTick(record)) return trimmed({ ...next, ticks: [...(next.ticks ?? []), [prefix, record.seq]] })
  return trimmed({ ...next, requests: [...next.requests, [prefix, record.seq, day]] })
}

/** The seq of the record that a request made, by the prefix of its id, as far as the state remembers it; else null. */
export const rememberedAt = (state: LedgerState, prefix: string): number | null =>
  (state.requests.find(([known]) => known === prefix) ?? state.ticks?.find(([known]) => known === prefix))?.[1] ?? null

/** Whether two states are the same to the last byte. */
export const sameState = (a: LedgerState, b: LedgerState): boolean => canonicalJson(a) === canonicalJson(b)
