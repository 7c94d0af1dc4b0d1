import { canonicalJson } from '../../src/core/lineage/canonical.ts'
import type { LedgerEvent } from '../../src/core/lineage/events.ts'
import type { Entry, Facts } from './history.ts'
import { qualityOf } from './runs.ts'

/** A record that has just come to stand on the remote. */
export interface Written {
  readonly entry: Entry
  readonly before: Entry | null
  readonly facts: Facts
}

type Invariant = (written: Written) => string | null

const eventsOf = <K extends LedgerEvent['kind']>({ entry }: Written, kind: K): Extract<LedgerEvent, { kind: K }>[] =>
  entry.record.events.filter((event): event is Extract<LedgerEvent, { kind: K }> => event.kind === kind)

const shown = (version: number | null | undefined): string => (version === null || version === undefined ? 'nothing' : `v${version}`)

/** A4: the chain is linear, `seq` has no gap, `prev` is the digest of the record before. */
const chainHolds: Invariant = ({ entry, before }) => {
  const { seq, prev } = entry.record
  if (seq !== (before?.record.seq ?? 0) + 1) return `A4: seq ${seq} follows seq ${before?.record.seq ?? 0}`
  return prev === (before?.digest ?? null) ? null : `A4: the record at seq ${seq} does not name the one before it`
}

/** I2: no request is recorded twice. */
const requestIsNew: Invariant = ({ entry, facts }) =>
  facts.requests.has(entry.record.request)
    ? `I2: request ${entry.record.request} is recorded twice, again at seq ${entry.record.seq}`
    : null

/** I5: version numbers go up by one and are never given twice; the same bytes are one version. */
const versionsAreUnique: Invariant = written => {
  const { facts } = written
  for (const { version } of eventsOf(written, 'register')) {
    if (version.version !== facts.versions.size + 1)
      return `I5: v${version.version} is registered where ${facts.versions.size} versions are known`
    for (const { version: other } of facts.versions.values())
      if (other.digest === version.digest) return `I5: v${other.version} and v${version.version} are the same bytes`
  }
  return null
}

/** I6: what an event says it moved from is what stood there. */
const fromMatches: Invariant = written => {
  const { facts } = written
  for (const event of eventsOf(written, 'alias')) {
    const at = facts.aliases.get(event.alias) ?? null
    if (at !== event.from) return `I6: alias ${event.alias} was moved from ${shown(event.from)} but stood at ${shown(at)}`
  }
  for (const event of eventsOf(written, 'rollout-start'))
    if (event.from !== facts.live) return `I6: a rollout began from ${shown(event.from)} while ${shown(facts.live)} was live`
  for (const { from } of eventsOf(written, 'rollback-intent'))
    if (![facts.live, facts.rollout?.version, facts.move?.from].includes(from))
      return `I6: a rollback left ${shown(from)}, which was neither live nor rolled out`
  return null
}

/** I7: nothing is registered that failed its gate, and nobody becomes champion but who passed and is better than the one before, or by going back. */
const gatePassed: Invariant = written => {
  const { facts, entry } = written
  for (const event of eventsOf(written, 'register'))
    if (event.verdict !== 'pass' && event.override === null)
      return `I7: v${event.version.version} is registered with the verdict ${event.verdict}`
  for (const { alias, from, to } of eventsOf(written, 'alias')) {
    if (alias !== 'champion' || entry.record.events.some(event => event.kind === 'rollback-confirm')) continue
    const registration = facts.versions.get(to)
    if (registration === undefined || registration.verdict !== 'pass') return `I7: v${to} became champion without a passing gate`
    const before = from === null ? undefined : facts.versions.get(from)
    if (before !== undefined && qualityOf(registration.version.digest) <= qualityOf(before.version.digest))
      return `I7: v${to} replaced the champion v${from}, which is better (v${to} was judged against ${shown(registration.champion)})`
  }
  return null
}

/** I7 for traffic: a rollout is promoted only on proof, unless nobody was there to be compared with. */
const promotionIsProven: Invariant = written => {
  const { facts } = written
  for (const { decision } of eventsOf(written, 'rollout-end'))
    if (decision === 'promoted' && facts.rollout !== null && facts.rollout.from !== null && !facts.evidence.startsWith('promote'))
      return `I7: v${facts.rollout.version} was promoted on the evidence "${facts.evidence}"`
  return null
}

/** Nothing quarantined goes live again. */
const quarantineHolds: Invariant = written => {
  const { facts } = written
  const starts = [
    ...eventsOf(written, 'rollout-start').map(event => event.version),
    ...eventsOf(written, 'rollback-intent').map(event => event.to),
  ]
  const bad = starts.find(version => facts.quarantined.has(version))
  return bad === undefined ? null : `A2: v${bad} is quarantined and was to go live`
}

/** I11: state.json is the fold of all records. */
const stateIsFold: Invariant = ({ entry }) => {
  if (entry.state === null) return `I11: the record at seq ${entry.record.seq} cannot follow: ${entry.refusal}`
  return canonicalJson(entry.state) === entry.stateText ? null : `I11: state.json at seq ${entry.record.seq} is not the fold of its records`
}

/** What must hold of every record in the moment it is written. */
export const ledgerInvariants: readonly Invariant[] = [
  chainHolds,
  requestIsNew,
  versionsAreUnique,
  fromMatches,
  gatePassed,
  promotionIsProven,
  quarantineHolds,
  stateIsFold,
]
