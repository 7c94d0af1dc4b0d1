import { UserError } from '../../core/errors.ts'
import type { ReadCommit, ReadLedger, Signing } from '../../core/lineage/audit/chain.ts'
import type { Witness } from '../../core/lineage/audit/witnesses.ts'
import type { Clock } from '../../ports/clock.ts'
import { type LoopSettings, readRef } from './compare-and-swap.ts'
import { commitMessage, refsOf } from './ledger.ts'
import { identity, type Repository, temporaryRepository } from './repository.ts'
import { ledgerTags } from './witness-commits.ts'

/** How this release of Refline and those before it write a commit of the ledger. */
export const signing: Signing = { identity, message: commitMessage }

export interface AuditSourceSettings {
  readonly remote: string
  /** Credentials for git, from `ledgerRemote`. */
  readonly environment: Readonly<Record<string, string>>
  readonly clock: Clock
  /** Uniform in [0, 1), for waiting only. */
  readonly random: () => number
  readonly namespace?: string
  readonly temp?: string
  /** How long reading may take; 300 by default. */
  readonly deadlineSeconds?: number
}

/** A ledger with what else holds its commits. */
export interface AuditSource {
  readonly ledger: ReadLedger
  readonly witnesses: readonly Witness[]
}

/** Another copy of the ledger: a repository, and what to call it. */
export interface OtherCopy {
  readonly name: string
  readonly remote: string
}

const tagTimeout = 60_000

/** All commits that can be reached from one that was fetched, with their records and evidence. */
const readCommits = async (
  repository: Repository,
  tip: string,
): Promise<{ readonly commits: readonly ReadCommit[]; readonly state: string | null }> => {
  const history = await repository.history(tip)
  const ids = history.map(([id]) => id as string)
  const texts = await repository.read([...ids, ...ids.map(id => `${id}:record.json`), `${tip}:state.json`])
  // Evidence is looked for where a record can name it; what the record says is checked later.
  const judging = ids.filter((_, index) => texts[ids.length + index]?.includes('"kind":"evidence"'))
  const blobs = await repository.read(judging.map(id => `${id}:evidence.json`))
  const evidence = new Map(judging.map((id, index) => [id, blobs[index] ?? null]))
  return {
    state: texts.at(-1) ?? null,
    commits: history.map(([id, ...parents], index) => ({
      id: id as string,
      parents,
      text: texts[index] ?? null,
      record: texts[ids.length + index] ?? null,
      evidence: evidence.get(id as string) ?? null,
    })),
  }
}

/** Tags of releases, each with the commit that it sits on. */
const tagsOf = async (repository: Repository, model: string): Promise<ReadonlyMap<string, string>> => {
  const listed = await repository.list(`refs/tags/refline/${model}/*`, tagTimeout)
  return new Map([...listed].filter(([ref]) => !ref.endsWith('^{}')).map(([ref, id]) => [ref, listed.get(`${ref}^{}`) ?? id]))
}

/** A witness whose commit is not in the ledger, with its record and all that comes before it. */
const outside = async (repository: Repository, kind: Witness['kind'], name: string, commit: string): Promise<Witness> => {
  const [record] = await repository.read([`${commit}:record.json`])
  const ancestry = (await repository.history(commit)).map(([id]) => id as string).toReversed()
  return { kind, name, commit, record: record ?? null, ancestry }
}

/**
 * Reads the whole ledger of a model, the tags of its releases and, with `against` (a clone or a URL; a bundle is unpacked before), the head of another copy. Throws a RemoteError where
 * the remote gives no answer and a UserError where the other copy has no such ledger; what is wrong with what was read is not its business.
 */
export const readForAudit = async (
  settings: AuditSourceSettings,
  model: string,
  against: OtherCopy | null = null,
): Promise<AuditSource> => {
  const loop = (remote: string, environment: Readonly<Record<string, string>>): LoopSettings => ({
    ...settings,
    remote,
    deadlineSeconds: settings.deadlineSeconds ?? 300,
    repository: temporaryRepository({ remote, environment, ...(settings.temp === undefined ? {} : { temp: settings.temp }) }),
  })
  const own = loop(settings.remote, settings.environment)
  const { repository } = own
  const end = settings.clock.now() + own.deadlineSeconds * 1000
  const { decisions } = refsOf(model, settings.namespace)
  // A tag is put on the head before its version is recorded: one seen before the ledger was read must be in it, and one that a version needs is there afterwards.
  const before = await tagsOf(repository, model)
  const tip = await readRef(own, decisions, end)
  const read = tip === null ? { commits: [], state: null } : await readCommits(repository, tip)
  const after = await tagsOf(repository, model)
  const known = new Set(read.commits.map(({ id }) => id))
  const strange = new Map([...before].filter(([, commit]) => !known.has(commit)))
  const ours = await ledgerTags(settings, strange)
  const witnesses: Witness[] = []
  const plainName = (ref: string): string => ref.slice('refs/tags/'.length)
  for (const [ref, commit] of new Map([...after, ...before])) {
    if (!after.has(ref)) continue
    const name = plainName(ref)
    if (!ours.has(ref)) {
      witnesses.push({ kind: 'tag', name, commit, record: null, ancestry: [] })
      continue
    }
    const [there] = await repository.read([commit])
    if (there === null) await readRef(own, ref, end)
    witnesses.push(await outside(repository, 'tag', name, commit))
  }
  if (against !== null) {
    const copy = loop(against.remote, {})
    const head = await readRef(copy, decisions, end)
    if (head === null)
      throw new UserError(
        `${against.name} has no ledger of ${model} (no ref ${decisions}). Fetch it there first: git fetch origin 'refs/refline/*:refs/refline/*'.`,
      )
    witnesses.push(
      known.has(head)
        ? { kind: 'copy', name: against.name, commit: head, record: null, ancestry: [] }
        : await outside(copy.repository, 'copy', against.name, head),
    )
  }
  return { ledger: { model, tip, ...read }, witnesses }
}
