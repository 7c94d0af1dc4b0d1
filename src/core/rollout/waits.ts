import { z } from 'zod'

const seconds = z.number().min(0)

/** A wait after a step: a pause since its weight was confirmed, or an approval, and what follows where nobody gives it in time. */
export const stepWait = z.strictObject({
  step: z.int().min(0),
  pause: seconds.optional(),
  approval: z.strictObject({ within: seconds, otherwise: z.enum(['withdraw', 'rollback']) }).optional(),
})
export type StepWait = z.output<typeof stepWait>
