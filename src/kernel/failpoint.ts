/** The named write boundaries at which the kill tests stop a process. */
export const boundaries = ['run', 'asset', 'publish', 'register', 'alias', 'weight', 'confirm', 'comment'] as const
export type Boundary = (typeof boundaries)[number]

/**
 * Ends this process with SIGKILL where `REFLINE_FAILPOINT=<boundary>:<before|after>` names this place. It is in every build, so that what the tests
 * kill is what users run; without the variable it does nothing.
 */
export const failpoint = (boundary: Boundary, moment: 'before' | 'after'): void => {
  if (process.env.REFLINE_FAILPOINT === `${boundary}:${moment}`) process.kill(process.pid, 'SIGKILL')
}
