import { z } from 'zod'
import { modelName, type ReportedValue, reportedValue, sha256 } from './values.ts'

export { modelName, type ReportedValue, reportedValue, sha256 }

/** One file by its path relative to the folder it belongs to (always `/`-separated), its size in bytes and its digest. */
export const digestedFile = z.strictObject({ path: z.string().min(1).max(512), bytes: z.int().min(0), sha256 })
export type DigestedFile = z.output<typeof digestedFile>

/** What a run was made from: enough to tell "same code, other data" from "changed code" and to find it again. */
export const lineage = z.strictObject({
  repository: z.string().max(200).nullable(),
  commit: z.string().max(64).nullable(),
  code: sha256.nullable().describe('digest of the code paths; null outside a checkout'),
  data: z.array(z.strictObject({ path: z.string().max(512), files: z.int().min(0), bytes: z.int().min(0), sha256 })),
  params: z.record(z.string(), z.unknown()).describe('the params file as read, with the action input laid over it'),
  train: sha256.describe('digest of the train section of refline.yml'),
  environment: z.record(z.string(), z.string()).describe('runner, platform and tool versions, as far as known'),
  parent: z.string().nullable().describe('the run it was started from, if any'),
})
export type Lineage = z.output<typeof lineage>

/** What a module of the user's own checks gave: metrics of its own and findings. `problem` is why it gave nothing, which fails the gate. */
export const checksResult = z.strictObject({
  metrics: z.record(z.string().max(80), reportedValue),
  findings: z
    .array(z.strictObject({ check: z.string().max(100), severity: z.enum(['error', 'warn', 'info']), message: z.string().max(500) }))
    .max(40),
  problem: z.string().max(500).nullable(),
})
export type ChecksResult = z.output<typeof checksResult>

/** The record of one execution of training, `run.json` of the run folder. Immutable; its digest is what later steps check. */
export const runRecord = z.strictObject({
  schema: z.literal(1),
  run: z
    .string()
    .regex(/^[a-z0-9-]{1,40}-[0-9a-f]{12}$/)
    .describe('<model>-<first 12 of the run key>'),
  model: modelName,
  created: z.strictObject({
    at: z.iso.datetime(),
    workflow_run: z.string().nullable(),
    job: z.string().nullable(),
    job_index: z.string().nullable(),
    actor: z.string().nullable(),
    event: z.string().nullable(),
    pull_request: z.int().nullable(),
  }),
  lineage,
  input: sha256.describe('digest of code, data, params and train section: an index for reuse, never a key'),
  seconds: z.number().min(0).describe('duration of the training command'),
  reported: z.record(z.string(), reportedValue).describe('metrics the script wrote itself'),
  reported_from: z
    .record(z.string(), z.string().max(512))
    .optional()
    .describe('file that each reported metric was read from, by the name of the metric'),
  model_files: z.array(digestedFile).describe('below files/model/'),
  predictions: digestedFile.nullable().describe('below files/'),
  metrics_file: digestedFile.nullable().describe('below files/'),
  champion: z
    .strictObject({ version: z.int().min(1), predictions: digestedFile })
    .nullable()
    .describe('the champion scored on the same rows by this run (below files/), where its stored predictions did not serve'),
  reproduced: z
    .boolean()
    .nullable()
    .optional()
    .describe('does the saved model, run by `score`, give the predictions again; null or absent where there is no `score`'),
  reproduction: z.string().max(500).optional().describe('the same in words'),
  checks: checksResult.optional().describe("what the user's own checks gave; absent where there are none"),
})
export type RunRecord = z.output<typeof runRecord>
