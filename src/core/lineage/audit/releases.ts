import type { DigestedFile } from '../run.ts'
import { type Finding, short } from './finding.ts'
import type { AuditedVersion } from './versions.ts'

/** A release as it stands in the store, whatever the ledger says of it. */
export interface ReadRelease {
  /** For a draft: the tag that its run would have published it under. */
  readonly tag: string
  readonly title: string
  /** Not published: a run is at work on it, or was stopped. */
  readonly draft: boolean
  /** When the release or one of its files was changed last, in milliseconds since 1970. */
  readonly changedAt: number
  /** The commit that the tag sits on; null where there is no tag, or none on a commit. */
  readonly commit: string | null
  readonly assets: readonly {
    readonly name: string
    readonly size: number
    /** Hexadecimal SHA-256 by the store's word; null where it has none. */
    readonly digest: string | null
    /** `uploaded` where the file is whole, else the store's word for what it is. */
    readonly state: string
  }[]
}

/** What was read of the releases of a model. */
export interface ReadReleases {
  readonly releases: readonly ReadRelease[]
  /** Milliseconds since 1970: what is younger than a day may still be under way. */
  readonly now: number
  /** What downloading said of assets of which the store has no digest: by tag, null where they are right. */
  readonly proven?: ReadonlyMap<string, string | null>
}

/** What became of the releases. */
export interface AuditedReleases {
  readonly findings: readonly Finding[]
  /** Versions of which some digest is not known to the store, and which nobody downloaded. */
  readonly unproven: readonly number[]
}

/** A registration or collection that is older than this is no longer under way. */
export const dayLong = 86_400_000

type Asset = ReadRelease['assets'][number]

const assetProblem = (asset: Asset | undefined, wanted: DigestedFile): string | null => {
  if (asset === undefined) return `${wanted.path} is missing`
  if (asset.state !== 'uploaded') return `${wanted.path} is not whole (it is in state ${asset.state.slice(0, 40)})`
  if (asset.size !== wanted.bytes) return `${wanted.path} has ${asset.size} bytes, recorded were ${wanted.bytes}: it was replaced`
  if (asset.digest !== null && asset.digest !== wanted.sha256)
    return `${wanted.path} has SHA-256 ${short(asset.digest)}, recorded was ${short(wanted.sha256)}: it was replaced`
  return null
}

/** Title of the release of a version, once its card is there. */
export const titleOf = (model: string, version: number): string => `${model} v${version}`

const isoOf = (milliseconds: number): string | null => (Math.abs(milliseconds) < 8.64e15 ? new Date(milliseconds).toISOString() : null)

const ofVersion = (model: string, version: AuditedVersion, release: ReadRelease, proven: ReadReleases['proven']): readonly Finding[] => {
  const { tag, assets, version: number } = version.event.version
  const about = { seq: version.seq, since: version.at, subject: `v${number}` }
  const found = new Map(release.assets.map(asset => [asset.name, asset]))
  const wanted = new Set(assets.map(({ path }) => path))
  const problems = assets.map(asset => assetProblem(found.get(asset.path), asset)).filter(problem => problem !== null)
  const downloaded = proven?.get(tag) ?? null
  if (problems.length === 0 && downloaded !== null) problems.push(downloaded)
  for (const { name, state } of release.assets)
    if (!wanted.has(name))
      problems.push(
        `${JSON.stringify(name.slice(0, 100))} was added${state === 'uploaded' ? '' : ` (it is in state ${state.slice(0, 40)})`}`,
      )
  const findings: Finding[] = problems.map(problem => ({
    ...about,
    kind: 'files',
    severity: 'error',
    sentence: `The files of v${number} (release ${tag}, seq ${version.seq}) are not those that were registered: ${problem}`,
  }))
  if (release.title !== titleOf(model, number))
    findings.push({
      ...about,
      kind: 'half-finished',
      severity: 'warning',
      sentence: `The release ${tag} is called ${JSON.stringify(release.title.slice(0, 80))} and not ${titleOf(model, number)}: its model card was never written, or it was renamed`,
    })
  return findings
}

/** Tags whose files are to be there. The same bytes may have been registered anew after they were given up, and then the tag is that version's. */
export const keptTags = (versions: ReadonlyMap<number, AuditedVersion>): ReadonlySet<string> =>
  new Set([...versions.values()].flatMap(({ collected, event }) => (collected === null ? [event.version.tag] : [])))

/** Holds the releases of a model against its versions, both ways. */
export const auditReleases = (model: string, versions: ReadonlyMap<number, AuditedVersion>, read: ReadReleases): AuditedReleases => {
  const findings: Finding[] = []
  const unproven: number[] = []
  const published = new Map(read.releases.filter(({ draft }) => !draft).map(release => [release.tag, release]))
  const known = new Set([...versions.values()].map(({ event }) => event.version.tag))
  const kept = keptTags(versions)
  for (const version of versions.values()) {
    const { tag, assets, version: number } = version.event.version
    const release = published.get(tag)
    if (version.collected !== null) {
      if (release !== undefined && !kept.has(tag))
        findings.push({
          kind: 'half-finished',
          severity: 'warning',
          sentence: `The files of v${number} were given up at seq ${version.collected.seq}, and its release ${tag} is still there`,
          seq: version.collected.seq,
          since: version.collected.at,
          subject: `v${number}`,
        })
      continue
    }
    if (release === undefined) {
      findings.push({
        kind: 'files',
        severity: 'error',
        sentence: `v${number} (seq ${version.seq}) has no release: ${tag} was deleted, and its files with it`,
        seq: version.seq,
        since: version.at,
        subject: `v${number}`,
      })
      continue
    }
    findings.push(...ofVersion(model, version, release, read.proven))
    const found = new Map(release.assets.map(asset => [asset.name, asset]))
    if (read.proven?.has(tag) !== true && assets.some(({ path }) => found.get(path)?.digest === null)) unproven.push(number)
  }
  for (const release of read.releases) {
    const old = read.now - release.changedAt > dayLong
    const about = { kind: 'half-finished', seq: null, since: isoOf(release.changedAt), subject: release.tag } as const
    if (release.draft) {
      if (old)
        findings.push({
          ...about,
          severity: 'warning',
          sentence: `A draft for ${release.tag} is older than a day: the run that made it was stopped`,
        })
    } else if (!known.has(release.tag))
      findings.push({
        ...about,
        severity: old ? 'error' : 'warning',
        sentence: `The release ${release.tag} is no version of ${model}: ${old ? 'its registration was stopped before the record, or nobody of ours made it' : 'its registration is under way, or was stopped'}`,
      })
  }
  return { findings, unproven }
}
