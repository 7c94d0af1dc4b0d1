import { UserError } from '../../core/errors.ts'
import { digest } from '../../core/lineage/canonical.ts'
import type { LedgerRecord, LedgerState, Writer } from '../../core/lineage/events.ts'
import { emptyState, fold, rememberedAt } from '../../core/lineage/fold.ts'
import { requestPrefix } from '../../core/lineage/keys.ts'
import { modelName } from '../../core/lineage/run.ts'
import { encodeRecord, encodeState, newestSchema, verifyHead, verifyStep } from '../../core/lineage/verify.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Appended, DecisionRequest, Ledger, Proposal } from '../../ports/ledger.ts'
import { singleLine } from './command.ts'
import { compareAndSwap, type LoopSettings, readRef } from './compare-and-swap.ts'
import { recordBelow, type WholeHistory, wholeHistory } from './ledger-history.ts'
import { type Repository, temporaryRepository } from './repository.ts'
import { listRuns } from './run-archive.ts'
import { runLogWrite } from './run-log.ts'

export interface LedgerSettings {
  /** A path, `file://` or `http(s)://` without credentials, from `ledgerRemote`. */
  readonly remote: string
  /** Credentials for git, from `ledgerRemote`. */
  readonly environment: Readonly<Record<string, string>>
  readonly writer: Omit<Writer, 'at'>
  /** The release of Refline that writes, such as 0.2.0. */
  readonly release: string
  readonly clock: Clock
  /** Uniform in [0, 1), for waiting only. */
  readonly random: () => number
  /** How long one write may take; 300 by default. */
  readonly deadlineSeconds?: number
  /** `refs/refline` by default; below `refs/heads/` rulesets can protect it. */
  readonly namespace?: string
  /** Where temporary repositories are made. */
  readonly temp?: string
  /** Whether this workflow run was tried before: a request that the state has no room to remember is then looked for in all records. */
  readonly again?: boolean
  /** Opens the repository to work through; a temporary one of git's by default. */
  readonly repository?: () => Repository
  /** Called around each fetch and each push. */
  readonly onBoundary?: LoopSettings['onBoundary']
}

interface Verified {
  readonly commit: string | null
  readonly record: LedgerRecord | null
  readonly state: LedgerState
}

/** A matrix has 256 jobs at most; the state of the log remembers 500 keys, and must remember those of one write. */
const linesAtOnce = 400

const namespacePattern = /^refs\/[A-Za-z0-9][A-Za-z0-9_-]*(\/[A-Za-z0-9][A-Za-z0-9_-]*)*$/

const namesAt = (commit: string): readonly string[] => [`${commit}:record.json`, `${commit}:state.json`]

/** Actor, workflow run, request and seq of a record, as trailers of its commit. */
export const commitMessage = (subject: string, record: LedgerRecord): string => {
  const trailers = [
    ['Actor', record.writer.actor],
    ['Workflow-Run', record.writer.workflow_run],
    ['Request', record.request],
    ['Seq', String(record.seq)],
  ].flatMap(([name, value]) => (value ? [`${name}: ${singleLine(value, 300)}`] : []))
  return `${singleLine(subject, 200) || record.events[0]?.kind}\n\n${trailers.join('\n')}\n`
}

/** Where the logs of a model are kept. Throws a UserError where model or namespace are none. */
export const refsOf = (model: string, namespace = 'refs/refline') => {
  if (!namespacePattern.test(namespace))
    throw new UserError(`The ledger's namespace ${JSON.stringify(namespace)} is none: expected refs/refline or refs/heads/refline.`)
  if (!modelName.safeParse(model).success)
    throw new UserError(`${JSON.stringify(model)} is no model name: expected lower-case letters, digits and "-", at most 40.`)
  const under = `${namespace}/models/${model}`
  return { decisions: `${under}/decisions`, runs: `${under}/runs`, archive: `${under}/archive` }
}

/** The ledger of decisions on Git refs, written by DESIGN section 5's protocol. Calls may overlap, also from inside `decide`; many instances may run side by side. */
export const gitLedger = (settings: LedgerSettings): Ledger => {
  const open = settings.repository ?? (() => temporaryRepository(settings))
  const loop: LoopSettings = { ...settings, deadlineSeconds: settings.deadlineSeconds ?? 300, repository: open() }
  const whole: LoopSettings = { ...loop, repository: open() }
  const newest = new Map<string, Verified>()
  /** The commit that was pushed last, with what it holds: git names a commit by its content, so it need not be read again. */
  const proposed = new Map<string, readonly string[]>()
  const refs = (model: string) => refsOf(model, settings.namespace)
  refsOf('any', settings.namespace)
  const end = () => settings.clock.now() + loop.deadlineSeconds * 1000

  /** Reading is fetching, verifying and remembering in one: two at once would take an older head for a rewritten ledger. Never held while deciding. */
  let last: Promise<unknown> = Promise.resolve()
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }

  const rewritten = (model: string, seq: number): UserError =>
    new UserError(`The ledger of ${model} was rewritten while this job ran: seq ${seq} is no longer in it. Nothing is decided from it.`)

  /** A ledger only grows: what this instance has seen once must still be there. */
  const compareWithSeen = (model: string, found: Verified, recordText: string | null): void => {
    const seen = newest.get(model)
    if (seen === undefined) return
    const gone =
      found.state.seq < seen.state.seq ||
      (found.state.seq === seen.state.seq && found.state.head !== seen.state.head) ||
      (found.record !== null && found.state.seq === seen.state.seq + 1 && found.record.prev !== seen.state.head)
    if (gone) throw rewritten(model, seen.state.seq)
    if (recordText !== null && found.state.seq === seen.state.seq + 1) verifyStep(seen.state, recordText, found.state)
  }

  const verified = async (model: string, commit: string | null): Promise<Verified> => {
    const seen = newest.get(model)
    if (seen !== undefined && seen.commit === commit) return seen
    const [recordText, stateText] = commit === null ? [] : (proposed.get(commit) ?? (await loop.repository.read(namesAt(commit))))
    if (commit !== null && (typeof recordText !== 'string' || typeof stateText !== 'string'))
      throw new UserError(
        `The ledger of ${model} cannot be trusted: its newest commit ${commit.slice(0, 12)} lacks record.json or state.json.`,
      )
    const found: Verified =
      typeof recordText === 'string' && typeof stateText === 'string'
        ? { commit, ...verifyHead(model, recordText, stateText) }
        : { commit, record: null, state: emptyState(model) }
    compareWithSeen(model, found, recordText ?? null)
    newest.set(model, found)
    return found
  }

  /** The first time the newest commit alone; later whatever came since, which is less to ask for than a depth. */
  const newestOf = (model: string, until: number): Promise<Verified> =>
    alone(async () => {
      const { commit = null } = newest.get(model) ?? {}
      return verified(model, await readRef(loop, refs(model).decisions, until, commit === null ? 1 : undefined))
    })

  const recordAt = async (model: string, seq: number): Promise<LedgerRecord> => {
    for (let tries = 0; tries < 5; tries += 1) {
      const depth = (newest.get(model)?.state.seq ?? seq) - seq + 1
      const { commit, state } = await verified(model, await readRef(loop, refs(model).decisions, end(), depth))
      const record = commit === null ? null : await recordBelow(loop.repository, model, { commit, state }, seq)
      if (record !== null) return record
    }
    throw new UserError(`The ledger of ${model} moved too fast to read seq ${seq}; run again.`)
  }

  const wholeLedger = async (model: string): Promise<WholeHistory> => {
    const tip = await readRef(whole, refs(model).decisions, end())
    const folded = await wholeHistory(whole.repository, model, tip)
    const seen = newest.get(model)?.state
    const after = seen === undefined ? null : (folded.records[seen.seq]?.prev ?? (seen.seq === folded.state.seq ? folded.state.head : null))
    if (seen !== undefined && seen.seq > 0 && after !== seen.head) throw rewritten(model, seen.seq)
    return folded
  }
  const records = async (model: string): Promise<readonly LedgerRecord[]> => (await wholeLedger(model)).records

  /** What a request was answered with before. The state remembers the ones that may be asked for again, and notes where it had no room for one of them. */
  const findRequest = async (model: string, id: string, head: Verified, attempt: Attempt): Promise<Appended | null> => {
    const seq = rememberedAt(head.state, requestPrefix(id))
    const searched = seq !== null || attempt.searched || settings.again !== true || head.state.forgotten === undefined
    attempt.searched = true
    const record = !searched
      ? ((await alone(() => records(model))).find(({ request }) => request === id) ?? null)
      : seq === null
        ? null
        : head.record?.seq === seq
          ? head.record
          : await alone(() => recordAt(model, seq))
    if (record === null) return null
    if (record.request !== id)
      throw new UserError(`Request ${id} cannot be told from ${record.request} at seq ${record.seq}. Start a new workflow run.`)
    const outcome = attempt.written.has(encodeRecord(record).digest) ? 'appended' : 'existing'
    return { outcome, seq: record.seq, events: record.events, state: newest.get(model)?.state ?? head.state }
  }

  const build = (model: string, request: DecisionRequest, head: LedgerState, proposal: Proposal) => {
    const record: LedgerRecord = {
      schema: newestSchema,
      release: settings.release,
      model,
      seq: head.seq + 1,
      prev: head.head,
      request: request.id,
      writer: { at: new Date(settings.clock.now()).toISOString(), ...settings.writer },
      events: [...proposal.events],
    }
    const encoded = encodeRecord(record)
    const evidence = proposal.evidence
    if (evidence !== undefined && !proposal.events.some(event => event.kind === 'evidence' && event.evidence === digest(evidence))) {
      throw new Error('the evidence given is not the one whose digest the events name')
    }
    const subject = typeof request.subject === 'string' ? request.subject : request.subject(proposal.events)
    const files = { 'record.json': encoded.text, 'state.json': encodeState(fold(head, record, encoded.digest)) }
    return {
      digest: encoded.digest,
      files: evidence === undefined ? files : { ...files, 'evidence.json': evidence },
      message: commitMessage(subject, record),
    }
  }

  const append = async (model: string, request: DecisionRequest, decide: (head: LedgerState) => Proposal | Promise<Proposal>) => {
    const attempt: Attempt = { written: new Set(), searched: false }
    let texts: readonly string[] = []
    return compareAndSwap<Appended, Verified>(loop, {
      ref: refs(model).decisions,
      name: `The ledger of ${model}`,
      read: until => newestOf(model, until),
      find: head => findRequest(model, request.id, head, attempt),
      propose: async ({ state }) => {
        const proposal = await decide(state)
        if (proposal.events.length === 0) return { done: { outcome: 'nothing', seq: state.seq, events: [], state } }
        const built = build(model, request, state, proposal)
        attempt.written.add(built.digest)
        texts = [built.files['record.json'], built.files['state.json']]
        return [built]
      },
      wrote: ([id]) => {
        proposed.clear()
        if (id !== undefined) proposed.set(id, texts)
      },
    })
  }

  return {
    read: async model => (await newestOf(model, end())).state,
    append,
    records: model => alone(() => records(model)),
    evidenceOf: model => alone(async () => (await wholeLedger(model)).evidence),
    head: async model => (await newestOf(model, end())).commit,
    log: async (model, lines) => {
      let written = 0
      for (let from = 0; from < lines.length; from += linesAtOnce) {
        const part = lines.slice(from, from + linesAtOnce)
        const added = await compareAndSwap(loop, runLogWrite(loop, { ref: refs(model).runs, model, lines: part, ...settings, alone }))
        if (added === null) return null
        written += added
      }
      return written
    },
    runs: (model, count) => alone(() => listRuns(whole, { ...refs(model), model, end: end() }, count)),
  }
}

/** What one append knows of itself: digests of the records it tried to write, and whether the records were searched for its request. */
interface Attempt {
  readonly written: Set<string>
  searched: boolean
}
