import { normalCdf } from '../../../src/core/statistics/distributions.ts'
import { drawBinomial, type Uniform } from '../../../src/core/statistics/random.ts'
import type { Minute, Seen } from './rule.ts'

/** Shares of bad requests of both arms in a minute (from 1). */
export type Shares = (minute: number) => { readonly stable: number; readonly canary: number }

/** A histogram: its edges in seconds, rising; the share of each arm's requests that are slower than each; and the edge above which a request is bad. */
export interface Histogram {
  readonly edges: readonly number[]
  readonly stable: readonly number[]
  readonly canary: readonly number[]
  readonly limit: number
}

/** What the arms do. Every request is bad by itself (`burst` 1), or bad ones come in bursts that hit one arm, of a geometric size with that mean. */
export interface Traffic {
  readonly signals: Readonly<Record<string, Shares | Histogram>>
  readonly burst: number
}

/** Log-normal latencies of which the canary's are longer by `factor`. `median` of stable in seconds, `sigma` of the logarithm. */
export const logNormal = (median: number, sigma: number, factor: number, edges: readonly number[], limit: number): Histogram => {
  const slower = (middle: number) => edges.map(edge => 1 - normalCdf(Math.log(edge / middle) / sigma))
  return { edges, stable: slower(median), canary: slower(median * factor), limit }
}

/** How many of n requests are bad. */
const drawBad = (random: Uniform, n: number, share: number, burst: number): number => {
  if (burst === 1) return drawBinomial(random, n, share)
  const bursts = drawBinomial(random, n, share / burst)
  const going = Math.log1p(-1 / burst)
  let bad = 0
  for (let one = 0; one < bursts; one += 1) bad += 1 + Math.floor(Math.log(random()) / going)
  return Math.min(n, bad)
}

/** How many of n requests are slower than each edge, whose shares fall. */
const drawSlower = (random: Uniform, n: number, shares: readonly number[]): readonly number[] => {
  let left = n
  let before = 1
  return shares.map(share => {
    left = drawBinomial(random, left, before > 0 ? share / before : 0)
    before = share
    return left
  })
}

const drawHistogram = (random: Uniform, histogram: Histogram, canary: number, stable: number): Seen => {
  const ours = drawSlower(random, canary, histogram.canary)
  const theirs = drawSlower(random, stable, histogram.stable)
  const limit = histogram.edges.indexOf(histogram.limit)
  return {
    canary,
    canaryBad: ours[limit] as number,
    stable,
    stableBad: theirs[limit] as number,
    slower: histogram.edges.map((edge, at) => ({ edge, canary: ours[at] as number, stable: theirs[at] as number })),
  }
}

/** One minute of `requests` requests, each of which goes to the canary with probability `weight`. */
export const drawMinute = (random: Uniform, traffic: Traffic, requests: number, minute: number, weight: number): Minute => {
  const canary = drawBinomial(random, requests, weight)
  const stable = requests - canary
  const signals: Record<string, Seen> = {}
  for (const [name, source] of Object.entries(traffic.signals)) {
    if (typeof source !== 'function') {
      signals[name] = drawHistogram(random, source, canary, stable)
      continue
    }
    const share = source(minute)
    signals[name] = {
      canary,
      canaryBad: drawBad(random, canary, share.canary, traffic.burst),
      stable,
      stableBad: drawBad(random, stable, share.stable, traffic.burst),
    }
  }
  return { weight, signals }
}
