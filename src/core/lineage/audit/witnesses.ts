import type { AuditedChain, Link } from './chain.ts'
import { type Finding, short } from './finding.ts'
import { readRecord } from './record-text.ts'
import type { AuditedVersion } from './versions.ts'

/** Something outside of the ledger that holds one of its commits. */
export interface Witness {
  readonly kind: 'tag' | 'copy'
  /** `refline/churn/0123456789ab` of a tag, path or URL of a copy. */
  readonly name: string
  readonly commit: string
  /** record.json of a commit that is not in the ledger; null where that commit is none of a ledger, or was not looked at. */
  readonly record: string | null
  /** The commit and all before it, as far as they were fetched; empty where the commit is in the ledger. */
  readonly ancestry: readonly string[]
}

/** What the witnesses say. `agreeing` is how many of them sit on a commit of the ledger. */
export interface AuditedWitnesses {
  readonly agreeing: number
  readonly findings: readonly Finding[]
}

const nameOf = ({ kind, name }: Witness): string => (kind === 'tag' ? `the tag ${name}` : `the copy ${name}`)

/** Where a witness stands by its own record: `seq 9 of 2026-11-20T10:00:00Z`. */
const placeOf = (model: string, witness: Witness): string => {
  const read = readRecord(model, witness.record)
  return 'record' in read ? `seq ${read.record.seq} of ${read.record.writer.at}` : `commit ${short(witness.commit)}`
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

/** Witnesses that are not in the ledger, by the newest commit that both have. */
const rewritings = (model: string, chain: AuditedChain, outside: readonly Witness[]): readonly Finding[] => {
  const places = new Map(chain.commits.map((id, place) => [id, place]))
  const groups = new Map<number, Witness[]>()
  for (const witness of outside) {
    const common = witness.ancestry.reduce((newest, id) => Math.max(newest, places.get(id) ?? -1), -1)
    groups.set(common, [...(groups.get(common) ?? []), witness])
  }
  return [...groups].map(([common, witnesses]) => {
    const [first] = witnesses as [Witness]
    const others = witnesses.length === 1 ? '' : ` and ${witnesses.length - 1} more`
    const seen = `${nameOf(first)} (${placeOf(model, first)})${others}`
    const link = chain.links.find(({ commit }) => commit === chain.commits[common])
    const has = witnesses.length === 1 ? 'has' : 'have'
    const subject = first.name
    if (chain.commits.length === 0)
      return {
        kind: 'gone',
        severity: 'error',
        sentence: `The ledger of ${model} is gone: its ref does not exist, and ${seen} ${has} events of it`,
        seq: 1,
        since: null,
        subject,
      }
    if (link === undefined)
      return {
        kind: 'rewritten',
        severity: 'error',
        sentence: `The ledger was replaced by another history: ${seen} ${has} events of which not one is in it`,
        seq: 1,
        since: null,
        subject,
      }
    const since = link.record.writer.at
    const common_ = `seq ${link.record.seq} (commit ${short(link.commit)}, ${since})`
    if (common === chain.commits.length - 1)
      return {
        kind: 'rewritten',
        severity: 'error',
        sentence: `The newest events were taken away: the ledger ends at ${common_}, and ${seen} ${has} events after it`,
        seq: link.record.seq + 1,
        since,
        subject,
      }
    return {
      kind: 'rewritten',
      severity: 'error',
      sentence: `History was rewritten from seq ${link.record.seq + 1} on at the latest: ${seen} ${has} other events after ${common_}, the newest that both have`,
      seq: link.record.seq + 1,
      since,
      subject,
    }
  })
}

/** Where the tag of a version must be, and is not. */
const tagFindings = (version: AuditedVersion, witness: Witness | undefined, at: ReadonlyMap<string, Link>): readonly Finding[] => {
  const { tag, tagged, version: number } = version.event.version
  const about = { severity: 'error', seq: version.seq, since: version.at, subject: tag } as const
  // What was published before there was a ledger, or into a folder, never had a tag that proves anything.
  const proves = tagged !== undefined || (version.schema === 1 && version.seq > 1)
  // With its files a version gives up its tag, which may be that of the same bytes registered anew.
  if (version.collected !== null) return []
  if (witness === undefined)
    return !proves
      ? []
      : [
          {
            ...about,
            kind: 'tag',
            sentence: `The tag ${tag} of v${number} (seq ${version.seq}) was deleted${tagged === undefined ? '' : `; it belongs on commit ${short(tagged)}`}`,
          },
        ]
  const link = at.get(witness.commit)
  if (tagged !== undefined && tagged !== witness.commit && at.has(tagged))
    return [
      {
        ...about,
        kind: 'tag',
        sentence: `The tag ${tag} of v${number} was moved: it sits on commit ${short(witness.commit)}, recorded at seq ${version.seq} was ${short(tagged)}`,
      },
    ]
  if (link !== undefined && link.record.seq >= version.seq)
    return [
      {
        ...about,
        kind: 'tag',
        sentence: `The tag ${tag} of v${number} was moved: it sits on seq ${link.record.seq}, which was written when v${number} (seq ${version.seq}) had its files already`,
      },
    ]
  if (link === undefined && witness.record === null && tagged === undefined && version.seq > 1 && version.schema === 1)
    return [
      {
        ...about,
        severity: 'warning',
        kind: 'tag',
        sentence: `The tag ${tag} of v${number} (seq ${version.seq}) sits on commit ${short(witness.commit)}, which is none of the ledger, so it proves nothing`,
      },
    ]
  return []
}

/** Holds tags and copies against the chain: a commit of the ledger that a witness has must still be in it. */
export const auditWitnesses = (
  model: string,
  chain: AuditedChain,
  versions: ReadonlyMap<number, AuditedVersion>,
  witnesses: readonly Witness[],
): AuditedWitnesses => {
  const at = new Map(chain.links.map(link => [link.commit, link]))
  const inChain = new Set(chain.commits)
  const tags = new Map(witnesses.flatMap(witness => (witness.kind === 'tag' ? [[witness.name, witness] as const] : [])))
  const moved = new Set(
    [...versions.values()].flatMap(({ event: { version } }) => (inChain.has(version.tagged ?? '') ? [version.tag] : [])),
  )
  const outside = witnesses.filter(
    ({ commit, record, kind, name }) => !inChain.has(commit) && (kind === 'copy' || (record !== null && !moved.has(name))),
  )
  const findings: Finding[] = [...rewritings(model, chain, outside)]
  for (const version of versions.values()) {
    const { tag, tagged, version: number } = version.event.version
    findings.push(...tagFindings(version, tags.get(tag), at))
    if (tagged !== undefined && !inChain.has(tagged) && outside.length === 0)
      findings.push({
        kind: 'rewritten',
        severity: 'error',
        sentence: `History was rewritten before seq ${version.seq}: v${number} was published on commit ${short(tagged)}, which is not in the ledger`,
        seq: version.seq,
        since: version.at,
        subject: tag,
      })
  }
  return {
    agreeing: witnesses.filter(({ commit }) => inChain.has(commit)).length,
    findings: findings.map(one => ({ ...one, sentence: capital(one.sentence) })),
  }
}
