import { UserError } from '../../core/errors.ts'
import { duration } from '../../core/rollout/words.ts'
import type { Clock } from '../../ports/clock.ts'

const firstPause = 250
const longestPause = 15_000

/** Tells a target the same again and again until it shows it: at once, then with growing pauses, and not for ever. */
export class Insisting {
  readonly #clock: Clock
  readonly #seconds: number
  #since: number | null = null
  #pause = firstPause

  constructor(clock: Clock, seconds: number) {
    this.#clock = clock
    this.#seconds = seconds
  }

  /** Waits before an attempt that is not the first. Throws a UserError that begins with `what` once the deadline has passed. */
  async attempt(what: () => string): Promise<void> {
    const now = this.#clock.now()
    if (this.#since === null) {
      this.#since = now
      return
    }
    if (now - this.#since > this.#seconds * 1000)
      throw new UserError(
        `${what()}, and it was told so for ${duration((now - this.#since) / 1000)}. The ledger still says that it is to be given back: look at the target, then run this job, the watchdog workflow or the rollback action.`,
      )
    await this.#clock.sleep(this.#pause)
    this.#pause = Math.min(this.#pause * 2, longestPause)
  }
}
