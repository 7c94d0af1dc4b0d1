import { z } from 'zod'
import type { LedgerState } from '../events.ts'
import { membersOf } from '../version-set.ts'
import { head, versionNumber } from './documents.ts'

/** `refline status --json`. */
export const statusDocument = z.strictObject({
  ...head,
  seq: z.int().min(0),
  head: z.string().nullable().describe('digest of the newest record'),
  versions: z.int().min(0),
  champion: versionNumber.nullable(),
  challenger: versionNumber.nullable(),
  aliases: z.record(z.string(), versionNumber),
  environments: z.array(
    z.strictObject({
      environment: z.string(),
      live: z.strictObject({ version: versionNumber, slot: z.string(), image: z.string().nullable() }).nullable(),
      rollout: z
        .strictObject({
          rollout: z.string(),
          version: versionNumber,
          from: versionNumber.nullable(),
          percent: z.number().describe('confirmed share of traffic'),
          setting: z.number().nullable().describe('a share that was about to be set and is not confirmed'),
          steps: z.array(z.number()),
          judgement: z.string(),
          since: z.int().describe('seq of its start'),
        })
        .nullable(),
      rollback: z.strictObject({ from: versionNumber, to: versionNumber, reason: z.string() }).nullable().describe('begun, not confirmed'),
      previous: z.array(versionNumber).describe('live before, newest first'),
    }),
  ),
  quarantined: z
    .array(z.strictObject({ version: versionNumber, reason: z.string().nullable() }))
    .describe('reason null: too long ago for the state; refline show has it'),
  pinned: z.array(versionNumber).describe('versions whose files are kept whatever happens'),
})
export type StatusDocument = z.output<typeof statusDocument>

/** What is live, rolled out, champion and quarantined now. From the newest state alone, so that no history has to be fetched. */
export const statusOf = (state: LedgerState): StatusDocument => ({
  schema: 1,
  model: state.model,
  seq: state.seq,
  head: state.head,
  versions: state.versions,
  champion: state.aliases.champion ?? null,
  challenger: state.aliases.challenger ?? null,
  aliases: { ...state.aliases },
  environments: Object.entries(state.environments)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([environment, { live, rollout, move, history }]) => ({
      environment,
      live: live === null ? null : { ...live, image: state.records[String(live.version)]?.image ?? null },
      rollout:
        rollout === null
          ? null
          : {
              rollout: rollout.rollout,
              version: rollout.version,
              from: rollout.from,
              percent: rollout.percent,
              setting: rollout.intent?.percent ?? null,
              steps: [...rollout.steps],
              judgement: rollout.judgement,
              since: rollout.since,
            },
      rollback: move,
      previous: history.map(({ version }) => version),
    })),
  quarantined: [
    ...Object.entries(state.quarantine).map(([version, reason]) => ({ version: Number(version), reason: reason === '…' ? null : reason })),
    ...membersOf(state.quarantined ?? '').map(version => ({ version, reason: null })),
  ].sort((a, b) => a.version - b.version),
  pinned: Object.keys(state.pins ?? {})
    .map(Number)
    .sort((a, b) => a - b),
})
