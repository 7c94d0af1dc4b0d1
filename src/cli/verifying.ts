import { type Audit, audit, type ReadAll } from '../core/lineage/audit/audit.ts'
import { auditChain, type ReadLedger, type Signing } from '../core/lineage/audit/chain.ts'
import type { ReadRelease } from '../core/lineage/audit/releases.ts'
import { failed } from '../core/lineage/audit/report.ts'
import { type AuditedVersion, versionsOf } from '../core/lineage/audit/versions.ts'
import type { Witness } from '../core/lineage/audit/witnesses.ts'
import { type ReadWorkflowRun, workflowRunsOf } from '../core/lineage/audit/writers.ts'
import type { Clock } from '../ports/clock.ts'
import type { ModelStore } from '../ports/model-store.ts'
import type { WorkflowRuns } from '../ports/workflow-runs.ts'

/** Asking for more takes long and uses up what the token may ask for in an hour. */
const mostWorkflowRuns = 100

/** What is read for a verification, and from where. */
export interface VerifyPorts {
  readonly read: (model: string, against: string | null) => Promise<{ readonly ledger: ReadLedger; readonly witnesses: readonly Witness[] }>
  readonly signing: Signing
  /** Null where the releases cannot be reached. */
  readonly store: Pick<ModelStore, 'prove' | 'releases'> | null
  /** Null where workflow runs cannot be asked for. */
  readonly workflowRuns: WorkflowRuns | null
  readonly clock: Pick<Clock, 'now'>
}

export interface VerifyRequest {
  readonly model: string
  /** Downloads what the store has no digest of, and asks for the workflow runs that records name. */
  readonly deep: boolean
  /** Another copy of the ledger: a clone, a bundle or a URL. */
  readonly against: string | null
}

/** Downloads files whose digest the store does not know. */
const proofs = async (
  versions: ReadonlyMap<number, AuditedVersion>,
  releases: readonly ReadRelease[],
  store: Pick<ModelStore, 'prove'>,
): Promise<ReadonlyMap<string, string | null>> => {
  const proven = new Map<string, string | null>()
  const undigested = new Set(releases.filter(({ assets }) => assets.some(({ digest }) => digest === null)).map(({ tag }) => tag))
  for (const { collected, event } of versions.values()) {
    const { tag, assets } = event.version
    if (collected === null && undigested.has(tag)) proven.set(tag, await store.prove(tag, assets))
  }
  return proven
}

/** A store that is no git repository has no tags; it keeps the commit itself. */
const keptCommits = (witnesses: readonly Witness[], releases: readonly ReadRelease[]): readonly Witness[] => {
  const tagged = new Set(witnesses.map(({ name }) => name))
  return releases.flatMap(({ tag, draft, commit }) =>
    draft || commit === null || tagged.has(tag) ? [] : [{ kind: 'tag', name: tag, commit, record: null, ancestry: [] }],
  )
}

const readAll = async ({ model, deep, against }: VerifyRequest, ports: VerifyPorts): Promise<ReadAll> => {
  const { store, workflowRuns, clock } = ports
  const source = await ports.read(model, against)
  const releases = store === null ? null : await store.releases(model)
  const { links } = deep ? auditChain(source.ledger, ports.signing) : { links: [] }
  const proven =
    store === null || releases === null || !deep ? undefined : await proofs(versionsOf(links.map(({ record }) => record)), releases, store)
  const runs = new Map<string, ReadWorkflowRun | null>()
  if (deep && workflowRuns !== null) for (const id of workflowRunsOf(links, mostWorkflowRuns)) runs.set(id, await workflowRuns.find(id))
  const now = clock.now()
  return {
    ledger: source.ledger,
    witnesses: [...source.witnesses, ...keptCommits(source.witnesses, releases ?? [])],
    releases: releases === null ? null : { releases, now, ...(proven === undefined ? {} : { proven }) },
    workflowRuns: deep && workflowRuns !== null ? { runs, now } : null,
  }
}

/**
 * Verifies the ledger of a model against its own chain, the tags and releases and, where asked, another copy, the files and the workflow runs. What is wrong is read
 * once more before it is said: a version may have been registered or collected between two questions.
 */
export const verifyModel = async (request: VerifyRequest, ports: VerifyPorts): Promise<Audit> => {
  const once = async (): Promise<Audit> => audit(await readAll(request, ports), ports.signing)
  const first = await once()
  return failed(first) ? once() : first
}
