import { writeSync } from 'node:fs'

/**
 * The steps between which a process may be killed, each named by its stage and by what is read or written there. The crash matrix kills at all of them; a step
 * that is not in this list cannot be killed at, so a new read or write of the world gets its name here.
 */
export const boundaries = [
  'train-inputs',
  'train-command',
  'train-files',
  'train-run',
  'train-artifact',
  'train-log',
  'judge-head',
  'judge-champion',
  'judge-result',
  'report-summary',
  'report-comment',
  'register-pack',
  'register-draft',
  'register-asset',
  'register-assets-proven',
  'register-publish',
  'register-record',
  'register-notes',
  'register-alias',
  'register-kept',
  'register-state',
  'image-files',
  'image-build',
  'image-push',
  'image-record',
  'canary-head',
  'canary-start',
  'canary-take',
  'canary-intent',
  'canary-evidence',
  'canary-confirm',
  'canary-heartbeat',
  'canary-leave',
  'canary-end',
  'rollback-head',
  'rollback-intent',
  'rollback-confirm',
  'traffic-deploy',
  'traffic-weight',
  'traffic-read',
  'announce-deployment',
  'announce-status',
  'announce-retired',
  'announce-summary',
  'announce-incident',
  'announce-comment',
  'outputs',
  'git-fetch',
  'git-push',
] as const
export type Boundary = (typeof boundaries)[number]

/** Before the step has any effect, or once its effect is there. */
export type Moment = 'before' | 'after'

/** Called on each side of a step. */
export type Failpoint = (boundary: Boundary, moment: Moment) => void

let reached = 0

/**
 * Ends this process with SIGKILL where `REFLINE_FAILPOINT=<boundary>:<before|after>` names this place, or, with a third part `:<n>`, the n-th time that it is
 * reached; its last words on standard error name the place. It is in every build, so that what the tests kill is what users run; without the variable it does nothing.
 */
export const failpoint: Failpoint = (boundary, moment) => {
  const wanted = process.env.REFLINE_FAILPOINT
  if (wanted === undefined) return
  const [step, side, time = '1'] = wanted.split(':')
  if (step !== boundary || side !== moment) return
  reached += 1
  if (String(reached) !== time) return
  writeSync(2, `killed at ${boundary}:${moment}:${reached}\n`)
  process.kill(process.pid, 'SIGKILL')
}

/** Does one step with its boundary on both sides; a step that fails has no `after`. */
export const within = async <T>(at: Failpoint, boundary: Boundary, work: () => T | Promise<T>): Promise<T> => {
  at(boundary, 'before')
  const result = await work()
  at(boundary, 'after')
  return result
}
