import { z } from 'zod'
import { UserError } from '../../core/errors.ts'
import { byteLength, canonicalJson } from '../../core/lineage/canonical.ts'
import { release, type Writer, writer } from '../../core/lineage/events.ts'
import { requestPrefix } from '../../core/lineage/keys.ts'
import { recordLimit } from '../../core/lineage/limits.ts'
import { refuseNewer } from '../../core/lineage/verify.ts'
import type { LoggedLine, RunLine } from '../../ports/ledger.ts'
import { singleLine } from './command.ts'
import { type Commit, type LoopSettings, readRef, type Write } from './compare-and-swap.ts'

const remembered = 500
const whoWrote = writer.omit({ at: true })
const entry = z.record(z.string(), z.unknown())
const seq = z.int().min(1)

/** A line with who wrote it and when, as segments of the archive keep it. */
export const loggedLine = z.strictObject({ key: z.string(), at: z.iso.datetime(), writer: whoWrote, entry })

/** `record.json` of the log of runs. Schema 1 held one line, as release 0.1 wrote it. */
const logRecord = z.discriminatedUnion('schema', [
  z.strictObject({ schema: z.literal(1), seq, key: z.string(), at: z.iso.datetime(), writer: whoWrote, entry }),
  z.strictObject({
    schema: z.literal(2),
    release,
    seq,
    at: z.iso.datetime(),
    writer: whoWrote,
    lines: z.array(z.strictObject({ key: z.string().max(300), entry })),
  }),
])

/** `state.json` of the log of runs: how many records there are and which keys came last. */
const logState = z.object({ schema: z.union([z.literal(1), z.literal(2)]), seq, recent: z.array(z.string().regex(/^[0-9a-f]{16}$/)) })
type LogState = z.output<typeof logState>

interface LogHead {
  readonly commit: string | null
  readonly state: LogState
}

const nameOf = (model: string): string => `log of runs of ${model}`

const parsed = <T>(schema: z.ZodType<T>, text: string | null | undefined, model: string): T | null => {
  let value: unknown
  try {
    value = JSON.parse(text ?? '')
  } catch {
    return null
  }
  refuseNewer(value, nameOf(model), 'its newest record')
  return schema.safeParse(value).data ?? null
}

/** The lines of one record.json; none where it cannot be read, since nothing is decided from them. Throws a UserError where a newer release wrote it. */
export const linesOf = (text: string | null | undefined, model: string): readonly LoggedLine[] => {
  const record = parsed(logRecord, text, model)
  if (record === null) return []
  const lines = record.schema === 1 ? [{ key: record.key, entry: record.entry }] : record.lines
  return lines.map(line => ({ ...line, at: record.at, writer: record.writer }))
}

/** The state at a commit of the log. A log that cannot be parsed is begun anew on top of itself. */
export const logStateOf = (text: string | null | undefined, model: string): LogState =>
  parsed(logState, text, model) ?? { schema: 2, seq: 0, recent: [] }

interface Wrote {
  readonly model: string
  readonly release: string
  readonly writer: Omit<Writer, 'at'>
  readonly at: string
}

/** One commit of the log with these lines. */
export const logCommit = (
  before: LogState,
  lines: readonly RunLine[],
  { release, writer, at }: Wrote,
): Commit & { readonly state: LogState } => {
  const state: LogState = {
    schema: 2,
    seq: before.seq + 1,
    recent: [...before.recent, ...lines.map(({ key }) => requestPrefix(key))].slice(-remembered),
  }
  const record = { schema: 2, release, seq: state.seq, at, writer, lines: lines.map(({ key, entry: kept }) => ({ key, entry: kept })) }
  const [first] = lines
  const subject =
    first === undefined ? 'compacted' : lines.length === 1 ? `log ${first.key}` : `log ${lines.length} runs, ${first.key} first`
  return {
    files: { 'record.json': canonicalJson(record), 'state.json': canonicalJson(state) },
    message: `${singleLine(subject, 200)}\n\nSeq: ${state.seq}\n`,
    state,
  }
}

/** As few groups of lines as fit into records of 64 KB each. Throws a UserError where one line alone does not. */
const grouped = (lines: readonly RunLine[], model: string): readonly (readonly RunLine[])[] => {
  // What stands around the lines: names, release, seq, time and writer.
  const around = 2048
  const groups: RunLine[][] = []
  let bytes = 0
  for (const line of lines) {
    const size = byteLength(canonicalJson(line)) + 1
    if (size + around > recordLimit)
      throw new UserError(
        `A line of ${size} bytes (${singleLine(line.key, 80)}) does not fit the ${nameOf(model)} (at most ${recordLimit - around}).`,
      )
    if (groups.length === 0 || bytes + size + around > recordLimit) {
      groups.push([])
      bytes = 0
    }
    groups.at(-1)?.push(line)
    bytes += size
  }
  return groups
}

/**
 * Lines for the log of runs, in one push of as few commits as hold them. Their order means nothing and nothing is decided from them. Answers how many were new, or
 * null where the remote refuses the write.
 */
export const runLogWrite = (
  settings: LoopSettings,
  request: {
    readonly ref: string
    readonly model: string
    readonly lines: readonly RunLine[]
    readonly release: string
    readonly writer: Omit<Writer, 'at'>
    /** Runs one piece of work at a time on the repository. */
    readonly alone: <T>(work: () => Promise<T>) => Promise<T>
  },
): Write<number | null, LogHead> => {
  const { model, ref } = request
  const unique = [...new Map(request.lines.map(line => [requestPrefix(line.key), line])).entries()]
  let known = false
  /** Lines that were tried to be written: once they are there, they are ours. */
  const tried = new Set<string>()
  return {
    ref,
    name: `The ${nameOf(model)}`,
    read: end =>
      request.alone(async () => {
        const commit = await readRef(settings, ref, end, known ? undefined : 1)
        known = commit !== null
        const [text] = commit === null ? [null] : await settings.repository.read([`${commit}:state.json`])
        return { commit, state: logStateOf(text, model) }
      }),
    find: async ({ state: { recent } }) => (unique.every(([prefix]) => recent.includes(prefix)) ? tried.size : null),
    propose: async ({ state }) => {
      const missing = unique.filter(([prefix]) => !state.recent.includes(prefix))
      for (const [prefix] of missing) tried.add(prefix)
      const at = new Date(settings.clock.now()).toISOString()
      let before = state
      return grouped(
        missing.map(([, line]) => line),
        model,
      ).map(group => {
        const commit = logCommit(before, group, { ...request, at })
        before = commit.state
        return commit
      })
    },
    refused: () => null,
  }
}
