import { canonicalJson, digest } from '../../src/core/lineage/canonical.ts'
import { type LedgerEvent, type LedgerRecord, type LedgerState, ledgerRecord, type Writer } from '../../src/core/lineage/events.ts'
import { emptyState, fold } from '../../src/core/lineage/fold.ts'
import { requestPrefix } from '../../src/core/lineage/keys.ts'
import { ledgerState } from '../../src/core/lineage/state.ts'
import type { DecisionRequest, Ledger, Proposal, RunLine } from '../../src/ports/ledger.ts'

/** What a test may ask of the ledger in memory besides the port. */
export interface MemoryLedger extends Ledger {
  /** First lines of the commits, oldest first. */
  readonly subjects: readonly string[]
  /** Evidence blobs by digest. */
  readonly evidence: ReadonlyMap<string, string>
  /** The writer of the records that follow. */
  writeAs(writer: Partial<Writer>): void
  /** Called before and after a record is stored; what it throws is a crash at that place. */
  interrupt(at: ((moment: 'before' | 'after', events: readonly LedgerEvent[]) => void) | null): void
}

/** The Ledger port over the real fold, in memory: records and states are validated and copied as JSON, as the real one does. */
export const memoryLedger = (initial: Partial<Writer> = {}): MemoryLedger => {
  const models = new Map<string, { state: LedgerState; records: LedgerRecord[] }>()
  const subjects: string[] = []
  const evidence = new Map<string, string>()
  const logged = new Map<string, RunLine>()
  let writer: Writer = {
    at: '2026-11-20T12:00:00.000Z',
    actor: 'ada',
    workflow_run: '100',
    workflow: 'model-release.yml',
    commit: null,
    ...initial,
  }
  let crash: ((moment: 'before' | 'after', events: readonly LedgerEvent[]) => void) | null = null

  const of = (model: string) => {
    const known = models.get(model) ?? { state: emptyState(model), records: [] }
    models.set(model, known)
    return known
  }

  return {
    subjects,
    evidence,
    evidenceOf: async () => evidence,
    writeAs: change => {
      writer = { ...writer, ...change }
    },
    interrupt: at => {
      crash = at
    },
    read: async model => structuredClone(of(model).state),
    append: async (model: string, request: DecisionRequest, decide: (head: LedgerState) => Proposal | Promise<Proposal>) => {
      const ledger = of(model)
      const known = ledger.state.requests.find(([prefix]) => prefix === requestPrefix(request.id))
      if (known) {
        const record = ledger.records.find(({ seq }) => seq === known[1])
        return { outcome: 'existing', seq: known[1], events: structuredClone(record?.events ?? []), state: structuredClone(ledger.state) }
      }
      const proposal = await decide(structuredClone(ledger.state))
      if (proposal.events.length === 0)
        return { outcome: 'nothing', seq: ledger.state.seq, events: [], state: structuredClone(ledger.state) }
      const record = ledgerRecord.parse(
        JSON.parse(
          canonicalJson({
            schema: 2,
            release: '0.2.0',
            model,
            seq: ledger.state.seq + 1,
            prev: ledger.state.head,
            request: request.id,
            writer,
            events: proposal.events,
          }),
        ),
      )
      const next = ledgerState.parse(JSON.parse(canonicalJson(fold(ledger.state, record, digest(canonicalJson(record))))))
      crash?.('before', record.events)
      ledger.state = next
      ledger.records.push(record)
      subjects.push(typeof request.subject === 'string' ? request.subject : request.subject(record.events))
      if (proposal.evidence !== undefined) evidence.set(digest(proposal.evidence), proposal.evidence)
      crash?.('after', record.events)
      return { outcome: 'appended', seq: record.seq, events: structuredClone(record.events), state: structuredClone(next) }
    },
    records: async model => structuredClone(of(model).records),
    head: async model => {
      const { head } = of(model).state
      return head === null ? null : head.slice(0, 40)
    },
    log: async (_model, lines) => {
      const missing = lines.filter(({ key }) => !logged.has(key))
      for (const line of missing) logged.set(line.key, line)
      return missing.length
    },
    runs: async (_model, last) =>
      [...logged.values()]
        .reverse()
        .slice(0, last)
        .map(line => ({ ...line, at: writer.at, writer: { actor: null, workflow_run: null, workflow: null, commit: null } })),
  }
}
