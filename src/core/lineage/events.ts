import { z } from 'zod'
import { judgeSettings, judgeState } from '../rollout/judge-state.ts'
import { digestedFile, runRecord, sha256 } from './run.ts'

const version = z.int().min(1)
const environment = z.string().regex(/^[a-z0-9-]{1,40}$/)
const text = z.string().max(2000)
const rollout = z.string().regex(/^[0-9a-f]{12}$/)
const percent = z.number().min(0).max(100)

/** The two places of an environment that take the roles of stable and canary in turn. */
export const slot = z.enum(['blue', 'green'])
export type Slot = z.output<typeof slot>

/** One metric as it was judged; undefined values are null with their reason in the stored result. */
const judgedMetric = z.strictObject({
  name: z.string().max(200),
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
})

/** What a version is, as far as anything later is decided from it. */
export const versionRecord = z.strictObject({
  version,
  run: z.string(),
  digest: sha256.describe('of manifest.json, which lists the model files'),
  tag: z.string().describe('of the release, `refline/<model>/<digest12>` with a suffix where that was taken'),
  assets: z.array(digestedFile).max(200).describe('every asset of the release by its name'),
  bytes: z.int().min(0).describe('of the model files'),
  input: sha256,
  code: sha256.nullable(),
  commit: z.string().nullable(),
  pull_request: z.int().nullable(),
  holdout: sha256.nullable(),
  metrics: z.array(judgedMetric).max(60),
  image: z.string().nullable().describe('name@digest once packaged'),
})
export type VersionRecord = z.output<typeof versionRecord>

/** Everything that can be decided. The ledger of decisions is a sequence of these and of nothing else. */
export const event = z.discriminatedUnion('kind', [
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
  }),
  z.strictObject({ kind: z.literal('weight-intent'), environment, rollout, step: z.int().min(-1), percent, expecting: percent }),
  z.strictObject({ kind: z.literal('weight-confirm'), environment, rollout, step: z.int().min(-1), percent }),
  z.strictObject({
    kind: z.literal('evidence'),
    environment,
    rollout,
    until: z.number(),
    judge: judgeState,
    judgement: text,
    evidence: sha256.nullable(),
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
])
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

/** One commit of the ledger: `record.json`, at most 64 KB of canonical JSON. */
export const ledgerRecord = z.strictObject({
  schema: z.literal(1),
  model: z.string(),
  seq: z.int().min(1),
  prev: sha256.nullable().describe('digest of the previous record.json; null for the first'),
  request: z.string().max(300).describe('what asked for it: verb + environment + target + request id'),
  writer,
  events: z.array(event).min(1).max(50),
})
export type LedgerRecord = z.output<typeof ledgerRecord>

const deployed = z.strictObject({ version, slot })

/** A rollout under way in an environment. `intent` is a weight that may or may not have been applied. */
const rolloutState = z.strictObject({
  rollout,
  version,
  from: version.nullable(),
  canary: slot,
  steps: z.array(percent),
  step: z.int().min(-1),
  percent,
  intent: z.strictObject({ step: z.int().min(-1), percent, expecting: percent }).nullable(),
  until: z.number().nullable().describe('end of the last judged batch, seconds since 1970'),
  settings: judgeSettings,
  judge: judgeState.nullable(),
  judgement: text,
  since: z.int().min(1).describe('seq of its start'),
})
export type RolloutState = z.output<typeof rolloutState>

const environmentState = z.strictObject({
  live: deployed.nullable(),
  history: z
    .array(z.strictObject({ version, slot: slot.nullable().describe('null: its slot was given to another version since') }))
    .max(10)
    .describe('what was live before, newest first, without the one that is live now'),
  rollout: rolloutState.nullable(),
  move: z.strictObject({ from: version, to: version, reason: text }).nullable().describe('a rollback begun and not confirmed'),
})
export type EnvironmentState = z.output<typeof environmentState>

/** How often a holdout has decided: whether a run became a version, or did not. */
const holdoutUse = z.strictObject({
  digest: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .describe('first 16 characters of its digest'),
  decided: z.int().min(1),
  seq: z.int().min(1).describe('of the last time'),
})
export type HoldoutUse = z.output<typeof holdoutUse>

/** The fold of all records, `state.json`, at most 32 KB: everything that questions about now are answered from. */
export const ledgerState = z.strictObject({
  schema: z.literal(1),
  model: z.string(),
  seq: z.int().min(0),
  head: sha256.nullable().describe('digest of the newest record.json'),
  versions: z.int().min(0).describe('how many were registered; the newest has this number'),
  aliases: z.record(z.string(), version),
  environments: z.record(z.string(), environmentState),
  records: z
    .record(z.string(), versionRecord)
    .describe('versions that are live, were live last, are rolled out or carry an alias, by number'),
  quarantine: z.record(z.string(), text),
  requests: z
    .array(z.tuple([z.string().regex(/^[0-9a-f]{16}$/), z.int().min(1), z.int()]))
    .max(2000)
    .describe('[64-bit prefix, seq, day since 1970], oldest first'),
  holdouts: z
    .array(holdoutUse)
    .min(1)
    .max(20)
    .optional()
    .describe('the holdouts that decided last, oldest first; absent where none was counted, as in ledgers of earlier releases'),
})
export type LedgerState = z.output<typeof ledgerState>
