import { z } from 'zod'
import { digestedFile, sha256 } from './run.ts'

/** Number of a version of a model: 1, 2, 3, in the order of registration. */
export const version = z.int().min(1)

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
  tagged: z
    .string()
    .regex(/^[0-9a-f]{40,64}$/)
    .optional()
    .describe('commit of the ledger that the tag sits on, where it does: a moved tag is found by it'),
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
