import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assessment } from '../core/comparison/assessment.ts'
import { UserError } from '../core/errors.ts'
import { dayLong, titleOf } from '../core/lineage/audit/releases.ts'
import { type AuditedVersion, versionsOf } from '../core/lineage/audit/versions.ts'
import type { LedgerRecord, LedgerState } from '../core/lineage/events.ts'
import { requestId } from '../core/lineage/keys.ts'
import { type Completion, completedFrom, completeRegistration } from '../core/lineage/repair/completion.ts'
import { planRepairs, type RepairFacts, type RepairProposal, unregistered } from '../core/lineage/repair/plan.ts'
import type { DigestedFile } from '../core/lineage/run.ts'
import { runRecord } from '../core/lineage/run.ts'
import { type CardWords, renderCard } from '../core/report/card.ts'
import type { Clock } from '../ports/clock.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { ModelStore, StoredRelease } from '../ports/model-store.ts'

export interface RepairPorts {
  readonly ledger: Ledger
  readonly store: ModelStore
  readonly clock: Pick<Clock, 'now'>
  /** Release of Refline, for cards. */
  readonly release: string
  /** What the configuration says of the model; null where there is none. */
  readonly configured: { readonly rolledOut: boolean; readonly card: CardWords } | null
  /** Address of a workflow run, for cards. */
  readonly jobUrl: (workflowRun: string) => string | null
}

/** Files that a card or a registration is made from are small; a model is never read here. */
const largest = 64 << 20

const texts = async (store: ModelStore, tag: string, wanted: readonly DigestedFile[]): Promise<ReadonlyMap<string, string>> => {
  const large = wanted.find(({ bytes }) => bytes > largest)
  if (large !== undefined) throw new UserError(`${large.path} of ${tag} has ${large.bytes} bytes; Refline writes at most ${largest}`)
  const folder = await mkdtemp(join(tmpdir(), 'refline-repair-'))
  try {
    await store.fetch(tag, wanted, folder)
    return new Map(await Promise.all(wanted.map(async ({ path }) => [path, await readFile(join(folder, path), 'utf8')] as const)))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** What a release could become, from its own files. What cannot be read is a reason and no failure. */
const completionOf = async (
  model: string,
  release: StoredRelease,
  records: readonly LedgerRecord[],
  state: LedgerState,
  ports: RepairPorts,
): Promise<Completion> => {
  const partial = release.assets.find(({ state: at, digest }) => at !== 'uploaded' || digest === null)
  if (partial !== undefined) return { problem: `${partial.name} is not whole, or the store has no digest of it` }
  const assets = release.assets.map(({ name, size, digest }) => ({ path: name, bytes: size, sha256: digest as string }))
  const wanted = assets.filter(({ path }) => completedFrom.includes(path))
  if (wanted.length < completedFrom.length) return { problem: 'it lacks one of manifest.json, run.json and result.json' }
  try {
    const found = await texts(ports.store, release.tag, wanted)
    const text = (name: string): string => found.get(name) ?? ''
    const tagged = release.commit !== null && release.commit === (await ports.ledger.head(model)) ? release.commit : null
    const files = { tag: release.tag, tagged, assets, manifest: text('manifest.json'), run: text('run.json'), result: text('result.json') }
    return completeRegistration(model, files, state, records)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { problem: error.message }
  }
}

interface Seen {
  readonly facts: RepairFacts
  readonly proposals: readonly RepairProposal[]
}

const see = async (model: string, ports: RepairPorts): Promise<Seen> => {
  const [records, state] = [await ports.ledger.records(model), await ports.ledger.read(model)]
  const releases = await ports.store.releases(model)
  const around = { versions: versionsOf(records), releases, now: ports.clock.now() }
  const completions = new Map<string, Completion>()
  for (const { tag } of unregistered(around)) {
    const release = releases.find(one => one.tag === tag && !one.draft)
    if (release !== undefined) completions.set(tag, await completionOf(model, release, records, state, ports))
  }
  const facts: RepairFacts = { model, records, state, completions, rolledOut: ports.configured?.rolledOut ?? null, ...around }
  return { facts, proposals: planRepairs(facts) }
}

/** Writes title and card of a version from what is stored with it. */
const describe = async (model: string, { event, writer }: AuditedVersion, ports: RepairPorts): Promise<void> => {
  const { version, record } = event
  const result = version.assets.find(({ path }) => path === 'result.json')
  if (result === undefined) throw new UserError(`v${version.version} has no result.json that its card could be made from`)
  const own = version.assets.filter(({ path }) => path === 'run.json' || path === 'result.json')
  const found = await texts(ports.store, version.tag, own)
  const judged = assessment.safeParse(JSON.parse(found.get('result.json') ?? 'null')).data
  if (judged === undefined) throw new UserError(`the result.json of v${version.version} cannot be read by this release`)
  const run = runRecord.safeParse(JSON.parse(found.get('run.json') ?? 'null')).data ?? record
  const jobUrl = writer.workflow_run === null ? null : ports.jobUrl(writer.workflow_run)
  const card = renderCard(judged, version, run, ports.configured?.card ?? {}, { version: ports.release, jobUrl })
  await ports.store.describe(version.tag, titleOf(model, version.version), card)
}

const carryOut = async (
  model: string,
  { subject, repair }: RepairProposal,
  seen: Seen,
  request: string,
  ports: RepairPorts,
): Promise<void> => {
  switch (repair.action) {
    case 'remove-drafts':
      await ports.store.removeDrafts(model, dayLong)
      return
    case 'remove-release':
      await ports.store.remove(repair.tag)
      return
    case 'register': {
      const { version, record } = repair.event
      await ports.ledger.append(
        model,
        {
          id: requestId('register', null, record.run, request),
          subject: `register ${model} v${version.version}: completed by refline repair after its job was stopped`,
        },
        head => {
          const unchanged = head.versions === seen.facts.state.versions && head.aliases.champion === seen.facts.state.aliases.champion
          return { events: unchanged ? [repair.event] : [] }
        },
      )
      return
    }
    case 'describe': {
      const version = seen.facts.versions.get(repair.version)
      if (version !== undefined) await describe(model, version, ports)
      return
    }
    case 'alias':
      await ports.ledger.append(
        model,
        {
          id: requestId('alias', null, `${subject}-v${repair.events[0]?.to}`, request),
          subject: `alias ${model} v${repair.events[0]?.to}: ${subject}, by refline repair`,
        },
        head => ({ events: repair.events.filter(({ alias, from }) => (head.aliases[alias] ?? null) === from) }),
      )
      return
    case 'nothing':
  }
}

/** What was found, and what of it was done or could not be done. */
export interface Repaired {
  readonly proposals: readonly (RepairProposal & { readonly done: boolean; readonly failed: string | null })[]
}

/** One thing makes the next possible: a record is written, then it is described, then it is pointed to. */
const mostRounds = 4

/**
 * Finds what is half-finished about a model and, with a `request`, finishes what can be finished without a person. Everything is looked at again after each round;
 * what fails is told and does not stop the rest. Safe to repeat and to run beside the job itself.
 */
export const repairModel = async (model: string, request: string | null, ports: RepairPorts): Promise<Repaired> => {
  const told = new Map<string, Repaired['proposals'][number]>()
  for (let round = 0; round < (request === null ? 1 : mostRounds); round += 1) {
    const seen = await see(model, ports)
    const key = ({ subject, repair }: RepairProposal): string => `${subject} ${repair.action}`
    const fresh = seen.proposals.filter(proposal => !told.has(key(proposal)))
    if (fresh.length === 0) break
    let wrote = false
    for (const proposal of fresh) {
      let failed: string | null = null
      // A registration changes what the others were planned from.
      const waits = wrote && proposal.repair.action === 'register'
      if (waits) continue
      const acts = request !== null && proposal.repair.action !== 'nothing'
      try {
        if (acts) await carryOut(model, proposal, seen, request, ports)
      } catch (error) {
        if (!(error instanceof UserError)) throw error
        failed = error.message
      }
      wrote ||= acts && proposal.repair.action === 'register'
      told.set(key(proposal), { ...proposal, done: acts && failed === null, failed })
    }
  }
  return { proposals: [...told.values()] }
}
