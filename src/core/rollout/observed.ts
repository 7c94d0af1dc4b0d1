import { z } from 'zod'
import { counts } from './judge-state.ts'

/** Requests of each arm that took longer than `edge` seconds. */
const slowerCounts = z.strictObject({ edge: z.number().gt(0), canary: z.int().min(0), stable: z.int().min(0) })
export type SlowerCounts = z.output<typeof slowerCounts>

const bucketCounts = counts.extend({ slower: z.array(slowerCounts).max(200) })
/** Counts of a histogram: `bad` are those slower than the configured limit, `slower` those slower than each of its edges, in any order. */
export type BucketCounts = z.output<typeof bucketCounts>

const unanswered = z.strictObject({ unanswered: z.string() })
/** The signal was asked and gave no usable answer, in words. Never to be confused with zeros, which say that there was no traffic. */
export type Unanswered = z.output<typeof unanswered>

/** What one signal says of a batch. */
export const observed = z.union([unanswered, bucketCounts, counts])
export type Observed = z.output<typeof observed>

/** Counts of one window that overlaps with no other, all at one weight. `weight` is the canary's share of traffic as read from the target. */
export const batch = z.object({ weight: z.number().min(0).max(1), signals: z.record(z.string(), observed) })
export interface Batch {
  readonly weight: number
  readonly signals: Readonly<Record<string, Observed>>
}

export const answered = <T extends Observed>(of: T): of is Exclude<T, Unanswered> => !('unanswered' in of)

/** The counts by edge, none for a signal without buckets. */
export const slowerOf = (of: Exclude<Observed, Unanswered>): readonly SlowerCounts[] => ('slower' in of ? of.slower : [])
