import { createHash } from 'node:crypto'
import type { GitFault } from './git-faults.ts'
import type { GitRequest } from './git-request.ts'

/** A fault that hits a share of the requests of a service and step (of all where they are not given). */
export interface Chance {
  readonly fault: Exclude<GitFault, null>
  /** Between 0 and 1. */
  readonly share: number
  readonly service?: GitRequest['service']
  readonly step?: GitRequest['step']
}

/** How long each request waits before git sees it, in milliseconds: as long, or drawn between two bounds. */
export type Delay = number | { readonly from: number; readonly to: number }

/** Uniform in [0, 1), the same for the same words. */
const drawn = (...words: readonly (string | number)[]): number =>
  createHash('sha256').update(words.join('\0')).digest().readUIntBE(0, 6) / 2 ** 48

const drawnFor = (seed: string, what: string, { service, step, index }: GitRequest): number => drawn(seed, what, service, step, index)

/**
 * Chooses faults by a seed: the n-th request of a service and step always gets the same one, whoever sends it. Chances that concern a request share one
 * draw, so their shares add up and must not exceed 1.
 */
export const faultsByChance =
  (seed: string, chances: readonly Chance[]) =>
  (request: GitRequest): GitFault => {
    let left = drawnFor(seed, 'fault', request)
    for (const { fault, share, service, step } of chances) {
      if ((service !== undefined && service !== request.service) || (step !== undefined && step !== request.step)) continue
      if (left < share) return fault
      left -= share
    }
    return null
  }

/** Chooses the wait of each request by a seed. */
export const delayByChance =
  (seed: string, delay: Delay) =>
  (request: GitRequest): number =>
    typeof delay === 'number' ? delay : delay.from + drawnFor(seed, 'delay', request) * (delay.to - delay.from)
