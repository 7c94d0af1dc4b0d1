import { UserError } from '../../core/errors.ts'
import { digest } from '../../core/lineage/canonical.ts'
import type { LedgerEvent, LedgerRecord, LedgerState, Writer } from '../../core/lineage/events.ts'
import { emptyState, fold } from '../../core/lineage/fold.ts'
import { requestPrefix } from '../../core/lineage/keys.ts'
import { modelName } from '../../core/lineage/run.ts'
import { decodeRecord, encodeRecord, encodeState, foldRecords, verifyHead, verifyState, verifyStep } from '../../core/lineage/verify.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Appended, DecisionRequest, Ledger, Proposal } from '../../ports/ledger.ts'
import { singleLine } from './command.ts'
import { compareAndSwap, type LoopSettings, readRef } from './compare-and-swap.ts'
import { temporaryRepository } from './repository.ts'
import { runLogWrite } from './run-log.ts'

export interface LedgerSettings {
  /** A path, `file://` or `http(s)://` without credentials, from `ledgerRemote`. */
  readonly remote: string
  /** Credentials for git, from `ledgerRemote`. */
  readonly environment: Readonly<Record<string, string>>
  readonly writer: Omit<Writer, 'at'>
  readonly clock: Clock
  /** Uniform in [0, 1), for waiting only. */
  readonly random: () => number
  /** How long one write may take; 300 by default. */
  readonly deadlineSeconds?: number
  /** `refs/refline` by default; below `refs/heads/` rulesets can protect it. */
  readonly namespace?: string
  /** Where temporary repositories are made. */
  readonly temp?: string
}

interface Verified {
  readonly commit: string | null
  readonly record: LedgerRecord | null
  readonly state: LedgerState
}

const namespacePattern = /^refs\/[A-Za-z0-9][A-Za-z0-9_-]*(\/[A-Za-z0-9][A-Za-z0-9_-]*)*$/

/** Actor, workflow run, request and seq of a record, as trailers of its commit. */
const commitMessage = (subject: string, record: LedgerRecord): string => {
  const trailers = [
    ['Actor', record.writer.actor],
    ['Workflow-Run', record.writer.workflow_run],
    ['Request', record.request],
    ['Seq', String(record.seq)],
  ].flatMap(([name, value]) => (value ? [`${name}: ${singleLine(value, 300)}`] : []))
  return `${singleLine(subject, 200) || record.events[0]?.kind}\n\n${trailers.join('\n')}\n`
}

/** The ledger of decisions on Git refs, written by DESIGN section 5's protocol. Calls may overlap, also from inside `decide`; many instances may run side by side. */
export const gitLedger = (settings: LedgerSettings): Ledger => {
  const namespace = settings.namespace ?? 'refs/refline'
  if (!namespacePattern.test(namespace))
    throw new UserError(`The ledger's namespace ${JSON.stringify(namespace)} is none: expected refs/refline or refs/heads/refline.`)
  const loop: LoopSettings = { ...settings, deadlineSeconds: settings.deadlineSeconds ?? 300, repository: temporaryRepository(settings) }
  const whole: LoopSettings = { ...loop, repository: temporaryRepository(settings) }
  const newest = new Map<string, Verified>()

  const refOf = (model: string, log: 'decisions' | 'runs'): string => {
    if (!modelName.safeParse(model).success)
      throw new UserError(`${JSON.stringify(model)} is no model name: expected lower-case letters, digits and "-", at most 40.`)
    return `${namespace}/models/${model}/${log}`
  }
  const end = () => settings.clock.now() + loop.deadlineSeconds * 1000

  /** Reading is fetching, verifying and remembering in one: two at once would take an older head for a rewritten ledger. Never held while deciding. */
  let last: Promise<unknown> = Promise.resolve()
  const alone = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }

  /** A ledger only grows: what this instance has seen once must still be there. */
  const compareWithSeen = (model: string, found: Verified, recordText: string | null): void => {
    const seen = newest.get(model)
    if (seen === undefined) return
    const rewritten =
      found.state.seq < seen.state.seq ||
      (found.state.seq === seen.state.seq && found.state.head !== seen.state.head) ||
      (found.record !== null && found.state.seq === seen.state.seq + 1 && found.record.prev !== seen.state.head)
    if (rewritten)
      throw new UserError(
        `The ledger of ${model} was rewritten while this job ran: seq ${seen.state.seq} is no longer in it. Nothing is decided from it.`,
      )
    if (recordText !== null && found.state.seq === seen.state.seq + 1) verifyStep(seen.state, recordText, found.state)
  }

  const verified = async (model: string, commit: string | null): Promise<Verified> => {
    const seen = newest.get(model)
    if (seen !== undefined && seen.commit === commit) return seen
    if (commit === null) {
      const none: Verified = { commit, record: null, state: emptyState(model) }
      compareWithSeen(model, none, null)
      newest.set(model, none)
      return none
    }
    const [recordText, stateText] = await loop.repository.read([`${commit}:record.json`, `${commit}:state.json`])
    if (typeof recordText !== 'string' || typeof stateText !== 'string') {
      throw new UserError(
        `The ledger of ${model} cannot be trusted: its newest commit ${commit.slice(0, 12)} lacks record.json or state.json.`,
      )
    }
    const found: Verified = { commit, ...verifyHead(model, recordText, stateText) }
    compareWithSeen(model, found, recordText)
    newest.set(model, found)
    return found
  }

  const newestOf = (model: string, until: number): Promise<Verified> =>
    alone(async () => verified(model, await readRef(loop, refOf(model, 'decisions'), until, 1)))

  /** The record at a seq, with the chain checked from the head down to it. */
  const recordAt = async (model: string, seq: number): Promise<LedgerRecord> => {
    const ref = refOf(model, 'decisions')
    for (let tries = 0; tries < 5; tries += 1) {
      const depth = (newest.get(model)?.state.seq ?? seq) - seq + 1
      const head = await verified(model, await readRef(loop, ref, end(), depth))
      const commits = head.commit === null ? [] : (await loop.repository.history(head.commit)).map(([id]) => id).toReversed()
      const steps = head.state.seq - seq
      if (commits.length <= steps) continue
      const texts = await loop.repository.read(commits.slice(0, steps + 1).map(id => `${id}:record.json`))
      let expected = head.state.head
      for (const text of texts) {
        if (typeof text !== 'string' || digest(text) !== expected)
          throw new UserError(`The ledger of ${model} cannot be trusted: its chain is broken below seq ${head.state.seq}.`)
        expected = decodeRecord(model, text).prev
      }
      return decodeRecord(model, texts[steps] as string)
    }
    throw new UserError(`The ledger of ${model} moved too fast to read seq ${seq}; run again.`)
  }

  const findRequest = async (model: string, id: string, head: Verified, written: ReadonlySet<string>): Promise<Appended | null> => {
    const prefix = requestPrefix(id)
    const known = head.state.requests.find(([candidate]) => candidate === prefix)
    if (known === undefined) return null
    const record = head.record !== null && head.record.seq === known[1] ? head.record : await alone(() => recordAt(model, known[1]))
    if (record.request !== id)
      throw new UserError(`Request ${id} cannot be told from ${record.request} at seq ${record.seq}. Start a new workflow run.`)
    const outcome = written.has(encodeRecord(record).digest) ? 'appended' : 'existing'
    return { outcome, seq: record.seq, events: record.events, state: newest.get(model)?.state ?? head.state }
  }

  const build = (model: string, request: DecisionRequest, head: LedgerState, proposal: Proposal) => {
    const record: LedgerRecord = {
      schema: 1,
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
    const written = new Set<string>()
    return compareAndSwap<Appended, Verified>(loop, {
      ref: refOf(model, 'decisions'),
      name: `The ledger of ${model}`,
      read: until => newestOf(model, until),
      find: head => findRequest(model, request.id, head, written),
      propose: async ({ state }) => {
        const proposal = await decide(state)
        if (proposal.events.length === 0) return { done: { outcome: 'nothing', seq: state.seq, events: [], state } }
        const built = build(model, request, state, proposal)
        written.add(built.digest)
        return built
      },
    })
  }

  const checkEvidence = async (records: readonly LedgerRecord[], commits: readonly string[]): Promise<void> => {
    const wanted = records.flatMap((record, index) =>
      record.events.flatMap((event: LedgerEvent) =>
        event.kind === 'evidence' && event.evidence !== null ? [{ record, event, commit: commits[index] }] : [],
      ),
    )
    const texts = await whole.repository.read(wanted.map(({ commit }) => `${commit}:evidence.json`))
    for (const [index, { record, event }] of wanted.entries()) {
      const text = texts[index]
      if (typeof text !== 'string' || digest(text) !== event.evidence) {
        throw new UserError(`The ledger of ${record.model} cannot be trusted: the evidence of seq ${record.seq} is missing or was changed.`)
      }
    }
  }

  const records = async (model: string): Promise<readonly LedgerRecord[]> => {
    const tip = await readRef(whole, refOf(model, 'decisions'), end())
    const history = tip === null ? [] : await whole.repository.history(tip)
    const commits = history.map(([id]) => id as string)
    for (const [index, [id, ...parents]] of history.entries()) {
      if (parents.length !== Math.min(index, 1) || (index > 0 && parents[0] !== commits[index - 1])) {
        throw new UserError(`The ledger of ${model} cannot be trusted: commit ${id?.slice(0, 12)} does not follow the one before it alone.`)
      }
    }
    const texts = await whole.repository.read([
      ...commits.map(id => `${id}:record.json`),
      ...commits.slice(-1).map(id => `${id}:state.json`),
    ])
    const folded = foldRecords(
      model,
      texts.slice(0, commits.length).map(text => text ?? ''),
    )
    if (tip !== null) verifyState(folded.state, texts.at(-1) ?? '')
    await checkEvidence(folded.records, commits)
    const seen = newest.get(model)?.state
    const after = seen === undefined ? null : (folded.records[seen.seq]?.prev ?? (seen.seq === folded.state.seq ? folded.state.head : null))
    if (seen !== undefined && seen.seq > 0 && after !== seen.head) {
      throw new UserError(`The ledger of ${model} was rewritten while this job ran: seq ${seen.seq} is no longer in it.`)
    }
    return folded.records
  }

  return {
    read: async model => (await newestOf(model, end())).state,
    append,
    records: model => alone(() => records(model)),
    head: async model => (await newestOf(model, end())).commit,
    log: async (model, entry, key) =>
      compareAndSwap(loop, runLogWrite(loop, { ref: refOf(model, 'runs'), model, entry, key, writer: settings.writer, alone })),
  }
}
