import type { Batch } from '../../../src/core/rollout/judge.ts'
import type { Counts } from '../../../src/core/rollout/judge-state.ts'
import { drawBinomial, type Uniform } from '../../../src/core/statistics/random.ts'

/** Shares of bad requests of both arms in a minute (from 1). */
export type Shares = (minute: number) => { readonly stable: number; readonly canary: number }

/** What the arms do. Every request is bad by itself (`burst` 1), or bad ones come in bursts that hit one arm, of a geometric size with that mean. */
export interface Traffic {
  readonly signals: Readonly<Record<string, Shares>>
  readonly burst: number
}

/** One draw of how many of n requests are bad. */
const drawBad = (random: Uniform, n: number, share: number, burst: number): number => {
  if (burst === 1) return drawBinomial(random, n, share)
  const bursts = drawBinomial(random, n, share / burst)
  const going = Math.log1p(-1 / burst)
  let bad = 0
  for (let one = 0; one < bursts; one += 1) bad += 1 + Math.floor(Math.log(random()) / going)
  return Math.min(n, bad)
}

/** One minute of `requests` requests, each of which goes to the canary with probability `weight`. */
export const drawMinute = (random: Uniform, traffic: Traffic, requests: number, minute: number, weight: number): Batch => {
  const canary = drawBinomial(random, requests, weight)
  const stable = requests - canary
  const signals: Record<string, Counts> = {}
  for (const [name, shares] of Object.entries(traffic.signals)) {
    const share = shares(minute)
    signals[name] = {
      canary,
      canaryBad: drawBad(random, canary, share.canary, traffic.burst),
      stable,
      stableBad: drawBad(random, stable, share.stable, traffic.burst),
    }
  }
  return { weight, signals }
}
