import type { EventOf, LedgerRecord, VersionRecord } from '../events.ts'

/** When and by whom something was recorded. */
export interface Stamp {
  readonly seq: number
  /** As the record says it: ISO 8601 in UTC. */
  readonly at: string
  readonly actor: string | null
  readonly workflow_run: string | null
}

/** A time for which something held; `until` null: it still does. */
export interface Span {
  readonly since: Stamp
  readonly until: Stamp | null
}

/** A time that a version was live somewhere. */
export interface LiveSpan extends Span {
  readonly environment: string
  readonly slot: string
  readonly by: 'rollout' | 'rollback'
}

/** All that the ledger says of one version. */
export interface VersionFacts {
  /** With the image it was packaged into last. */
  readonly version: VersionRecord
  readonly event: EventOf<'register'>
  readonly registered: Stamp
  readonly live: readonly LiveSpan[]
  readonly champion: readonly Span[]
  readonly aliases: readonly string[]
  readonly quarantine: { readonly reason: string; readonly since: Stamp } | null
  readonly seenAgain: readonly { readonly run: string; readonly at: Stamp }[]
  /** What was decided about its files last; null where nothing was, and then they are kept. */
  readonly files: { readonly state: FilesState; readonly reason: string | null; readonly since: Stamp } | null
}

/** `pinned`: kept whatever happens; `marked`: may be deleted after 30 days; `deleted`: they are gone. */
export type FilesState = 'pinned' | 'marked' | 'deleted'

export interface RolloutFacts {
  readonly start: EventOf<'rollout-start'>
  readonly started: Stamp
  /** Confirmed weights, oldest first. */
  readonly weights: readonly { readonly percent: number; readonly at: Stamp }[]
  readonly looks: number
  readonly judgement: string | null
  readonly end: { readonly decision: EventOf<'rollout-end'>['decision'] | 'aborted'; readonly reason: string; readonly at: Stamp } | null
}

/** A model's ledger by what it is about instead of by when it was written. */
export interface Chronicle {
  readonly model: string
  readonly versions: ReadonlyMap<number, VersionFacts>
  readonly rollouts: readonly RolloutFacts[]
  readonly kept: readonly { readonly event: EventOf<'kept'>; readonly at: Stamp }[]
  readonly aliases: ReadonlyMap<string, number>
  readonly environments: readonly string[]
}

type Open<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer U)[] ? U[] : T[K] }

/** When and by whom a record was written. */
export const stampOf = ({ seq, writer }: LedgerRecord): Stamp => ({
  seq,
  at: writer.at,
  actor: writer.actor,
  workflow_run: writer.workflow_run,
})

/** Orders all records of a model by version, rollout and environment. The records must be those of one model, oldest first and verified. */
export const chronicleOf = (model: string, records: readonly LedgerRecord[]): Chronicle => {
  const versions = new Map<number, Open<VersionFacts>>()
  const rollouts: Open<RolloutFacts>[] = []
  const kept: { event: EventOf<'kept'>; at: Stamp }[] = []
  const aliases = new Map<string, number>()
  const environments = new Set<string>()
  const liveIn = new Map<string, number>()

  const decideFiles = (version: number, files: VersionFacts['files']): void => {
    const facts = versions.get(version)
    if (facts !== undefined) facts.files = files
  }
  /** Whatever uses a version again lifts the mark for deletion. */
  const use = (version: number): void => {
    if (versions.get(version)?.files?.state === 'marked') decideFiles(version, null)
  }
  const rollout = (event: { readonly environment: string; readonly rollout: string }): Open<RolloutFacts> | undefined =>
    rollouts.findLast(({ start }) => start.environment === event.environment && start.rollout === event.rollout)
  const goLive = (environment: string, version: number, slot: string, by: LiveSpan['by'], at: Stamp): void => {
    const before = versions.get(liveIn.get(environment) ?? 0)
    if (before !== undefined)
      before.live = before.live.map(span => (span.environment === environment && span.until === null ? { ...span, until: at } : span))
    versions.get(version)?.live.push({ environment, slot, by, since: at, until: null })
    liveIn.set(environment, version)
  }
  const moveAlias = ({ alias, from, to }: EventOf<'alias'>, at: Stamp): void => {
    aliases.set(alias, to)
    use(to)
    const before = from === null ? undefined : versions.get(from)
    if (before !== undefined) before.aliases = before.aliases.filter(name => name !== alias)
    const now = versions.get(to)
    if (now !== undefined && !now.aliases.includes(alias)) now.aliases.push(alias)
    if (alias !== 'champion') return
    if (before !== undefined) before.champion = before.champion.map(span => (span.until === null ? { ...span, until: at } : span))
    now?.champion.push({ since: at, until: null })
  }

  for (const record of records) {
    const at = stampOf(record)
    for (const event of record.events) {
      if ('environment' in event) environments.add(event.environment)
      switch (event.kind) {
        case 'register': {
          const { version } = event
          versions.set(version.version, {
            version,
            event,
            registered: at,
            live: [],
            champion: [],
            aliases: [],
            quarantine: null,
            seenAgain: [],
            files: null,
          })
          break
        }
        case 'kept':
          kept.push({ event, at })
          break
        case 'seen-again':
          versions.get(event.version)?.seenAgain.push({ run: event.run, at })
          break
        case 'alias':
          moveAlias(event, at)
          break
        case 'package': {
          const facts = versions.get(event.version)
          if (facts !== undefined) facts.version = { ...facts.version, image: event.image }
          break
        }
        case 'rollout-start':
          use(event.version)
          rollouts.push({ start: event, started: at, weights: [], looks: 0, judgement: null, end: null })
          break
        case 'weight-confirm':
          rollout(event)?.weights.push({ percent: event.percent, at })
          break
        case 'evidence': {
          const facts = rollout(event)
          if (facts === undefined) break
          facts.looks += 1
          facts.judgement = event.judgement
          break
        }
        case 'rollout-end': {
          const facts = rollout(event)
          if (facts === undefined) break
          facts.end = { decision: event.decision, reason: event.reason, at }
          if (event.decision === 'promoted') goLive(event.environment, facts.start.version, facts.start.canary, 'rollout', at)
          break
        }
        case 'rollback-intent': {
          use(event.to)
          // A rollback ends the rollout that is under way there; no event of its own says so.
          const running = rollouts.findLast(({ start, end }) => start.environment === event.environment && end === null)
          if (running !== undefined) running.end = { decision: 'aborted', reason: event.reason, at }
          break
        }
        case 'rollback-confirm':
          goLive(event.environment, event.to, event.slot, 'rollback', at)
          break
        case 'quarantine': {
          const facts = versions.get(event.version)
          if (facts !== undefined) facts.quarantine = { reason: event.reason, since: at }
          break
        }
        case 'release': {
          const facts = versions.get(event.version)
          if (facts !== undefined) facts.quarantine = null
          break
        }
        case 'heartbeat': {
          const facts = rollout(event)
          if (facts !== undefined) facts.judgement = event.judgement
          break
        }
        case 'pin':
          decideFiles(event.version, { state: 'pinned', reason: event.reason, since: at })
          break
        case 'unpin':
          decideFiles(event.version, null)
          break
        case 'tombstone':
          decideFiles(event.version, { state: 'marked', reason: event.reason, since: at })
          break
        case 'collected':
          decideFiles(event.version, { state: 'deleted', reason: null, since: at })
          break
        default:
      }
    }
  }
  return { model, versions, rollouts, kept, aliases, environments: [...environments].sort() }
}
