import { z } from 'zod'
import { judgeSettings, judgeState } from '../rollout/judge-state.ts'
import { stepWait } from '../rollout/waits.ts'
import { sha256 } from './run.ts'
import { slot, version, versionRecord } from './version-record.ts'
import { versionSet } from './version-set.ts'

const text = z.string().max(2000)
const percent = z.number().min(0).max(100)
const requestPrefix = z.string().regex(/^[0-9a-f]{16}$/)
const day = z.int().min(0)

const deployed = z.strictObject({ version, slot })

/** A rollout under way in an environment. `intent` is a weight that may or may not have been applied. */
const rolloutState = z.strictObject({
  rollout: z.string().regex(/^[0-9a-f]{12}$/),
  version,
  from: version.nullable(),
  canary: slot,
  steps: z.array(percent),
  step: z.int().min(-1),
  percent,
  intent: z.strictObject({ step: z.int().min(-1), percent, expecting: percent, at: z.number().optional() }).nullable(),
  until: z.number().nullable().describe('end of the last judged batch, seconds since 1970'),
  settings: judgeSettings,
  judge: judgeState.nullable(),
  judgement: text,
  since: z.int().min(1).describe('seq of its start'),
  waits: z.array(stepWait).optional(),
  bake: z.number().min(0).optional().describe('seconds at all traffic before it is the champion'),
  holder: z.string().max(100).optional().describe('request of the runner that drives it; absent where none does'),
  begun: z.number().optional().describe('seconds since 1970 at which it was started'),
  reached: z.number().optional().describe('and at which its present weight was confirmed'),
  announced: z
    .array(z.number())
    .max(40)
    .optional()
    .describe('when each of `changes` was announced: between the two either weight may have been there'),
  changes: z.array(z.number()).max(40).optional().describe('and at which each weight was confirmed, oldest first'),
  heard: z.number().optional().describe('and at which its runner wrote last'),
  approved: z.int().min(0).optional().describe('the last step whose approval was given'),
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

/** The fold of all records, `state.json`, at most 32 KB: everything that questions about now are answered from. Its schema is that of the newest record. */
export const ledgerState = z.strictObject({
  schema: z.union([z.literal(1), z.literal(2)]),
  model: z.string(),
  seq: z.int().min(0),
  head: sha256.nullable().describe('digest of the newest record.json'),
  versions: z.int().min(0).describe('how many were registered; the newest has this number'),
  aliases: z.record(z.string(), version),
  environments: z.record(z.string(), environmentState),
  records: z
    .record(z.string(), versionRecord)
    .describe('versions that are live, were live last, are rolled out or carry an alias, by number'),
  quarantine: z.record(z.string(), text).describe('of schema 2 on, the 100 newest; the others are in `quarantined`'),
  requests: z
    .array(z.tuple([requestPrefix, z.int().min(1), z.int()]))
    .max(2000)
    .describe('[64-bit prefix, seq, day since 1970], oldest first'),
  holdouts: z
    .array(holdoutUse)
    .min(1)
    .max(20)
    .optional()
    .describe('the holdouts that decided last, oldest first; absent where none was counted, as in ledgers of earlier releases'),
  ticks: z
    .array(z.tuple([requestPrefix, z.int().min(1)]))
    .min(1)
    .max(64)
    .optional()
    .describe('[prefix, seq] of the last records that only watched a rollout, oldest first: nobody asks for them again'),
  forgotten: z
    .tuple([z.int().min(1), z.int()])
    .optional()
    .describe('[seq, day] of the newest request that is not among `requests` for want of room and may be asked for again'),
  quarantined: versionSet.min(1).optional().describe('versions quarantined before the 100 newest'),
  pins: z.record(z.string(), text).optional().describe('versions whose files are kept whatever happens, with the reason'),
  tombstones: z.record(z.string(), day).optional().describe('versions whose files may be deleted, with the first day on which they may'),
  collected: versionSet.min(1).optional().describe('versions whose files were deleted'),
})
export type LedgerState = z.output<typeof ledgerState>
