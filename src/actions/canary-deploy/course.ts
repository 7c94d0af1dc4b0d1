import type { Judgement } from '../../core/rollout/judge.ts'
import type { Wish } from '../../core/rollout/machine.ts'
import { duration } from '../../core/rollout/words.ts'
import { type Return, returnBy, text } from './ending.ts'

/** What refline.yml says of rollouts that stay undecided or unseen. */
export type Policy = 'withdraw' | 'rollback' | 'hold'

/** What this runner wants of a rollout at this moment, and why. Once traffic is to be given back nothing changes that any more. */
export class Course {
  #wish: Wish = 'observe'
  #ending: Return | null = null
  #left: string | null = null
  #silentSince: number | null = null
  /** What is waited for, in words. */
  held = 'nothing was judged yet'

  get wish(): Wish {
    return this.#wish
  }

  /** The end that is wanted, where one is. */
  get ending(): Return | null {
    return this.#ending
  }

  /** Why the rollout is to be left at its weight, where it is. */
  get left(): string | null {
    return this.#ending === null ? this.#left : null
  }

  get decided(): boolean {
    return this.#ending !== null || this.#left !== null
  }

  advance(): void {
    if (this.#ending === null) this.#wish = 'advance'
  }

  /** The step was taken, or it must wait. */
  stay(): void {
    if (this.#wish === 'advance') this.#wish = 'observe'
  }

  giveBack(end: Return): void {
    this.#ending ??= end
    this.#wish = 'restore'
  }

  rollBack(judgement: Judgement): void {
    this.giveBack({ decision: 'rolled-back', reason: text(judgement.reason), quarantined: judgement.quarantine })
  }

  follow(policy: Policy, why: string): void {
    if (policy === 'hold') this.#left ??= why
    else this.giveBack(returnBy(policy, why))
  }

  /** Something answered again. */
  heard(): void {
    this.#silentSince = null
  }

  /** Something did not answer at `now` (milliseconds since 1970): after `patience` seconds of that the policy decides. Returns the seconds so far. */
  silent(why: string, now: number, patience: number, policy: Policy): number {
    // A clock that was set back since must not make it wait for that long.
    this.#silentSince = Math.min(this.#silentSince ?? now, now)
    this.held = why
    const seconds = (now - this.#silentSince) / 1000
    if (seconds > patience) this.follow(policy, `no answer for ${duration(seconds)}: ${why}`)
    return seconds
  }
}
