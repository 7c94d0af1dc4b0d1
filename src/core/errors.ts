/** Where in a user's file a problem was found. `line` and `column` count from 1. */
export interface Place {
  readonly file: string
  readonly line?: number
  readonly column?: number
}

/**
 * A problem that the user can mend: bad input, a missing file, a refused decision. It ends an action with exit code 2 and its message is shown
 * without a stack, so the message must say what was found, where, what was expected and what to do. Anything else that is thrown is a bug of ours.
 */
export class UserError extends Error {
  readonly place: Place | undefined

  constructor(message: string, options: { readonly place?: Place; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'UserError'
    this.place = options.place
  }
}
