import { z } from 'zod'
import { UserError } from '../../errors.ts'
import type { Judgement } from '../../rollout/judge.ts'
import type { JudgeSettings } from '../../rollout/judge-state.ts'
import { batch, type Observed, observed } from '../../rollout/observed.ts'
import { type Replayed, replay, stateDifference } from '../../rollout/replay.ts'
import type { EventOf, LedgerRecord } from '../events.ts'
import { type Stamp, stampOf } from './chronicle.ts'

/** The evidence of one look as it is kept beside its record. `late`: what came to be known of earlier weights, judged before it. */
const evidenceBlob = batch.extend({
  schema: z.literal(1),
  rollout: z.string(),
  from: z.number(),
  until: z.number(),
  judgement: z.string(),
  late: z.array(z.record(z.string(), observed)).optional(),
})
type EvidenceBlob = z.output<typeof evidenceBlob>

type Verdict = Judgement['verdict']

/** One look: what was counted, what was decided from it then, and what the same counts say now. */
export interface ReplayedLook {
  readonly seq: number
  readonly at: string
  /** Share of traffic that the canary had. */
  readonly weight: number
  readonly signals: Readonly<Record<string, Observed>>
  /** Natural logarithms of the e-values, by signal. */
  readonly evidence: Readonly<Record<string, { readonly harm: number; readonly acceptance: number; readonly dispersion: number }>>
  readonly recorded: string
  readonly recomputed: Verdict
  readonly reason: string
  readonly difference: string | null
}

/** A step up or an end, and why it does not follow from the looks before it; null where it does, or where the judge had no part in it. */
export interface ReplayedDecision {
  readonly seq: number
  readonly at: string
  readonly words: string
  readonly difference: string | null
}

export interface ReplayDocument {
  readonly schema: 1
  readonly model: string
  readonly rollout: string
  readonly environment: string
  readonly version: number
  readonly from: number | null
  readonly started: Stamp
  readonly rule: 'evidence' | 'threshold'
  readonly settings: JudgeSettings
  readonly looks: readonly ReplayedLook[]
  readonly decisions: readonly ReplayedDecision[]
  /** The first of all differences in words; null where everything agrees. */
  readonly difference: string | null
}

interface Recorded<K extends 'evidence' | 'weight-intent' | 'weight-confirm' | 'rollout-end'> {
  readonly event: EventOf<K>
  readonly at: Stamp
}

const eventsOf = <K extends 'evidence' | 'weight-intent' | 'weight-confirm' | 'rollout-end'>(
  records: readonly LedgerRecord[],
  rollout: string,
  kind: K,
): readonly Recorded<K>[] =>
  records.flatMap(record =>
    record.events.flatMap(event =>
      event.kind === kind && 'rollout' in event && event.rollout === rollout ? [{ event: event as EventOf<K>, at: stampOf(record) }] : [],
    ),
  )

/** The rollout that was asked for by its id or the beginning of it; the newest one where none was. Throws a UserError that lists what there is. */
const startOf = (model: string, records: readonly LedgerRecord[], asked: string | null): { event: EventOf<'rollout-start'>; at: Stamp } => {
  const starts = records.flatMap(record =>
    record.events.flatMap(event => (event.kind === 'rollout-start' ? [{ event, at: stampOf(record) }] : [])),
  )
  const found = asked === null ? starts.slice(-1) : starts.filter(({ event }) => event.rollout.startsWith(asked.toLowerCase()))
  const [one, another] = found
  if (one !== undefined && another === undefined) return one
  const known = starts
    .slice(-10)
    .map(({ event }) => `${event.rollout} (v${event.version} in ${event.environment})`)
    .join(', ')
  if (starts.length === 0) throw new UserError(`The ledger of ${model} has no rollout to replay.`)
  throw new UserError(
    `${found.length === 0 ? 'No rollout' : 'More than one rollout'} of ${model} begins with ${JSON.stringify(asked?.slice(0, 60))}; the newest are ${known}.`,
  )
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const lookOf = ({ event, at }: Recorded<'evidence'>, evidence: ReadonlyMap<string, string>): EvidenceBlob => {
  const text = event.evidence === null ? undefined : evidence.get(event.evidence)
  const parsed = text === undefined ? null : evidenceBlob.safeParse(jsonOf(text))
  if (parsed?.success !== true)
    throw new UserError(
      `The look at seq ${at.seq} cannot be replayed: its evidence is ${text === undefined ? 'not kept' : 'not of a form that this release reads'}.`,
    )
  return parsed.data
}

const lookDifference = (recorded: EventOf<'evidence'>, state: unknown, verdict: Verdict): string | null => {
  const was = recorded.judgement.split(':', 1)[0]
  if (was !== verdict) return `${was} was recorded, ${verdict} is recomputed`
  const path = stateDifference(recorded.judge, state)
  return path === null ? null : `the recorded state of the judge differs in ${path}`
}

const percent = (share: number): string => `${Number(share.toFixed(2))} %`

/** A step up needs a look since its weight was confirmed that is recomputed to `promote`. */
const decisionsOf = (records: readonly LedgerRecord[], rollout: string, looks: readonly ReplayedLook[]): readonly ReplayedDecision[] => {
  const confirmed = eventsOf(records, rollout, 'weight-confirm')
  const between = (from: number, until: number) => looks.filter(({ seq }) => seq > from && seq < until)
  const steps = eventsOf(records, rollout, 'weight-intent').flatMap(({ event, at }) => {
    const before = confirmed.findLast(one => one.at.seq < at.seq)
    if (event.step < 1 || event.percent <= (before?.event.percent ?? 0)) return []
    const proven = between(before?.at.seq ?? 0, at.seq).some(look => look.recomputed === 'promote')
    const words = `step up to ${percent(event.percent)}`
    return [{ seq: at.seq, at: at.at, words, difference: proven ? null : `${words}, and no look before it is recomputed to promote` }]
  })
  const ends = eventsOf(records, rollout, 'rollout-end').map(({ event, at }) => {
    const words = `${event.decision}: ${event.reason}`
    const cause = looks.findLast(({ seq, recorded }) => seq < at.seq && recorded === `rollback: ${event.reason}`)
    const difference =
      event.decision === 'rolled-back' && cause !== undefined && cause.recomputed !== 'rollback'
        ? `it was rolled back for the look at seq ${cause.seq}, which is recomputed to ${cause.recomputed}`
        : null
    return { seq: at.seq, at: at.at, words, difference }
  })
  return [...steps, ...ends]
}

/**
 * Judges a rollout anew from what the ledger holds of it and compares every verdict, every state of the judge, and the steps and the end that followed from them. `records` are all of the model, oldest first and
 * verified; `evidence` are the texts beside them by digest. Throws a UserError where there is no such rollout, or where a look was kept in a form that cannot be read.
 */
export const replayOf = (
  model: string,
  records: readonly LedgerRecord[],
  evidence: ReadonlyMap<string, string>,
  asked: string | null,
): ReplayDocument => {
  const start = startOf(model, records, asked)
  const { rollout, environment, version, from, judge: settings } = start.event
  const recorded = eventsOf(records, rollout, 'evidence')
  const blobs = recorded.map(one => lookOf(one, evidence))
  const answers = replay(settings, blobs)
  const looks = blobs.map((blob, index): ReplayedLook => {
    const { state, judgement } = answers[index] as Replayed
    const { event, at } = recorded[index] as Recorded<'evidence'>
    const { weight, signals } = blob
    return {
      seq: at.seq,
      at: at.at,
      weight,
      signals,
      evidence: Object.fromEntries(
        judgement.signals.map(({ name, harm, acceptance, dispersion }) => [name, { harm, acceptance, dispersion }]),
      ),
      recorded: event.judgement,
      recomputed: judgement.verdict,
      reason: judgement.reason,
      difference: lookDifference(event, state, judgement.verdict),
    }
  })
  const decisions = decisionsOf(records, rollout, looks)
  const first = [...looks, ...decisions].filter(({ difference }) => difference !== null).sort((a, b) => a.seq - b.seq)[0]
  return {
    schema: 1,
    model,
    rollout,
    environment,
    version,
    from,
    started: start.at,
    rule: settings.rule ?? 'evidence',
    settings,
    looks,
    decisions,
    difference: first === undefined ? null : `seq ${first.seq}: ${first.difference}`,
  }
}
