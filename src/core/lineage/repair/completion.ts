import { type Assessment, assessment } from '../../comparison/assessment.ts'
import { canonicalJson, digest } from '../canonical.ts'
import type { EventOf, LedgerRecord, LedgerState } from '../events.ts'
import { manifestName, parseManifest } from '../manifest.ts'
import { isCollected } from '../preconditions.ts'
import { registration } from '../registration.ts'
import { type DigestedFile, type RunRecord, runRecord } from '../run.ts'

/** What a release says of the version that it was to become: three of its files, whose digests are those of `assets`. */
export interface PublishedFiles {
  readonly tag: string
  /** Commit of the ledger that the tag sits on; null where it sits on none. */
  readonly tagged: string | null
  readonly assets: readonly DigestedFile[]
  readonly manifest: string
  readonly run: string
  readonly result: string
}

export type Completion = { readonly event: EventOf<'register'> } | { readonly problem: string }

/** Names of the assets that a registration can be completed from. */
export const completedFrom: readonly string[] = [manifestName, 'run.json', 'result.json']

const parsed = <T>(schema: { safeParse(value: unknown): { data?: T | undefined } }, text: string): T | null => {
  try {
    return schema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}

const byPath = (files: readonly DigestedFile[]): string =>
  canonicalJson([...files].sort((a, b) => (a.path < b.path ? -1 : 1)).map(({ path, bytes, sha256 }) => [path, bytes, sha256]))

/** Why what was judged may not be registered in the name of the job that was stopped, as a clause; null where it may. */
const judgedProblem = (result: Assessment, run: RunRecord, runText: string, state: LedgerState): string | null => {
  if (result.run !== run.run || result.model !== run.model || result.run_digest !== digest(runText))
    return 'its result.json is not of its run.json'
  if (result.verdict !== 'pass') return `its verdict was ${result.verdict}`
  if (result.decision !== 'promote')
    return `what was decided was ${result.decision}, which is registered only where the workflow asks for it`
  if (result.override !== null) return 'its gate was overridden by hand, which only the job itself may register'
  const { opponent } = result
  if (opponent.kind === 'first' && opponent.assumed === true) return 'nobody looked for a champion when it was judged'
  if (opponent.kind === 'unreachable' || (opponent.kind === 'champion' && opponent.asked !== undefined))
    return 'it was not judged against the champion'
  const faced = opponent.kind === 'first' ? null : opponent.version
  const champion = state.aliases.champion ?? null
  const words = (version: number | null): string => (version === null ? 'no champion' : `v${version}`)
  return faced === champion ? null : `it was judged against ${words(faced)}, and there is ${words(champion)} now`
}

/**
 * The register event that a stopped job would have written, from what it published; or why it cannot be written. All is checked again that the job had checked: the
 * digests, the verdict, the decision, and that the champion it was judged against is still champion.
 */
export const completeRegistration = (
  model: string,
  published: PublishedFiles,
  state: LedgerState,
  records: readonly LedgerRecord[],
): Completion => {
  const { tag, assets } = published
  const texts: Readonly<Record<string, string>> = {
    [manifestName]: published.manifest,
    'run.json': published.run,
    'result.json': published.result,
  }
  for (const name of completedFrom) {
    const asset = assets.find(({ path }) => path === name)
    if (asset === undefined || asset.sha256 !== digest(texts[name] ?? '')) return { problem: `its ${name} is missing or not whole` }
  }
  const run = parsed(runRecord, published.run)
  const result = parsed(assessment, published.result)
  if (run === null || result === null) return { problem: 'its run.json or result.json cannot be read by this release' }
  if (run.model !== model) return { problem: `its run is of ${run.model}` }
  let files: ReturnType<typeof parseManifest>
  try {
    files = parseManifest(published.manifest, manifestName)
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
  const own = digest(published.manifest)
  if (!tag.startsWith(`refline/${model}/${own.slice(0, 12)}`)) return { problem: 'its tag is not that of its manifest' }
  if (byPath(files.files) !== byPath(run.model_files)) return { problem: 'its model files are not those of its run' }
  const missing = files.packing.parts.find(
    part => !assets.some(({ path, bytes, sha256 }) => path === part.path && bytes === part.bytes && sha256 === part.sha256),
  )
  if (missing !== undefined) return { problem: `its ${missing.path} is missing or not whole` }
  for (const event of records.flatMap(({ events }) => events)) {
    if (event.kind === 'register' && event.version.digest === own && !isCollected(state, event.version.version))
      return { problem: `v${event.version.version} has the same files` }
    if (event.kind === 'kept' && event.run === run.run) return { problem: `its run was decided not to be registered (${event.reason})` }
  }
  const problem = judgedProblem(result, run, published.run, state)
  if (problem !== null) return { problem }
  return {
    event: registration(
      {
        assessment: result,
        run,
        digest: own,
        bytes: run.model_files.reduce((sum, file) => sum + file.bytes, 0),
        tag,
        tagged: published.tagged,
        assets,
        policy: result.rules.digest,
        result: digest(published.result),
      },
      state,
    ),
  }
}
