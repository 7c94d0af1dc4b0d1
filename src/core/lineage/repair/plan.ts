import { dayLong, keptTags, type ReadRelease, titleOf } from '../audit/releases.ts'
import type { AuditedVersion } from '../audit/versions.ts'
import type { EventOf, LedgerRecord, LedgerState } from '../events.ts'
import { isCollected, isQuarantined } from '../preconditions.ts'
import type { Completion } from './completion.ts'

/** What would be done. `nothing`: a person must decide. */
export type Repair =
  | { readonly action: 'remove-drafts'; readonly tags: readonly string[] }
  | { readonly action: 'remove-release'; readonly tag: string }
  | { readonly action: 'register'; readonly event: EventOf<'register'> }
  | { readonly action: 'describe'; readonly version: number }
  | { readonly action: 'alias'; readonly events: readonly EventOf<'alias'>[] }
  | { readonly action: 'nothing' }

export interface RepairProposal {
  /** A tag, `v3`, or the name of an alias. */
  readonly subject: string
  /** What was found, as a sentence. */
  readonly what: string
  readonly why: string
  /** What `--apply` does, or a person should do. */
  readonly would: string
  readonly repair: Repair
}

export interface RepairFacts {
  readonly model: string
  readonly records: readonly LedgerRecord[]
  readonly versions: ReadonlyMap<number, AuditedVersion>
  readonly state: LedgerState
  readonly releases: readonly ReadRelease[]
  /** For releases without a version, by tag: the event that can be written, or why there is none. */
  readonly completions: ReadonlyMap<string, Completion>
  /** Whether an environment of the configuration covers the model, so that the canary makes it champion; null where there is no configuration. */
  readonly rolledOut: boolean | null
  /** Milliseconds since 1970. */
  readonly now: number
}

/** A registration takes minutes from its release to its record: one that is older was stopped. */
export const stoppedAfter = 3_600_000

/** Releases that are no version and whose job must have been stopped. */
export const unregistered = ({ versions, releases, now }: Pick<RepairFacts, 'versions' | 'releases' | 'now'>): readonly ReadRelease[] => {
  const known = new Set([...versions.values()].map(({ event }) => event.version.tag))
  return releases.filter(({ tag, draft, changedAt }) => !draft && !known.has(tag) && now - changedAt > stoppedAfter)
}

const drafts = ({ releases, now }: RepairFacts): readonly RepairProposal[] => {
  const old = releases.filter(({ draft, changedAt }) => draft && now - changedAt > dayLong)
  if (old.length === 0) return []
  const tags = old.map(({ tag }) => tag)
  return [
    {
      subject: tags[0] as string,
      what: `${old.length === 1 ? 'A draft' : `${old.length} drafts`} older than a day: ${tags.join(', ')}`,
      why: 'the job that made it was stopped before it was published, and a repeat of that job would have used it again',
      would: 'delete it',
      repair: { action: 'remove-drafts', tags },
    },
  ]
}

const stopped = (facts: RepairFacts): readonly RepairProposal[] =>
  unregistered(facts).map(({ tag }) => {
    const completion = facts.completions.get(tag) ?? { problem: 'it was not read' }
    const what = `The release ${tag} is no version of ${facts.model}`
    const why = 'its job was stopped after the files were published and before the record was written'
    if ('event' in completion)
      return {
        subject: tag,
        what,
        why,
        would: `register it as v${completion.event.version.version}: its files are whole, its verdict was pass, and the champion that it was judged against is still champion`,
        repair: { action: 'register', event: completion.event },
      }
    return {
      subject: tag,
      what,
      why: `${why}; it cannot be completed here, since ${completion.problem}`,
      would: 'nothing: run its workflow again, which judges it anew and takes these files, or delete the release and its tag',
      repair: { action: 'nothing' },
    }
  })

const collected = ({ versions, releases }: RepairFacts): readonly RepairProposal[] => {
  const kept = keptTags(versions)
  const there = new Set(releases.filter(({ draft, tag }) => !draft && !kept.has(tag)).map(({ tag }) => tag))
  return [...versions.values()]
    .filter(version => version.collected !== null && there.has(version.event.version.tag))
    .map(({ event: { version }, collected: at }) => ({
      subject: `v${version.version}`,
      what: `The release ${version.tag} of v${version.version} is still there`,
      why: `its files were given up at seq ${at?.seq}, and the job that deletes them was stopped`,
      would: 'delete the release and its tag',
      repair: { action: 'remove-release', tag: version.tag },
    }))
}

const undescribed = ({ model, versions, releases, state }: RepairFacts): readonly RepairProposal[] => {
  const titles = new Map(releases.filter(({ draft }) => !draft).map(({ tag, title }) => [tag, title]))
  return [...versions.values()].flatMap(({ event: { version } }) => {
    const title = titles.get(version.tag)
    if (title === undefined || title === titleOf(model, version.version) || isCollected(state, version.version)) return []
    return [
      {
        subject: `v${version.version}`,
        what: `The release ${version.tag} of v${version.version} is called ${JSON.stringify(title.slice(0, 80))}`,
        why: 'the job was stopped before it wrote title and model card, or somebody renamed it',
        would: `call it ${titleOf(model, version.version)} and write its model card from the result that is stored with it`,
        repair: { action: 'describe' as const, version: version.version },
      },
    ]
  })
}

/** Whether an alias was ever moved to a version. */
const wasMoved = (records: readonly LedgerRecord[], alias: string, version: number): boolean =>
  records.some(({ events }) => events.some(event => event.kind === 'alias' && event.alias === alias && event.to === version))

/** The newest version's aliases, where its job was stopped before it moved them. */
const pointers = ({ versions, records, state, rolledOut }: RepairFacts): readonly RepairProposal[] => {
  const newest = versions.get(state.versions)
  if (newest === undefined) return []
  const { version } = newest.event.version
  if (isQuarantined(state, version) || isCollected(state, version)) return []
  const proposals: RepairProposal[] = []
  const move = (alias: string): EventOf<'alias'> => ({ kind: 'alias', alias, from: state.aliases[alias] ?? null, to: version })
  const at = (alias: string): string => (state.aliases[alias] === undefined ? 'nowhere' : `at v${state.aliases[alias]}`)
  const why = `its job was stopped after the record (seq ${newest.seq}) and before the aliases`
  if ((state.aliases.challenger ?? 0) < version && !wasMoved(records, 'challenger', version))
    proposals.push({
      subject: 'challenger',
      what: `The alias challenger is ${at('challenger')}, and v${version} is the newest version`,
      why,
      would: `move it to v${version}`,
      repair: { action: 'alias', events: [move('challenger')] },
    })
  const isDue =
    newest.event.decision === 'promote' &&
    (state.aliases.champion ?? null) === newest.event.champion &&
    !wasMoved(records, 'champion', version)
  if (isDue && rolledOut !== true)
    proposals.push({
      subject: 'champion',
      what: `The alias champion is ${at('champion')}, and v${version} was decided to become champion`,
      why,
      would:
        rolledOut === null
          ? 'nothing: there is no refline.yml here, and where an environment covers the model its rollout makes the champion. Run this in the checkout, or run the workflow again'
          : `move it to v${version}`,
      repair: rolledOut === null ? { action: 'nothing' } : { action: 'alias', events: [move('champion')] },
    })
  return proposals
}

/** What is half-finished about a model and how it is finished, in the order in which it can be done: files first, then records, then what points to them. */
export const planRepairs = (facts: RepairFacts): readonly RepairProposal[] => [
  ...drafts(facts),
  ...collected(facts),
  ...stopped(facts),
  ...undescribed(facts),
  ...pointers(facts),
]
