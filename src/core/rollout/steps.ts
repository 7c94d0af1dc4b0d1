import type { StepConfiguration } from '../configuration/schema.ts'
import { UserError } from '../errors.ts'
import { secondsOf } from './settings.ts'
import type { StepWait } from './waits.ts'
import { duration, percent } from './words.ts'

/** The shares of traffic of a rollout, in percent, and the waits after some of them. */
export interface StepPlan {
  readonly shares: readonly number[]
  readonly waits: readonly StepWait[]
}

/** Splits `steps` of an environment into shares and waits. Throws a UserError where shares do not rise, or a wait stands before the first of them. */
export const stepPlanOf = (environment: string, steps: readonly StepConfiguration[]): StepPlan => {
  const shares: number[] = []
  const waits: StepWait[] = []
  for (const step of steps) {
    if (typeof step === 'number') {
      if (step <= (shares.at(-1) ?? 0))
        throw new UserError(
          `environments.${environment}.steps is ${steps.filter(of => typeof of === 'number').join(', ')}: each step must be above the one before`,
        )
      shares.push(step)
      continue
    }
    const after = shares.length - 1
    if (after < 0)
      throw new UserError(`environments.${environment}.steps begins with a wait; a pause or an approval comes after a share of traffic`)
    waits.push(
      'pause' in step
        ? { step: after, pause: secondsOf(step.pause) }
        : { step: after, approval: { within: secondsOf(step.approval.within), otherwise: step.approval.otherwise } },
    )
  }
  return { shares, waits }
}

const pauseWords = (seconds: number): string => `pause of ${duration(seconds)}`
const approvalWords = (within: number): string => `approval within ${duration(within)}`

/** Each step and wait of a plan in words, and at which of them each share stands. One under way is told by what it began with: refline.yml may have been changed since. */
export const stepWordsOf = ({ shares, waits }: StepPlan): { readonly words: readonly string[]; readonly shareAt: readonly number[] } => {
  const words: string[] = []
  const shareAt: number[] = []
  for (const [step, share] of shares.entries()) {
    shareAt.push(words.length)
    words.push(percent(share / 100))
    for (const wait of waits.filter(of => of.step === step)) {
      if (wait.pause !== undefined) words.push(pauseWords(wait.pause))
      if (wait.approval !== undefined) words.push(approvalWords(wait.approval.within))
    }
  }
  return { words, shareAt }
}

/** The shares alone, for those who only show them. */
export const sharesOf = (steps: readonly StepConfiguration[]): readonly number[] => steps.filter(step => typeof step === 'number')
