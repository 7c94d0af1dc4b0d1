import { z } from 'zod'
import { judgeSettings, judgeState } from '../rollout/judge-state.ts'
import { stepWait } from '../rollout/waits.ts'
import { runRecord, sha256 } from './run.ts'
import { slot, version, versionRecord } from './version-record.ts'

export type { EnvironmentState, HoldoutUse, LedgerState, RolloutState } from './state.ts'
export type { Slot, VersionRecord } from './version-record.ts'

const environment = z.string().regex(/^[a-z0-9-]{1,40}$/)
const text = z.string().max(2000)
const rollout = z.string().regex(/^[0-9a-f]{12}$/)
const percent = z.number().min(0).max(100)
const instant = z.number().min(0).describe('seconds since 1970 by the clock of its runner')
const holder = z.string().min(1).max(100).describe('request of the runner that drives the rollout: its workflow run')

/** What could be decided from the first release on. */
const firstEvents = [
  z.strictObject({
    kind: z.literal('register'),
    version: versionRecord,
    record: runRecord,
    verdict: z.enum(['pass', 'fail', 'inconclusive']),
    decision: z.enum(['promote', 'keep', 'inconclusive']),
    champion: version.nullable(),
    policy: sha256.describe('digest of the rules it was judged by'),
    result: sha256.describe('digest of result.json, an asset of the release'),
    override: z.strictObject({ reason: text, actor: z.string().max(100) }).nullable(),
    decided: z
      .int()
      .min(0)
      .optional()
      .describe(
        'how often its holdout had decided before; absent in records of releases that did not count, and then this one does not count',
      ),
  }),
  z.strictObject({
    kind: z.literal('kept'),
    run: z.string().max(60),
    holdout: sha256.nullable().describe('digest of the rows it was judged on; null for reported metrics only'),
    verdict: z.enum(['pass', 'fail', 'inconclusive']),
    decision: z.enum(['promote', 'keep', 'inconclusive']),
    champion: version.nullable(),
    policy: sha256.describe('digest of the rules it was judged by'),
    reason: text,
  }),
  z.strictObject({ kind: z.literal('seen-again'), version, run: z.string() }),
  z.strictObject({ kind: z.literal('alias'), alias: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/), from: version.nullable(), to: version }),
  z.strictObject({ kind: z.literal('package'), version, image: z.string().max(500) }),
  z.strictObject({
    kind: z.literal('rollout-start'),
    environment,
    rollout,
    version,
    from: version.nullable(),
    canary: slot,
    steps: z.array(percent).max(20),
    judge: judgeSettings,
    waits: z.array(stepWait).max(40).optional(),
    bake: z.number().min(0).optional().describe('seconds at all traffic before it is the champion'),
    holder: holder.optional(),
    at: instant.optional(),
    again: z
      .strictObject({ champion: version, reason: text })
      .optional()
      .describe('the champion that it was judged against once more, where that one became champion after it was registered'),
  }),
  z.strictObject({
    kind: z.literal('weight-intent'),
    environment,
    rollout,
    step: z.int().min(-1),
    percent,
    expecting: percent,
    at: instant.optional(),
  }),
  z.strictObject({ kind: z.literal('weight-confirm'), environment, rollout, step: z.int().min(-1), percent, at: instant.optional() }),
  z.strictObject({
    kind: z.literal('evidence'),
    environment,
    rollout,
    until: z.number(),
    judge: judgeState,
    judgement: text,
    evidence: sha256.nullable(),
    at: instant.optional(),
  }),
  z.strictObject({
    kind: z.literal('rollout-end'),
    environment,
    rollout,
    decision: z.enum(['promoted', 'rolled-back', 'withdrawn']),
    reason: text,
  }),
  z.strictObject({ kind: z.literal('rollback-intent'), environment, from: version, to: version, reason: text }),
  z.strictObject({ kind: z.literal('rollback-confirm'), environment, from: version, to: version, slot, reason: text }),
  z.strictObject({ kind: z.literal('quarantine'), version, reason: text }),
] as const

/** What schema 2 added: which files are kept. */
const keepingEvents = [
  z.strictObject({ kind: z.literal('pin'), version, reason: text.describe('why its files are kept whatever happens') }),
  z.strictObject({ kind: z.literal('unpin'), version, reason: text }),
  z.strictObject({
    kind: z.literal('tombstone'),
    version,
    reason: text.describe('why its files may be deleted, 30 days from now at the earliest'),
  }),
  z.strictObject({ kind: z.literal('collected'), version, tag: z.string().max(200).describe('of the release whose files are deleted') }),
] as const

/** How a rollout is driven from runner to runner, and the way out of a quarantine. */
const drivingEvents = [
  z.strictObject({ kind: z.literal('heartbeat'), environment, rollout, at: instant, judgement: text }),
  z.strictObject({ kind: z.literal('rollout-taken'), environment, rollout, holder, from: holder.nullable(), at: instant }),
  z.strictObject({ kind: z.literal('rollout-left'), environment, rollout, reason: text, at: instant }),
  z.strictObject({ kind: z.literal('approve'), environment, rollout, step: z.int().min(0), reason: text }),
  z.strictObject({ kind: z.literal('release'), version, reason: text.describe('why it may go live again') }),
] as const

/** Everything that can be decided. The ledger of decisions is a sequence of these and of nothing else. */
export const event = z.discriminatedUnion('kind', [...firstEvents, ...keepingEvents, ...drivingEvents])
export type LedgerEvent = z.output<typeof event>
export type EventOf<K extends LedgerEvent['kind']> = Extract<LedgerEvent, { kind: K }>

/** Who wrote a record, as far as the runner says. */
export const writer = z.strictObject({
  at: z.iso.datetime(),
  actor: z.string().max(100).nullable(),
  workflow_run: z.string().max(60).nullable(),
  workflow: z.string().max(300).nullable(),
  commit: z.string().max(64).nullable(),
})
export type Writer = z.output<typeof writer>

const common = {
  model: z.string(),
  seq: z.int().min(1),
  prev: sha256.nullable().describe('digest of the previous record.json; null for the first'),
  request: z.string().max(300).describe('what asked for it: verb + environment + target + request id'),
  writer,
}

/** A release of Refline as it names itself, such as 0.2.0. */
export const release = z.string().regex(/^\d{1,4}\.\d{1,4}\.\d{1,4}$/)

const firstRecord = z.strictObject({
  schema: z.literal(1),
  ...common,
  events: z
    .array(z.discriminatedUnion('kind', [...firstEvents]))
    .min(1)
    .max(50),
})
const secondRecord = z.strictObject({ schema: z.literal(2), release, ...common, events: z.array(event).min(1).max(50) })

/**
 * One commit of the ledger: `record.json`, at most 64 KB of canonical JSON. Schema 1 was written up to release 0.1 and is read for ever; a record of schema 2 says
 * which release wrote it, so that an older one can name the release to use.
 */
export const ledgerRecord = z.discriminatedUnion('schema', [firstRecord, secondRecord])
export type LedgerRecord = (Omit<z.output<typeof firstRecord>, 'events'> & { events: LedgerEvent[] }) | z.output<typeof secondRecord>
