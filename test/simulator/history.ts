import { hash } from 'node:crypto'
import type { EventOf, LedgerEvent, LedgerRecord, LedgerState } from '../../src/core/lineage/events.ts'
import { emptyState, fold } from '../../src/core/lineage/fold.ts'
import type { StoredCommit } from './git.ts'
import { model } from './runs.ts'

/** One record of the ledger as it lies on the remote, with what our own sources (never a mutant's) fold from it and all before it. */
export interface Entry {
  readonly record: LedgerRecord
  readonly digest: string
  readonly stateText: string
  /** Null where the record cannot follow the one before it; then `refusal` says why. */
  readonly state: LedgerState | null
  readonly refusal: string
}

/** What a reader of the events alone, without our fold, knows: the simulator's own second opinion. */
export interface Facts {
  readonly versions: ReadonlyMap<number, EventOf<'register'>>
  readonly aliases: ReadonlyMap<string, number>
  readonly requests: ReadonlySet<string>
  readonly live: number | null
  readonly rollout: EventOf<'rollout-start'> | null
  readonly move: EventOf<'rollback-intent'> | null
  readonly everLive: ReadonlySet<number>
  readonly quarantined: ReadonlySet<number>
  /** The verdict in the newest evidence of the rollout under way. */
  readonly evidence: string
}

export const noFacts: Facts = {
  versions: new Map(),
  aliases: new Map(),
  requests: new Set(),
  live: null,
  rollout: null,
  move: null,
  everLive: new Set(),
  quarantined: new Set(),
  evidence: '',
}

const lives = (facts: Facts, version: number | undefined): Pick<Facts, 'live' | 'everLive'> =>
  version === undefined ? facts : { live: version, everLive: new Set([...facts.everLive, version]) }

/** The facts after one more event. */
export const learn = (facts: Facts, event: LedgerEvent): Facts => {
  switch (event.kind) {
    case 'register':
      return { ...facts, versions: new Map([...facts.versions, [event.version.version, event]]) }
    case 'alias':
      return { ...facts, aliases: new Map([...facts.aliases, [event.alias, event.to]]) }
    case 'rollout-start':
      return { ...facts, rollout: event, evidence: '' }
    case 'evidence':
      return { ...facts, evidence: event.judgement }
    case 'rollout-end':
      return { ...facts, ...(event.decision === 'promoted' ? lives(facts, facts.rollout?.version) : {}), rollout: null }
    case 'rollback-intent':
      return { ...facts, rollout: null, move: event }
    case 'rollback-confirm':
      return { ...facts, ...lives(facts, event.to), move: null }
    case 'quarantine':
      return { ...facts, quarantined: new Set([...facts.quarantined, event.version]) }
    default:
      return facts
  }
}

const decoded = new Map<string, Omit<Entry, 'stateText'>>()

/** Reads a commit of the ledger. Schedules have their beginnings in common, so what was read once is remembered. */
export const entryOf = (commit: StoredCommit, before: Entry | null): Entry => {
  const text = commit.files['record.json'] ?? ''
  const stateText = commit.files['state.json'] ?? ''
  const digest = hash('sha256', text)
  const key = `${before?.digest ?? ''} ${digest}`
  const found = decoded.get(key)
  if (found !== undefined) return { ...found, stateText }
  const record = JSON.parse(text) as LedgerRecord
  let made: Omit<Entry, 'stateText'>
  try {
    const state = fold(before === null ? emptyState(model) : (before.state ?? emptyState(model)), record, digest)
    made = { record, digest, state, refusal: '' }
  } catch (error) {
    made = { record, digest, state: null, refusal: (error as Error).message }
  }
  if (decoded.size > 5000) decoded.clear()
  decoded.set(key, made)
  return { ...made, stateText }
}
