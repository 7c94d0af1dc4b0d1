import type { LedgerRecord } from '../lineage/events.ts'
import { judgementOf } from '../rollout/judge.ts'
import type { Bars } from './rollout-chart.ts'
import { heldTick, judgedTick, type RolloutTick } from './rollout-tick.ts'

/** The looks at a rollout as they stand in the ledger, and the bars that its evidence had to reach. */
export interface RecordedLooks {
  readonly ticks: readonly RolloutTick[]
  readonly bars: Bars
}

/** Every look at a rollout that was recorded, oldest first: each is judged again from its recorded state, to the same answer. Null where there is no such rollout. */
export const recordedLooks = (records: readonly LedgerRecord[], environment: string, rollout: string): RecordedLooks | null => {
  const events = records.flatMap(record => record.events)
  const start = events.find(event => event.kind === 'rollout-start' && event.environment === environment && event.rollout === rollout)
  if (start?.kind !== 'rollout-start') return null
  const ticks: RolloutTick[] = []
  let percent = 0
  for (const event of events) {
    if (!('rollout' in event) || event.rollout !== rollout || event.environment !== environment) continue
    if (event.kind === 'weight-confirm') percent = event.percent
    else if (event.kind === 'evidence') ticks.push(judgedTick(percent, event.until, judgementOf(start.judge, event.judge)))
    else if (event.kind === 'heartbeat') ticks.push(heldTick(percent, event.at, event.judgement.replace(/^hold: /, '')))
  }
  return { ticks, bars: { alpha: start.judge.alpha, beta: start.judge.beta } }
}

/** The looks at the newest rollout of a version in an environment, or null where it was never rolled out there. */
export const looksAtVersion = (records: readonly LedgerRecord[], environment: string, version: number): RecordedLooks | null => {
  const start = records
    .flatMap(record => record.events)
    .findLast(event => event.kind === 'rollout-start' && event.environment === environment && event.version === version)
  return start?.kind === 'rollout-start' ? recordedLooks(records, environment, start.rollout) : null
}
