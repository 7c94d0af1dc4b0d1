import { z } from 'zod'
import { UserError } from '../../core/errors.ts'
import { edgeOf } from '../../core/rollout/histogram.ts'

const count = z.int().min(0)
const answer = z
  .object({ total: count, bad: count, slower: z.record(z.string(), count).optional(), instance: z.string().min(1).max(200).optional() })
  .refine(({ total, bad }) => bad <= total, { message: 'bad is greater than total' })

/** What one instance says of itself. `slower` are requests slower than each of `edges` (seconds, ascending). */
export interface Answered {
  readonly total: number
  readonly bad: number
  readonly instance: string | null
  readonly edges: readonly number[]
  readonly slower: readonly number[]
}

const expected = '{"total": n, "bad": n}, with "slower": {"0.25": n} and "instance": "name" where there are any'

/** Reads an answer; anything that is none throws a UserError that quotes it. `place` begins the message. */
export const answeredBy = (text: string, place: string): Answered => {
  const shown = JSON.stringify(text.slice(0, 120))
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new UserError(`${place} did not answer with JSON: ${shown}`, { cause })
  }
  const parsed = answer.safeParse(value)
  const refused = (why: string): UserError => new UserError(`${place} answered ${shown}, expected ${expected} (${why})`)
  if (!parsed.success) throw refused(parsed.error.issues[0]?.message ?? 'malformed')
  const { total, bad, instance = null, slower = {} } = parsed.data
  const pairs = Object.entries(slower)
    .map(([text, requests]) => ({ text, edge: edgeOf(text), requests }))
    .sort((a, b) => (a.edge ?? 0) - (b.edge ?? 0))
  for (const [index, { text, edge, requests }] of pairs.entries()) {
    if (edge === null || edge <= 0 || edge === Number.POSITIVE_INFINITY)
      throw refused(`slower has the key ${JSON.stringify(text)}, which is no number of seconds`)
    const before = pairs[index - 1]
    if (requests > (before?.requests ?? total)) throw refused(`more requests slower than ${edge} s than slower than ${before?.edge ?? 0} s`)
    if (before?.edge === edge) throw refused(`slower has ${edge} s twice`)
  }
  return { total, bad, instance, edges: pairs.map(({ edge }) => edge ?? 0), slower: pairs.map(({ requests }) => requests) }
}
