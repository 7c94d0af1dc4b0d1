import { z } from 'zod'
import { UserError } from '../../core/errors.ts'
import { byteLength, canonicalJson } from '../../core/lineage/canonical.ts'
import type { Writer } from '../../core/lineage/events.ts'
import { recordLimit } from '../../core/lineage/limits.ts'
import { refuseNewer } from '../../core/lineage/verify.ts'
import type { LoggedLine } from '../../ports/ledger.ts'
import { compareAndSwap, type LoopSettings, readRef } from './compare-and-swap.ts'
import { linesOf, logCommit, loggedLine, logStateOf } from './run-log.ts'

// Past some thousand commits a log of runs is slow to list, so its lines are moved into segments below a ref of their own: files of many lines each, of which one
// commit holds all. First the segments are there, then the log begins anew; a line may stand in both for a while, and is listed once.

const segmentBytes = 900_000
/** The newest lines that stay in the log, so that a look at the last ones needs no segments. */
const stayingBytes = 32_768

const index = z.strictObject({
  schema: z.literal(1),
  through: z
    .string()
    .regex(/^[0-9a-f]{40,64}$/)
    .describe('commit of the log of runs up to which lines were moved'),
  segments: z.array(z.strictObject({ name: z.string().regex(/^segment-\d{6}\.jsonl$/), lines: z.int().min(1) })),
})
type Index = z.output<typeof index>

export interface ArchiveRefs {
  readonly runs: string
  readonly archive: string
  readonly model: string
  /** When it gives up, in milliseconds since 1970. */
  readonly end: number
}

interface Archive {
  readonly commit: string | null
  readonly index: Index | null
}

const readArchive = async (settings: LoopSettings, { archive, model, end }: ArchiveRefs): Promise<Archive> => {
  const commit = await readRef(settings, archive, end, 1)
  const [text] = commit === null ? [null] : await settings.repository.read([`${commit}:index.json`])
  if (typeof text !== 'string') return { commit, index: null }
  const value = jsonOf(text)
  refuseNewer(value, `archive of runs of ${model}`, 'index.json', 1)
  const { data } = index.safeParse(value)
  if (data !== undefined) return { commit, index: data }
  throw new UserError(
    `The archive of runs of ${model} cannot be read: its index.json was not written by Refline. Delete ${archive} if it is not wanted; no decision is in it.`,
  )
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Lines of the log from its newest commit back, newest first, down to the commit `until` (left out) or to as many commits as `depth`. */
const loggedLines = async (
  settings: LoopSettings,
  { runs, model, end }: ArchiveRefs,
  options: { readonly depth?: number; readonly until?: string | undefined } = {},
): Promise<{ readonly tip: string | null; readonly lines: readonly LoggedLine[] }> => {
  const tip = await readRef(settings, runs, end, options.depth)
  if (tip === null) return { tip, lines: [] }
  const commits = (await settings.repository.history(tip)).map(([id]) => id as string).toReversed()
  const place = options.until === undefined ? -1 : commits.indexOf(options.until)
  const texts = await settings.repository.read(commits.slice(0, place < 0 ? undefined : place).map(id => `${id}:record.json`))
  return { tip, lines: texts.flatMap(text => linesOf(text, model).toReversed()) }
}

const archivedLines = async (settings: LoopSettings, refs: ArchiveRefs): Promise<readonly LoggedLine[]> => {
  const { commit, index: found } = await readArchive(settings, refs)
  const names = (found?.segments ?? []).map(({ name }) => `${commit}:${name}`).toReversed()
  const texts = await settings.repository.read(names)
  return texts.flatMap(text => {
    const lines = (text ?? '').split('\n').filter(line => line !== '')
    // A line that cannot be read is left out, as in the log itself: nothing is decided from it.
    return lines.flatMap(line => loggedLine.safeParse(jsonOf(line)).data ?? []).toReversed()
  })
}

const onceEach = (lines: readonly LoggedLine[]): readonly LoggedLine[] =>
  [...new Map(lines.toReversed().map(line => [line.key, line])).values()].toReversed()

/** The log of runs with its segments, newest first, each key once: its first line. With `count` only so many, which mostly needs no segments. */
export const listRuns = async (settings: LoopSettings, refs: ArchiveRefs, count?: number): Promise<readonly LoggedLine[]> => {
  const recent = await loggedLines(settings, refs, count === undefined ? {} : { depth: count })
  const newest = onceEach(recent.lines)
  if (count !== undefined && newest.length >= count) return newest.slice(0, count)
  return onceEach([...newest, ...(await archivedLines(settings, refs))]).slice(0, count)
}

/** Lines as files of at most 900 KB. */
const segmentsOf = (
  lines: readonly LoggedLine[],
  first: number,
): ReadonlyMap<string, { readonly text: string; readonly lines: number }> => {
  const segments = new Map<string, { text: string; lines: number }>()
  let open: { text: string; lines: number } | null = null
  let bytes = 0
  for (const line of lines) {
    const text = `${canonicalJson(line)}\n`
    const size = byteLength(text)
    if (open === null || bytes + size > segmentBytes) {
      open = { text: '', lines: 0 }
      bytes = 0
      segments.set(`segment-${String(first + segments.size).padStart(6, '0')}.jsonl`, open)
    }
    open.text += text
    open.lines += 1
    bytes += size
  }
  return segments
}

const stayingLines = (lines: readonly LoggedLine[]): readonly LoggedLine[] => {
  let bytes = 0
  const place = lines.findIndex(line => {
    bytes += byteLength(canonicalJson(line)) + 1
    return bytes > Math.min(stayingBytes, recordLimit)
  })
  return lines.slice(0, place < 0 ? undefined : place).toReversed()
}

/**
 * Moves the lines of a log of runs with more than `threshold` commits into segments and begins the log anew on top of its newest lines. Safe to stop anywhere and to
 * repeat; writers go on meanwhile. Answers how many lines were moved, 0 where there was nothing to do. Throws a UserError where the remote refuses it.
 */
export const compactRuns = async (
  settings: LoopSettings,
  refs: ArchiveRefs,
  by: { readonly release: string; readonly writer: Omit<Writer, 'at'> },
  threshold = 1000,
): Promise<number> => {
  const { repository, clock, remote } = settings
  for (;;) {
    const { index: before } = await readArchive(settings, refs)
    const { tip, lines } = await loggedLines(settings, refs, { until: before?.through })
    if (tip === null || (await repository.history(tip)).length <= threshold) return 0
    await archiveLines(settings, refs, tip, lines)
    const [stateText] = await repository.read([`${tip}:state.json`])
    const state = logStateOf(stateText, refs.model)
    const at = new Date(clock.now()).toISOString()
    const anew = logCommit(state, stayingLines(lines), { ...by, model: refs.model, at })
    const kept = canonicalJson({ ...anew.state, recent: state.recent })
    const files = { ...anew.files, 'state.json': kept }
    const [commit] = await repository.commit([{ files, message: anew.message, seconds: Math.floor(clock.now() / 1000) }], null)
    const answer = await repository.replace(commit as string, refs.runs, tip, Math.max(5000, refs.end - clock.now()))
    if ((await readRef(settings, refs.runs, refs.end, 1)) === commit) return lines.length
    if (answer.said === 'refused')
      throw new UserError(
        `The log of runs of ${refs.model} could not be compacted: ${remote} refused it (${answer.words}). Nothing was lost.`,
      )
    if (clock.now() >= refs.end)
      throw new UserError(
        `The log of runs of ${refs.model} moved too fast to be compacted. Nothing was lost; run again when fewer runs are logged.`,
      )
  }
}

const archiveLines = (settings: LoopSettings, refs: ArchiveRefs, through: string, lines: readonly LoggedLine[]): Promise<true> =>
  compareAndSwap<true, Archive>(settings, {
    ref: refs.archive,
    name: `The archive of runs of ${refs.model}`,
    read: end => readArchive(settings, { ...refs, end }),
    find: async head => (head.index?.through === through ? true : null),
    propose: async head => {
      const present = head.index?.segments ?? []
      const segments = segmentsOf(lines.toReversed(), present.length + 1)
      const names = present.map(({ name }) => name)
      const texts = await settings.repository.read(names.map(name => `${head.commit}:${name}`))
      const listed = [...segments].map(([name, segment]) => ({ name, lines: segment.lines }))
      const files = {
        'index.json': canonicalJson({ schema: 1, through, segments: [...present, ...listed] }),
        ...Object.fromEntries(names.map((name, place) => [name, texts[place] ?? ''])),
        ...Object.fromEntries([...segments].map(([name, { text }]) => [name, text])),
      }
      return [{ files, message: `archive ${lines.length} lines of the log of runs of ${refs.model}\n` }]
    },
  })
