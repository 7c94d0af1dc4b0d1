import { z } from 'zod'
import { digestedFile } from '../run.ts'
import type { Chronicle, VersionFacts } from './chronicle.ts'
import { metricValue, stamp, versionNumber } from './documents.ts'

const digest = z.string()

/** A version with everything that the ledger says of it. */
export const versionDocument = z.strictObject({
  version: versionNumber,
  run: z.string(),
  registered: stamp,
  verdict: z.enum(['pass', 'fail', 'inconclusive']),
  decision: z.enum(['promote', 'keep', 'inconclusive']),
  judged_against: versionNumber.nullable().describe('the champion of that time'),
  override: z.strictObject({ actor: z.string(), reason: z.string() }).nullable(),
  policy: digest,
  result: digest,
  holdout: digest.nullable(),
  holdout_decided_before: z.int().nullable().describe('null where that was not counted'),
  metrics: z.array(metricValue),
  tag: z.string(),
  digest,
  bytes: z.int(),
  assets: z.array(digestedFile),
  image: z.string().nullable(),
  pull_request: z.int().nullable(),
  trained: z.strictObject({
    at: z.string(),
    seconds: z.number(),
    actor: z.string().nullable(),
    event: z.string().nullable(),
    workflow_run: z.string().nullable(),
    job: z.string().nullable(),
  }),
  lineage: z.strictObject({
    repository: z.string().nullable(),
    commit: z.string().nullable(),
    code: digest.nullable(),
    data: z.array(z.strictObject({ path: z.string(), files: z.int(), bytes: z.int(), sha256: digest })),
    params: z.record(z.string(), z.unknown()),
    train: digest,
    environment: z.record(z.string(), z.string()),
    parent: z.string().nullable(),
  }),
  reproduced: z.boolean().nullable().describe('whether the saved model gave its predictions again; null where that was not tried'),
  aliases: z.array(z.string()),
  champion: z.array(z.strictObject({ since: stamp, until: stamp.nullable() })),
  live: z.array(
    z.strictObject({
      environment: z.string(),
      slot: z.string(),
      by: z.enum(['rollout', 'rollback']),
      since: stamp,
      until: stamp.nullable(),
    }),
  ),
  rollouts: z.array(z.string()),
  quarantine: z.strictObject({ reason: z.string(), since: stamp }).nullable(),
  files: z
    .strictObject({ state: z.enum(['pinned', 'marked', 'deleted']), reason: z.string().nullable(), since: stamp })
    .nullable()
    .describe('null: kept as long as they are needed'),
  seen_again: z.array(z.strictObject({ run: z.string(), at: stamp })),
})
export type VersionDocument = z.output<typeof versionDocument>

/** A version as a document. */
export const versionOf = (chronicle: Chronicle, facts: VersionFacts): VersionDocument => {
  const { version, event } = facts
  const { record } = event
  const { created, lineage } = record
  return {
    version: version.version,
    run: version.run,
    registered: facts.registered,
    verdict: event.verdict,
    decision: event.decision,
    judged_against: event.champion,
    override: event.override,
    policy: event.policy,
    result: event.result,
    holdout: version.holdout,
    holdout_decided_before: event.decided ?? null,
    metrics: [...version.metrics],
    tag: version.tag,
    digest: version.digest,
    bytes: version.bytes,
    assets: [...version.assets],
    image: version.image,
    pull_request: version.pull_request,
    trained: {
      at: created.at,
      seconds: record.seconds,
      actor: created.actor,
      event: created.event,
      workflow_run: created.workflow_run,
      job: created.job,
    },
    lineage: { ...lineage },
    reproduced: record.reproduced ?? null,
    aliases: [...facts.aliases],
    champion: [...facts.champion],
    live: [...facts.live],
    rollouts: chronicle.rollouts.filter(({ start }) => start.version === version.version).map(({ start }) => start.rollout),
    quarantine: facts.quarantine,
    files: facts.files,
    seen_again: [...facts.seenAgain],
  }
}
