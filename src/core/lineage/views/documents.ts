import { z } from 'zod'

// Pieces that the documents of `--json` have in common. Their names are stable; `schema` is 1 until a name changes its meaning.

export const versionNumber = z.int().min(1)

/** When and by whom something was recorded. */
export const stamp = z.strictObject({
  seq: z.int().min(1).describe('seq of the record in the ledger'),
  at: z.string().describe('ISO 8601 in UTC'),
  actor: z.string().nullable(),
  workflow_run: z.string().nullable(),
})

/** A metric with its interval; null where it is undefined or was reported without rows. */
export const metricValue = z.strictObject({
  name: z.string(),
  value: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
})
export type MetricValue = z.output<typeof metricValue>

/** What every document begins with. */
export const head = { schema: z.literal(1), model: z.string() }
