import type { LedgerState } from '../events.ts'
import { type AuditedChain, auditChain, type Link, type ReadLedger, type Signing } from './chain.ts'
import type { Finding } from './finding.ts'
import { auditReleases, type ReadReleases } from './releases.ts'
import { type AuditedVersion, versionsOf } from './versions.ts'
import { auditWitnesses, type Witness } from './witnesses.ts'
import { auditWriters, type ReadWorkflowRun } from './writers.ts'

/** Everything that was read for a verification. */
export interface ReadAll {
  readonly ledger: ReadLedger
  readonly witnesses: readonly Witness[]
  /** Null where the releases could not be asked for: there is no store or no token. */
  readonly releases: ReadReleases | null
  /** Workflow runs by id, where they were asked for; `now` in milliseconds since 1970. */
  readonly workflowRuns: { readonly runs: ReadonlyMap<string, ReadWorkflowRun | null>; readonly now: number } | null
}

/** The answer of a verification. */
export interface Audit {
  readonly model: string
  readonly events: number
  readonly versions: ReadonlyMap<number, AuditedVersion>
  /** Witnesses that sit on a commit of the ledger. */
  readonly witnesses: number
  /** Releases that were held against the ledger; null where none could be read. */
  readonly releases: number | null
  /** Workflow runs that were held against records; null where nobody asked. */
  readonly workflowRuns: number | null
  /** Versions some of whose assets have no digest by the store's word and were not downloaded. */
  readonly unproven: readonly number[]
  readonly links: readonly Link[]
  /** What follows from all records; null where they cannot be folded. */
  readonly state: LedgerState | null
  /** Errors first, each sort by seq. */
  readonly findings: readonly Finding[]
}

const order = (a: Finding, b: Finding): number =>
  Number(a.severity === 'warning') - Number(b.severity === 'warning') ||
  (a.seq ?? Number.MAX_SAFE_INTEGER) - (b.seq ?? Number.MAX_SAFE_INTEGER)

/** A ledger that is not there although releases say that it was. */
const goneFindings = (chain: AuditedChain, read: ReadAll): readonly Finding[] => {
  const { model, tip } = read.ledger
  const titled = (read.releases?.releases ?? []).filter(({ draft, title }) => !draft && /^\S+ v\d+$/.test(title))
  const [first] = titled
  if (tip !== null || chain.commits.length > 0 || first === undefined) return []
  return [
    {
      kind: 'gone',
      severity: 'error',
      sentence: `The ledger of ${model} is gone: its ref does not exist, and ${titled.length === 1 ? 'a release is a version' : `${titled.length} releases are versions`} of it (${first.tag} is ${first.title})`,
      seq: 1,
      since: null,
      subject: 'ledger',
    },
  ]
}

/** Verifies a ledger, its witnesses, its releases and its writers from what was read of them. Pure; it throws for nothing that it finds. */
export const audit = (read: ReadAll, signing: Signing): Audit => {
  const { ledger, witnesses, releases, workflowRuns } = read
  const chain = auditChain(ledger, signing)
  const versions = versionsOf(chain.links.map(({ record }) => record))
  const seen = auditWitnesses(ledger.model, chain, versions, witnesses)
  const stored = releases === null ? { findings: [], unproven: [] } : auditReleases(ledger.model, versions, releases)
  const writers = workflowRuns === null ? [] : auditWriters(chain.links, workflowRuns.runs, workflowRuns.now)
  const gone = seen.findings.some(({ kind }) => kind === 'gone') ? [] : goneFindings(chain, read)
  return {
    model: ledger.model,
    events: chain.links.length,
    versions,
    witnesses: seen.agreeing,
    releases: releases === null ? null : releases.releases.filter(({ draft }) => !draft).length,
    workflowRuns: workflowRuns === null ? null : workflowRuns.runs.size,
    unproven: stored.unproven,
    links: chain.links,
    state: chain.state,
    findings: [...chain.findings, ...gone, ...seen.findings, ...stored.findings, ...writers].sort(order),
  }
}
