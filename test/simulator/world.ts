import type { Configuration } from '../../src/core/configuration/schema.ts'
import { canonicalJson } from '../../src/core/lineage/canonical.ts'
import type { Appended } from '../../src/ports/ledger.ts'
import { type GitHost, gitHost, type StoredCommit } from './git.ts'
import { GitHub } from './github.ts'
import { type Entry, entryOf, type Facts, learn, noFacts } from './history.ts'
import { ledgerInvariants } from './ledger-invariants.ts'
import { publishedWhole, registeredIsPublished } from './release-invariants.ts'
import { model } from './runs.ts'
import { TrafficTarget } from './target.ts'
import { deployedAside, seqNeverDecreases, trafficWasDecided } from './traffic-invariants.ts'

interface Acknowledged {
  readonly process: string
  readonly request: string
  readonly seq: number
  readonly events: string
}

const refOf = (log: 'decisions' | 'runs'): string => `refs/refline/models/${model}/${log}`

/** Everything outside of the processes, and the watch over it: each write is checked in the moment it happens. */
export class World {
  readonly git: GitHost
  readonly github: GitHub
  readonly target: TrafficTarget
  readonly configuration: Configuration
  readonly violations: string[] = []
  entries: Entry[]
  facts: Facts
  readonly acknowledgements: Acknowledged[] = []
  readonly loggedKeys: string[] = []
  private highest = 0
  private told: number | null = null

  constructor(configuration: Configuration, began: number, from?: World, badness?: ReadonlyMap<number, number>) {
    this.configuration = configuration
    this.git = gitHost(from?.git)
    this.github = new GitHub(from?.github)
    this.target = new TrafficTarget(began, from?.target, badness)
    this.entries = [...(from?.entries ?? [])]
    this.facts = from?.facts ?? noFacts
    this.told = this.target.seq
    this.github.onPublished = release => this.found(publishedWhole(release))
    this.target.onDeployed = (slot, version, before) => this.found(deployedAside(this.target, slot, version, before))
    this.target.onApplied = applied => {
      this.found(seqNeverDecreases(this.told, applied))
      this.found(trafficWasDecided(this.entries, this.facts, this.target, applied))
      this.told = applied.seq
    }
  }

  found(violation: string | null) {
    if (violation !== null) this.violations.push(violation)
  }

  readonly moved = (ref: string, before: string | null, after: string): void => {
    const fresh: StoredCommit[] = []
    for (let id: string | null = after; id !== before; ) {
      const commit: StoredCommit | undefined = id === null ? undefined : this.git.commits.get(id)
      if (commit === undefined) {
        this.found(`A4: ${ref} was moved to a commit that does not follow the one before: what stood there is lost`)
        return
      }
      fresh.unshift(commit)
      id = commit.parent
    }
    if (ref === refOf('decisions')) for (const commit of fresh) this.written(commit)
  }

  private written(commit: StoredCommit) {
    const before = this.entries.at(-1) ?? null
    const entry = entryOf(commit, before)
    const written = { entry, before, facts: this.facts }
    for (const invariant of ledgerInvariants) this.found(invariant(written))
    for (const event of entry.record.events) {
      if (event.kind === 'register') this.found(registeredIsPublished(this.github, event))
      this.facts = learn(this.facts, event)
    }
    this.facts = { ...this.facts, requests: new Set([...this.facts.requests, entry.record.request]) }
    this.entries.push(entry)
  }

  acknowledgedSeq(): number {
    return this.highest
  }

  /** A read answered; everything that was acknowledged before it began must be in it. */
  sawState(process: string, before: number, seq: number) {
    if (seq < before) this.found(`I3: ${process} read seq ${seq} although seq ${before} had been acknowledged before`)
  }

  /** An append was acknowledged. */
  acknowledged(process: string, request: string, before: number, { outcome, seq, events }: Appended) {
    if (outcome === 'nothing') return this.sawState(process, before, seq)
    if (outcome === 'appended' && seq <= before)
      this.found(`I3: ${process} appended ${request} at seq ${seq}, before seq ${before}, which had been acknowledged earlier`)
    this.acknowledgements.push({ process, request, seq, events: canonicalJson(events) })
    this.highest = Math.max(this.highest, seq)
    this.found(this.isThere(this.acknowledgements.at(-1) as Acknowledged))
  }

  logged(key: string) {
    this.loggedKeys.push(key)
  }

  /** I3: what was acknowledged stands in the ledger, at its seq, with its events. */
  isThere({ process, request, seq, events }: Acknowledged): string | null {
    const record = this.entries[seq - 1]?.record
    return record?.request === request && canonicalJson(record.events) === events
      ? null
      : `I3: ${process} was told that ${request} stands at seq ${seq}, where ${record?.request ?? 'nothing'} stands`
  }

  /** The keys of the log of runs, newest first. */
  logLines(): string[] {
    const keys: string[] = []
    for (let id = this.git.refs.get(refOf('runs')) ?? null; id !== null; ) {
      const commit = this.git.commits.get(id)
      if (commit === undefined) return keys
      const { lines } = JSON.parse(commit.files['record.json'] ?? '{}') as { lines: readonly { readonly key: string }[] }
      keys.push(...lines.map(({ key }) => key))
      id = commit.parent
    }
    return keys
  }
}
