import { z } from 'zod'
import { UserError } from '../../core/errors.ts'
import { byteLength, canonicalJson } from '../../core/lineage/canonical.ts'
import type { Writer } from '../../core/lineage/events.ts'
import { requestPrefix } from '../../core/lineage/keys.ts'
import { recordLimit } from '../../core/lineage/limits.ts'
import { singleLine } from './command.ts'
import { type LoopSettings, readRef, type Write } from './compare-and-swap.ts'

const remembered = 500

/** `state.json` of the log of runs: how many lines there are and which keys came last. */
const logState = z.object({ schema: z.literal(1), seq: z.int().min(1), recent: z.array(z.string().regex(/^[0-9a-f]{16}$/)) })

type LogState = z.output<typeof logState>

interface LogHead {
  readonly commit: string | null
  readonly state: LogState
}

/**
 * One line for the log of runs: a commit with the entry as record.json. Its order means nothing and nothing is decided from it, so a log that cannot be
 * parsed is begun anew on top of itself. A remote that refuses the write answers `denied`.
 */
export const runLogWrite = (
  settings: LoopSettings,
  line: {
    readonly ref: string
    readonly model: string
    readonly entry: Readonly<Record<string, unknown>>
    readonly key: string
    readonly writer: Omit<Writer, 'at'>
    /** Runs one piece of work at a time on the repository. */
    readonly alone: <T>(work: () => Promise<T>) => Promise<T>
  },
): Write<'logged' | 'existing' | 'denied', LogHead> => {
  const prefix = requestPrefix(line.key)
  let pushed = false
  const stateAt = async (commit: string | null): Promise<LogState> => {
    const [text] = commit === null ? [null] : await settings.repository.read([`${commit}:state.json`])
    try {
      return logState.parse(JSON.parse(text ?? ''))
    } catch {
      return { schema: 1, seq: 0, recent: [] }
    }
  }
  return {
    ref: line.ref,
    name: `The log of runs of ${line.model}`,
    read: end =>
      line.alone(async () => {
        const commit = await readRef(settings, line.ref, end, 1)
        return { commit, state: await stateAt(commit) }
      }),
    find: async ({ state }) => (state.recent.includes(prefix) ? (pushed ? 'logged' : 'existing') : null),
    propose: async ({ state: before }) => {
      const seq = before.seq + 1
      const record = canonicalJson({
        schema: 1,
        seq,
        key: line.key,
        at: new Date(settings.clock.now()).toISOString(),
        writer: line.writer,
        entry: line.entry,
      })
      if (byteLength(record) > recordLimit)
        throw new UserError(
          `An entry of ${byteLength(record)} bytes does not fit the log of runs of ${line.model} (at most ${recordLimit}).`,
        )
      pushed = true
      return {
        files: {
          'record.json': record,
          'state.json': canonicalJson({ schema: 1, seq, recent: [...before.recent, prefix].slice(-remembered) }),
        },
        message: `${singleLine(`log ${line.key}`, 200)}\n\nSeq: ${seq}\n`,
      }
    },
    refused: () => 'denied',
  }
}
