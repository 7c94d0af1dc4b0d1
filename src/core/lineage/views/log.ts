import { z } from 'zod'
import type { LedgerEvent, LedgerRecord } from '../events.ts'
import { head } from './documents.ts'
import { type EventGroup, groupsOf, isProgress, versionOf } from './event-groups.ts'

/** `refline log --json`. */
export const logDocument = z.strictObject({
  ...head,
  records_in_ledger: z.int().min(0),
  left_out: z.int().min(0).describe('records that match, yet hold only looks at a rollout and weights about to be set'),
  older: z.int().min(0).describe('records that match and are older than those shown'),
  records: z.array(
    z.strictObject({
      seq: z.int().min(1),
      at: z.string(),
      actor: z.string().nullable(),
      workflow_run: z.string().nullable(),
      workflow: z.string().nullable(),
      commit: z.string().nullable(),
      request: z.string(),
      events: z.array(
        z.strictObject({
          kind: z.string(),
          version: z.int().nullable(),
          environment: z.string().nullable(),
          words: z.string(),
        }),
      ),
    }),
  ),
})
export type LogDocument = z.output<typeof logDocument>

export interface LogFilter {
  /** How many records at most; null: all. */
  readonly last: number | null
  readonly environment: string | null
  readonly group: EventGroup | null
  /** Milliseconds since 1970: nothing older. */
  readonly since: number | null
  /** Looks at rollouts and weights about to be set as well. */
  readonly progress: boolean
}

/**
 * The records that match, newest first. Events of one record stay together: a record is shown whole where one of its events matches. `words` puts an event
 * into words.
 */
export const logOf = (
  model: string,
  records: readonly LedgerRecord[],
  filter: LogFilter,
  words: (event: LedgerEvent) => string,
): LogDocument => {
  const { group, environment, since } = filter
  const matches = (event: LedgerEvent): boolean =>
    (group === null || groupsOf(event).includes(group)) &&
    (environment === null || ('environment' in event && event.environment === environment))
  const matching = records
    .filter(record => record.events.some(matches) && (since === null || Date.parse(record.writer.at) >= since))
    .toReversed()
  const telling = filter.progress ? matching : matching.filter(record => !record.events.every(isProgress))
  const shown = filter.last === null ? telling : telling.slice(0, filter.last)
  return {
    schema: 1,
    model,
    records_in_ledger: records.length,
    left_out: matching.length - telling.length,
    older: telling.length - shown.length,
    records: shown.map(({ seq, writer, request, events }) => ({
      seq,
      ...writer,
      request,
      events: events.map(event => ({
        kind: event.kind,
        version: versionOf(event),
        environment: 'environment' in event ? event.environment : null,
        words: words(event),
      })),
    })),
  }
}
