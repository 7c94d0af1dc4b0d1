import { z } from 'zod'

// Apart from the records, since the specs of actions need only these and are read at every start.

/** Lower-case hexadecimal SHA-256, 64 characters. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** A model's name as it may stand in refs, tags and paths. */
export const modelName = z.string().regex(/^[a-z0-9-]{1,40}$/)

/**
 * A metric as a training script reported it. JSON has no NaN or infinity, so those are kept as words: they must never become 0 or vanish.
 */
export const reportedValue = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])])
export type ReportedValue = z.output<typeof reportedValue>
