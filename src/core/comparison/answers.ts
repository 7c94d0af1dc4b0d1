import { z } from 'zod'

/** The answer of a gate. Never a boolean: "cannot tell" is an answer of its own. */
export const verdict = z.enum(['pass', 'fail', 'inconclusive'])
export type Verdict = z.output<typeof verdict>

/** The answer of a comparison: will it go live? */
export const decision = z.enum(['promote', 'keep', 'inconclusive'])
export type Decision = z.output<typeof decision>
