import { z } from 'zod'
import { canonicalJson } from '../canonical.ts'
import type { Chronicle, VersionFacts } from './chronicle.ts'
import { head, versionNumber } from './documents.ts'

export const nodeKinds = ['version', 'run', 'commit', 'code', 'data', 'params', 'pull-request', 'image', 'environment'] as const

/** A changed param: what it was for the champion it was judged against and what it is, as JSON text; null on the side that lacks it. */
const paramChange = z.strictObject({ name: z.string(), before: z.string().nullable(), after: z.string().nullable() })
export type ParamChange = z.output<typeof paramChange>

const node = z.strictObject({
  id: z.string().describe('unique in this document'),
  kind: z.enum(nodeKinds),
  label: z.string().describe('its name: v12, a path, a commit, a number'),
  note: z.string().nullable().describe('more in words'),
  digest: z.string().nullable(),
  at: z.string().nullable(),
  used_by: z.array(versionNumber).describe('of data: all versions that read these bytes under this path'),
  changes: z.array(paramChange).describe('of params: what differs from the champion it was judged against'),
})
export type LineageNode = z.output<typeof node>

const edge = z.strictObject({
  from: z.string(),
  to: z.string(),
  relation: z.enum(['made from', 'at', 'with', 'read', 'judged against', 'came by', 'packaged as', 'live in', 'was live in']),
  note: z.string().nullable().describe('more in words: since when, changed or not'),
})
export type LineageEdge = z.output<typeof edge>

/** `refline lineage --format json`: what a version was made from and what came of it, as a graph. */
export const lineageDocument = z.strictObject({
  ...head,
  version: versionNumber,
  depth: z.int().min(0).describe('how many champions back the versions are told in full'),
  more_judged_against_it: z.int().min(0).describe('versions judged against it beside the newest ones that are nodes'),
  nodes: z.array(node),
  edges: z.array(edge).describe('from what was made to what it was made from; from a version to where it went'),
})
export type LineageDocument = z.output<typeof lineageDocument>

/** Nested maps as one, their names joined by dots. */
const flat = (params: Readonly<Record<string, unknown>>, prefix = ''): readonly (readonly [string, string])[] =>
  Object.entries(params).flatMap(([name, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
      ? flat(value as Record<string, unknown>, `${prefix}${name}.`)
      : [[`${prefix}${name}`, canonicalJson(value)] as const],
  )

/** What differs between two sets of params, by name. */
export const paramChanges = (
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): readonly ParamChange[] => {
  const [old, now] = [new Map(flat(before)), new Map(flat(after))]
  return [...new Set([...old.keys(), ...now.keys()])]
    .sort()
    .filter(name => old.get(name) !== now.get(name))
    .map(name => ({ name, before: old.get(name) ?? null, after: now.get(name) ?? null }))
}

/** A champion of years has been held against hundreds of versions, which no graph can show. */
const mostLater = 20

interface Part {
  readonly nodes: readonly LineageNode[]
  readonly edges: readonly LineageEdge[]
}

const nodeOf = (kind: LineageNode['kind'], id: string, label: string, more: Partial<LineageNode> = {}): LineageNode => ({
  id,
  kind,
  label,
  note: null,
  digest: null,
  at: null,
  used_by: [],
  changes: [],
  ...more,
})

const edgeOf = (from: string, to: string, relation: LineageEdge['relation'], note: string | null = null): LineageEdge => ({
  from,
  to,
  relation,
  note,
})

/** How it was judged, and what it is now. */
const versionNode = ({ version, event, registered, quarantine, aliases }: VersionFacts): LineageNode =>
  nodeOf('version', `v${version.version}`, `v${version.version}`, {
    note: [
      `verdict ${event.verdict}, decision ${event.decision}`,
      ...(aliases.length === 0 ? [] : [aliases.join(', ')]),
      ...(quarantine === null ? [] : ['quarantined']),
    ].join('; '),
    digest: version.digest,
    at: registered.at,
  })

/** Versions by the data they read: `path` and digest together, since the same bytes under another name may mean something else. */
const readers = (chronicle: Chronicle): ReadonlyMap<string, readonly number[]> => {
  const found = new Map<string, number[]>()
  for (const { version, event } of chronicle.versions.values())
    for (const { path, sha256 } of event.record.lineage.data) {
      const key = `${path}\n${sha256}`
      const known = found.get(key)
      if (known === undefined) found.set(key, [version.version])
      else known.push(version.version)
    }
  return found
}

/** The run that a version was made from, and what that read. */
const madeFrom = (facts: VersionFacts, champion: VersionFacts | undefined, readBy: ReadonlyMap<string, readonly number[]>): Part => {
  const { record } = facts.event
  const { lineage, created } = record
  const who = [
    created.actor === null ? null : `by ${created.actor}`,
    created.workflow_run === null ? null : `workflow run ${created.workflow_run}`,
  ].filter(text => text !== null)
  const run = nodeOf('run', `run:${record.run}`, record.run, { at: created.at, note: who.length === 0 ? null : who.join(', ') })
  const parts: LineageNode[] = []
  const edges = [edgeOf(`v${facts.version.version}`, run.id, 'made from')]
  const add = (node: LineageNode, relation: LineageEdge['relation'], note: string | null = null): void => {
    parts.push(node)
    edges.push(edgeOf(run.id, node.id, relation, note))
  }
  const { commit, code, repository } = lineage
  if (commit !== null) add(nodeOf('commit', `commit:${commit}`, commit, { note: repository }), 'at')
  if (code !== null) {
    const before = champion?.event.record.lineage.code ?? null
    const compared =
      champion === undefined || before === null ? null : `${before === code ? 'the same as' : 'not that of'} v${champion.version.version}`
    add(nodeOf('code', `code:${code}`, code.slice(0, 12), { digest: code }), 'with', compared)
  }
  for (const { path, files, sha256 } of lineage.data) {
    const more = { note: files === 1 ? null : `${files} files`, digest: sha256, used_by: [...(readBy.get(`${path}\n${sha256}`) ?? [])] }
    add(nodeOf('data', `data:${sha256.slice(0, 12)}:${path}`, path, more), 'read')
  }
  const changes = champion === undefined ? [] : [...paramChanges(champion.event.record.lineage.params, lineage.params)]
  const count = flat(lineage.params).length
  add(
    nodeOf('params', `params:${record.run}`, count === 1 ? '1 param' : `${count} params`, { changes }),
    'with',
    champion === undefined ? null : `${changes.length === 0 ? 'the same as' : 'changed since'} v${champion.version.version}`,
  )
  return { nodes: [run, ...parts], edges }
}

const liveWords = (spans: VersionFacts['live']): string =>
  spans
    .map(({ since, until }) => (until === null ? `since ${since.at}` : `from ${since.at} to ${until.at}`))
    .slice(-3)
    .join('; ')

/** How a version came and what came of it: pull request, image, where it is and was live. */
const cameOf = ({ version, live }: VersionFacts): Part => {
  const from = `v${version.version}`
  const { pull_request: number, image } = version
  const nodes: LineageNode[] = []
  const edges: LineageEdge[] = []
  if (number !== null) {
    nodes.push(nodeOf('pull-request', `pull-request:${number}`, `#${number}`))
    edges.push(edgeOf(from, `pull-request:${number}`, 'came by'))
  }
  if (image !== null) {
    nodes.push(nodeOf('image', `image:${image}`, image))
    edges.push(edgeOf(from, `image:${image}`, 'packaged as'))
  }
  for (const name of new Set(live.map(({ environment }) => environment))) {
    const spans = live.filter(({ environment }) => environment === name)
    nodes.push(nodeOf('environment', `environment:${name}`, name))
    const isLive = spans.some(({ until }) => until === null)
    edges.push(edgeOf(from, `environment:${name}`, isLive ? 'live in' : 'was live in', liveWords(spans)))
  }
  return { nodes, edges }
}

/** A version and the ones judged against it in turn: told in full while `depth` lasts, then by name. */
const told = (
  chronicle: Chronicle,
  facts: VersionFacts,
  depth: number,
  readBy: ReadonlyMap<string, readonly number[]>,
): readonly Part[] => {
  const parts: Part[] = []
  let current: VersionFacts | undefined = facts
  for (let left = depth; current !== undefined; left -= 1) {
    parts.push({ nodes: [versionNode(current)], edges: [] })
    if (left < 0) break
    const number: number | null = current.event.champion
    const champion: VersionFacts | undefined = number === null ? undefined : chronicle.versions.get(number)
    parts.push(madeFrom(current, champion, readBy), cameOf(current))
    if (champion !== undefined)
      parts.push({ nodes: [], edges: [edgeOf(`v${current.version.version}`, `v${champion.version.version}`, 'judged against')] })
    current = champion
  }
  return parts
}

/**
 * What a version was made from and what came of it. `depth` says how many champions back are told in full: with 0 the champion it was judged against is only
 * named. Throws where the version is not in the chronicle.
 */
export const lineageOf = (chronicle: Chronicle, version: number, depth: number): LineageDocument => {
  const facts = chronicle.versions.get(version)
  if (facts === undefined) throw new Error(`v${version} is not in the chronicle`)
  const judgedAgainstIt = [...chronicle.versions.values()].filter(({ event }) => event.champion === version)
  const later = judgedAgainstIt.slice(-mostLater)
  const parts = [
    ...told(chronicle, facts, depth, readers(chronicle)),
    {
      nodes: later.map(versionNode),
      edges: later.map(other => edgeOf(`v${other.version.version}`, `v${version}`, 'judged against')),
    },
  ]
  const nodes = new Map(parts.flatMap(part => part.nodes).map(one => [one.id, one]))
  return {
    schema: 1,
    model: chronicle.model,
    version,
    depth,
    more_judged_against_it: judgedAgainstIt.length - later.length,
    nodes: [...nodes.values()],
    edges: parts.flatMap(part => part.edges),
  }
}
