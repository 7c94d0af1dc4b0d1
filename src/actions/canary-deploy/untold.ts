import type { LedgerEvent, LedgerRecord, LedgerState } from '../../core/lineage/events.ts'
import { isQuarantined } from '../../core/lineage/preconditions.ts'
import { recordOf } from '../traffic/version.ts'
import type { CanaryContext, CanaryPorts } from './begin.ts'
import { type Answering, conclude, mirrorOf } from './roll-out.ts'

/** What ended longer ago (milliseconds) is told to nobody any more. */
const longest = 24 * 3_600_000

const ends = (event: LedgerEvent, environment: string): boolean =>
  (event.kind === 'rollout-end' || event.kind === 'rollback-confirm') && event.environment === environment

/**
 * Tells how the last rollout of an environment ended where its runner died between the record of the end and the last word to people: GitHub would show it as under way
 * for ever, and nobody would hear of harm. Does nothing where a rollback came after it, or where its deployment says already how it ended.
 */
export const tellUntold = async (ports: CanaryPorts, context: CanaryContext, state: LedgerState, answer: Answering): Promise<void> => {
  const records: readonly LedgerRecord[] = await ports.ledger.records(context.model)
  const last = records.findLast(record => record.events.some(event => ends(event, context.environment)))
  const end = last?.events.findLast(event => ends(event, context.environment))
  if (last === undefined || end?.kind !== 'rollout-end') return
  if (ports.clock.now() - Date.parse(last.writer.at) > longest) return
  const start = records
    .flatMap(({ events }) => events)
    .find(event => event.kind === 'rollout-start' && event.environment === context.environment && event.rollout === end.rollout)
  if (start?.kind !== 'rollout-start') return
  const record = await recordOf(ports.ledger, state, start.version)
  const mirrored = await mirrorOf(ports, context, record, end.rollout)
  if (await mirrored.isTold()) return
  ports.log.info(`the rollout of v${start.version} ended as ${end.decision}, but its runner died before it told so`)
  const quarantined = end.decision === 'rolled-back' && isQuarantined(state, start.version)
  await conclude(ports, context, record, end.rollout, { decision: end.decision, reason: end.reason, quarantined }, answer)
}
