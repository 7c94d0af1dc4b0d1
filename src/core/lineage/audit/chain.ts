import { digest } from '../canonical.ts'
import type { LedgerRecord, LedgerState } from '../events.ts'
import { emptyState, fold } from '../fold.ts'
import { parseCommit, parseSignature } from './commit.ts'
import { type Finding, type FindingKind, short } from './finding.ts'
import { type ReadRecord, readRecord } from './record-text.ts'
import { stateProblem } from './state-text.ts'

/** One commit of a ledger as it was read. */
export interface ReadCommit {
  readonly id: string
  readonly parents: readonly string[]
  /** The commit object. */
  readonly text: string | null
  readonly record: string | null
  /** evidence.json, read where the record names evidence. */
  readonly evidence: string | null
}

/** The ref of a model's decisions and all that can be reached from it, in any order. */
export interface ReadLedger {
  readonly model: string
  /** The newest commit; null where the remote was read and has no such ref. */
  readonly tip: string | null
  readonly commits: readonly ReadCommit[]
  /** state.json of the newest commit. */
  readonly state: string | null
}

/** How Refline writes a commit: whose name it carries and what its message is. */
export interface Signing {
  readonly identity: string
  readonly message: (subject: string, record: LedgerRecord) => string
}

/** One link of the chain whose record can be read. */
export interface Link {
  readonly commit: string
  readonly record: LedgerRecord
  readonly digest: string
}

/** A chain as far as it can be read. */
export interface AuditedChain {
  /** Along first parents, oldest first; commits without a readable record are left out. */
  readonly links: readonly Link[]
  /** All commits along first parents, oldest first. */
  readonly commits: readonly string[]
  /** What follows from all records; null where one of them cannot follow. */
  readonly state: LedgerState | null
  readonly findings: readonly Finding[]
}

/** Clocks of runners may differ by this much, in milliseconds. */
const clockDrift = 3_600_000
/** A commit is made right after its record. */
const mostSecondsLater = 120

const onFirstParents = (ledger: ReadLedger): readonly ReadCommit[] => {
  const known = new Map(ledger.commits.map(commit => [commit.id, commit]))
  const chain: ReadCommit[] = []
  for (let commit = known.get(ledger.tip ?? ''); commit !== undefined; commit = known.get(commit.parents[0] ?? '')) {
    known.delete(commit.id)
    chain.push(commit)
  }
  return chain.reverse()
}

/** What is wrong with a commit object that should be the one of a record, as a clause. */
const signatureProblem = ({ text }: ReadCommit, record: LedgerRecord, signing: Signing): string | null => {
  const { author, committer, message, extra } = parseCommit(text ?? '')
  const by = parseSignature(author)
  if (by.identity !== signing.identity) return `was written by ${JSON.stringify(by.identity.slice(0, 100))} and not by Refline`
  if (committer !== author)
    return `was committed by ${JSON.stringify(committer.slice(0, 100))} and not by its author: it was made anew after it was written`
  const written = Math.floor(Date.parse(record.writer.at) / 1000)
  if (by.zone !== '+0000' || !(by.seconds >= written - 1 && by.seconds <= written + mostSecondsLater))
    return `is dated ${dateOf(by.seconds)}, its record ${record.writer.at}: it was made anew after it was written`
  const subject = message.split('\n', 1)[0] ?? ''
  if (message !== signing.message(subject, record))
    return 'has a message whose trailers are not those of its record: the message was edited, or Refline did not write it'
  return extra.length === 0 ? null : `has the header ${extra[0]}, which Refline does not write`
}

const dateOf = (seconds: number): string => {
  const milliseconds = seconds * 1000
  return milliseconds >= 0 && milliseconds < 253_402_300_800_000 ? new Date(milliseconds).toISOString() : 'outside of any calendar'
}

const evidenceProblem = (commit: ReadCommit, record: LedgerRecord): string | null => {
  for (const event of record.events) {
    if (event.kind !== 'evidence' || event.evidence === null) continue
    if (commit.evidence === null) return 'names evidence that is missing'
    if (digest(commit.evidence) !== event.evidence) return 'has evidence that was changed after it was judged'
  }
  return null
}

/** Checks all commits and records of a ledger one by one and in their order. Never throws for what it finds. */
export const auditChain = (ledger: ReadLedger, signing: Signing): AuditedChain => {
  const { model } = ledger
  const findings: Finding[] = []
  const links: Link[] = []
  const chain = onFirstParents(ledger)
  const requests = new Map<string, Link>()
  const digests = new Map<string, number>()
  const reads = chain.map(({ record }) => readRecord(model, record))
  const present = new Set(reads.flatMap(read => ('record' in read ? [read.record.seq] : [])))
  let state: LedgerState | null = emptyState(model)
  let reordered = false
  let latest = 0

  const note = (
    kind: FindingKind,
    commit: ReadCommit,
    record: LedgerRecord | null,
    words: string,
    severity: Finding['severity'] = 'error',
  ) => {
    const seq = record?.seq ?? null
    const name = seq === null ? `commit ${short(commit.id)}` : `seq ${seq} (commit ${short(commit.id)}, ${record?.writer.at})`
    findings.push({
      kind,
      severity,
      sentence: `${name} ${words}`,
      seq,
      since: record?.writer.at ?? null,
      subject: seq === null ? `commit ${short(commit.id)}` : `seq ${seq}`,
    })
  }

  /** Whether the record follows the one before it; says what is wrong where it does not. */
  const follows = (commit: ReadCommit, record: LedgerRecord, text: string): boolean => {
    const before = links.at(-1)
    const expected = (before?.record.seq ?? 0) + 1
    const { seq, prev } = record
    const earlier = digests.get(digest(text))
    if (earlier !== undefined) {
      note('replayed', commit, record, `is the record of seq ${earlier} a second time, after seq ${expected - 1}: it was replayed`)
      return false
    }
    if (seq === 1 && before !== undefined) {
      note('rewritten', commit, record, `begins the ledger a second time, after seq ${expected - 1}: there can be only one first event`)
      return false
    }
    if (seq !== expected) {
      if (present.has(expected) && !reordered) {
        reordered = true
        note('reordered', commit, record, `stands where seq ${expected} is expected, which stands elsewhere: events were reordered`)
      } else if (!present.has(expected) && seq > expected) {
        const missing = seq - expected === 1 ? `seq ${expected} is` : `seq ${expected} to ${seq - 1} are`
        note(
          'dropped',
          commit,
          record,
          `follows ${expected === 1 ? 'nothing' : `seq ${expected - 1}`}: ${missing} missing, dropped after they were written`,
        )
      } else if (!reordered) note('reordered', commit, record, `stands after seq ${expected - 1}: the numbers of events go up by one`)
      return false
    }
    if (prev === (before?.digest ?? null)) return true
    note(
      'edited',
      commit,
      record,
      before === undefined
        ? `names a record before it (${short(prev ?? '')}), and there is none: what came before was cut off`
        : `was written after another seq ${before.record.seq} than the one that stands there (${prev === null ? 'none' : short(prev)}, found ${short(before.digest)}): seq ${before.record.seq} was edited or replaced`,
    )
    return false
  }

  for (const [index, commit] of chain.entries()) {
    const read = reads[index] as ReadRecord
    const record = 'record' in read ? read.record : null
    if (commit.parents.length > 1)
      note(
        'forged',
        commit,
        record,
        `has ${commit.parents.length} parents: other history was merged into the ledger, and Refline writes one commit after another`,
      )
    if (index === 0 && commit.parents.length > 0)
      note('rewritten', commit, record, 'has a parent that is not there: the beginning of the ledger was cut off')
    if (!('record' in read)) {
      note(read.kind, commit, null, `${read.problem}${index === 0 ? '' : `; it stands after seq ${links.at(-1)?.record.seq ?? 0}`}`)
      state = null
      continue
    }
    const text = commit.record as string
    const link: Link = { commit: commit.id, record: read.record, digest: digest(text) }
    const signature = signatureProblem(commit, link.record, signing)
    if (signature !== null) note('forged', commit, record, signature)
    const evidence = evidenceProblem(commit, link.record)
    if (evidence !== null) note('edited', commit, record, evidence)
    const inPlace = follows(commit, link.record, text)
    const known = requests.get(link.record.request)
    if (inPlace && known !== undefined)
      note('replayed', commit, record, `was asked for by ${link.record.request}, as seq ${known.record.seq} was: an event was replayed`)
    if (!inPlace) state = null
    if (state !== null) {
      try {
        state = fold(state, link.record, link.digest)
      } catch (error) {
        state = null
        const why = (error instanceof Error ? error.message : String(error)).replace(/^This does not .*? at seq \d+: |\.$/g, '')
        if (known === undefined) note('refused', commit, record, `does not follow from the events before it: ${why}`)
      }
    }
    const at = Date.parse(link.record.writer.at)
    if (at < latest - clockDrift)
      note('clock', commit, record, `is dated ${Math.round((latest - at) / 3_600_000)} h before an event that stands before it`, 'warning')
    latest = Math.max(latest, at)
    requests.set(link.record.request, known ?? link)
    digests.set(link.digest, link.record.seq)
    links.push(link)
  }

  const last = links.at(-1)
  const problem = state === null || last === undefined ? null : stateProblem(state, ledger.state)
  if (problem !== null && last !== undefined)
    findings.push({
      kind: 'edited',
      severity: 'error',
      sentence: `state.json at seq ${last.record.seq} (commit ${short(last.commit)}, ${last.record.writer.at}) ${problem}`,
      seq: last.record.seq,
      since: last.record.writer.at,
      subject: 'state.json',
    })
  return { links, commits: chain.map(({ id }) => id), state: last === undefined ? null : state, findings }
}
